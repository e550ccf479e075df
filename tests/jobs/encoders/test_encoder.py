"""The shipped encoder: golden vectors, missing inputs, independence of the batch, and the reference sample."""

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from catalog_jobs.encoders.golden import GOLDEN, golden_encodings, golden_garments
from catalog_jobs.encoders.training import train_module
from closetspace.adapters.encoder.files import MANIFEST, encoder_directory, read_descriptor
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.adapters.encoder.reference import REFERENCE, read_reference, reference_content
from closetspace.adapters.images.resizing import square
from closetspace.domain.encoder.attributes import row_length
from closetspace.domain.encoder.descriptor import Framing
from closetspace.domain.encoder.encoding import Encoder, Encoding, Garment, Picture
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.encoder.preprocessing import garment_line
from closetspace.domain.encoder.priors import ReferenceSample
from closetspace.domain.encoder.vectors import unit
from closetspace.errors import FailedPrecondition, Incompatible
from closetspace.settings import Settings
from tests.support.fakes import HashEncoder

GOLDEN_COSINE = 0.999
"""int8 kernels round differently from CPU to CPU: .9996 measured between SSE 4 and AVX2."""

KERNELS_COSINE = 0.995
"""Cosine of image features: at least .9989 measured on people's photos, with AVX2."""


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return OnnxEncoder(encoder_directory(Settings().encoder))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(encoder_directory(Settings().encoder), tmp_path / "encoder"))


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A folder with an encoder's manifest and without its networks."""
    shutil.copy(encoder_directory(Settings().encoder) / MANIFEST, tmp_path)
    return tmp_path


def pictures(n: int) -> list[Picture]:
    random = np.random.default_rng(7)
    return [random.integers(0, 256, (16, 12, 3), np.uint8).repeat(20, axis=0).repeat(20, axis=1) for _ in range(n)]


def same(one: Encoding, other: Encoding) -> bool:
    return one.category == other.category and bool(np.abs(one.vector - other.vector).max() <= 1e-4)


def test_golden_garments_keep_their_vectors_and_attributes(encoder: Encoder) -> None:
    golden = json.loads((encoder_directory(Settings().encoder) / GOLDEN).read_text(encoding="utf-8"))
    now = golden_encodings(encoder)
    assert now.keys() == golden.keys()
    for case, expected in golden.items():
        assert np.dot(now[case]["vector"], expected["vector"]) >= GOLDEN_COSINE, case
        assert now[case]["category"] == expected["category"], case
        assert now[case]["attributes"].keys() == expected["attributes"].keys(), case
        for head, shares in expected["attributes"].items():
            for label, share in shares.items():
                assert now[case]["attributes"][head].get(label, 0.0) == pytest.approx(share, abs=0.03), (case, label)


def test_image_features_do_not_depend_on_integer_kernels() -> None:
    # Without optimisation, the quantised network runs in float32, as integer kernels would if they never saturated.
    folder = encoder_directory(Settings().encoder)
    exact = onnxruntime.SessionOptions()
    exact.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    squares = np.stack(
        [square(g.picture, 224, Framing.WHOLE) for g in golden_garments().values() if g.picture is not None]
    )
    squares = np.concatenate([squares, [square(picture, 224, Framing.WHOLE) for picture in pictures(6)]])
    integer, float32 = (
        onnxruntime.InferenceSession(folder / "image.onnx", options).run(None, {"pixels": squares})[0]
        for options in (onnxruntime.SessionOptions(), exact)
    )
    cosines = (integer * float32).sum(1) / np.linalg.norm(integer, axis=1) / np.linalg.norm(float32, axis=1)
    assert cosines.min() >= KERNELS_COSINE


def test_golden_garment_is_a_red_top(encoder: Encoder) -> None:
    encoding = encoder.encode([golden_garments()["photo and text"]])[0]
    assert encoding.category == "Topwear"
    assert encoding.attributes["category"]["Topwear"] > 0.5  # the name says so, the drawn square does not
    assert encoding.colours[0] == "red"


def test_gender_and_usage_are_recognised_by_name(encoder: Encoder) -> None:
    kurta, shoes = encoder.encode([Garment(None, "Women Printed Ethnic Kurta"), Garment(None, "Men Sports Shoes")])
    assert next(iter(kurta.attributes["gender"])) == "Women"
    assert next(iter(shoes.attributes["gender"])) == "Men"
    assert next(iter(kurta.attributes["usage"])) == "Ethnic"
    assert next(iter(shoes.attributes["usage"])) == "Sports"


@pytest.mark.parametrize("case", ["photo and text", "photo", "text"])
def test_attributes_are_sorted_shares_of_known_labels(encoder: Encoder, case: str) -> None:
    encoding = encoder.encode([golden_garments()[case]])[0]
    assert encoding.attributes.keys() == encoder.descriptor.heads.keys()
    for head, shares in encoding.attributes.items():
        assert set(shares) <= set(encoder.descriptor.heads[head])
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
        assert 0 < sum(shares.values()) <= 1.001


def test_empty_garment_has_no_attributes(encoder: Encoder) -> None:
    encoding = encoder.encode([Garment(None)])[0]
    assert encoding.attributes == {}
    assert encoding.colours == ()


@pytest.mark.parametrize("case", ["photo and text", "photo", "text", "nothing"])
def test_vectors_have_unit_length_for_any_input(encoder: Encoder, case: str) -> None:
    encoding = encoder.encode([golden_garments()[case]])[0]
    assert encoding.vector.shape == (encoder.descriptor.dim,)
    assert encoding.vector.dtype == np.float32
    assert np.linalg.norm(encoding.vector) == pytest.approx(1, abs=1e-5)
    assert encoding.category in encoder.descriptor.categories


@pytest.mark.parametrize(
    ("name", "category"),
    [("Woodland Leather Shoes", "Shoes"), ("Blue Denim Jeans", "Bottomwear"), ("Polarised Sunglasses", "Eyewear")],
)
def test_category_is_recognised_by_name(encoder: Encoder, name: str, category: str) -> None:
    assert encoder.encode([Garment(None, name)])[0].category == category


def test_similar_names_are_nearer_than_different_ones(encoder: Encoder) -> None:
    names = ["Running shoes", "Sports shoes", "Silk tie"]
    shoes, trainers, tie = (e.vector for e in encoder.encode([Garment(None, name) for name in names]))
    assert shoes @ trainers > shoes @ tie + 0.2


def test_result_does_not_depend_on_the_batch(encoder: Encoder) -> None:
    names = ["Shirt", "A much longer name of a much more expensive pair of shoes", "", "Tie"]
    garments = [Garment(p, names[i % 4], "Nike") for i, p in enumerate(pictures(18))]
    garments[3] = garments[17] = Garment(None, "Scarf")
    garments[5] = Garment(None)
    together = encoder.encode(garments)
    assert all(same(one, encoder.encode([garment])[0]) for one, garment in zip(together, garments, strict=True))
    assert all(same(a, b) for a, b in zip(together, encoder.encode(garments[::-1])[::-1], strict=True))


def test_vector_of_the_photo_alone_is_returned_with_every_photo(encoder: Encoder) -> None:
    photos = pictures(4)
    garments = [
        Garment(photos[0], "Red Shirt", "Nike"),
        Garment(None, "Scarf"),
        Garment(photos[1], "", "Nike"),
        Garment(photos[2]),
        Garment(None),
        Garment(photos[3], "\x00 "),
    ]
    encodings = encoder.encode(garments)
    for garment, encoding in zip(garments, encodings, strict=True):
        if garment.picture is None:
            assert encoding.photo_vector is None
        else:
            assert encoding.photo_vector is not None
            alone = encoder.encode([Garment(garment.picture)])[0].vector
            assert np.abs(encoding.photo_vector - alone).max() <= 1e-5
    own = [e.photo_vector is not None and bool(np.abs(e.photo_vector - e.vector).max() > 1e-2) for e in encodings]
    assert own == [True, False, True, False, False, False]


def test_batch_uses_the_whole_vector_if_the_encoder_has_none_of_the_photo() -> None:
    whole, photo = np.eye(2, dtype=np.float32)
    with_photo, without_photo = Encoding(whole, "Topwear", {}, photo), Encoding(whole, "Topwear", {})
    encodings = EncodingBatch.from_encodings([with_photo, without_photo], HashEncoder(2).descriptor)
    assert encodings.photo_vectors.tolist() == [[0, 127], [127, 0]]
    assert (encodings.vectors == [whole, whole]).all()


def test_empty_batch_returns_empty_list(encoder: Encoder) -> None:
    assert encoder.encode([]) == []


def test_encoder_is_thread_safe_from_the_start() -> None:
    fresh = OnnxEncoder(encoder_directory(Settings().encoder))
    garments = [Garment(p, f"Shirt {i}") for i, p in enumerate(pictures(8))]
    with ThreadPoolExecutor(4) as threads:
        parallel = list(threads.map(lambda g: fresh.encode([g])[0], garments))
    assert all(same(a, b) for a, b in zip(parallel, fresh.encode(garments), strict=True))


def test_control_characters_and_excess_text_of_names_are_ignored(encoder: Encoder) -> None:
    plain, odd = encoder.encode([Garment(None, "Red Shirt"), Garment(None, "\x00Red\n\tShirt\ud800\x7f")])
    assert same(plain, odd)
    huge, cut = encoder.encode([Garment(None, "red shirt " * 100_000), Garment(None, "red shirt " * 100)])
    assert same(huge, cut)


def test_brand_occurs_once_in_the_text() -> None:
    def line(name: str, brand: str) -> str:
        return garment_line(Garment(None, name, brand), ("brand", "name"))

    assert line("Nike Air Max", "NIKE") == "Nike Air Max"
    assert line("Air Max", "Nike") == "Nike Air Max"
    assert line("", "Nike") == "Nike"
    assert line("\x00", " ") == ""
    assert garment_line(Garment(None, "Nike Air Max", "Nike"), ("name",)) == "Nike Air Max"


def test_changed_file_is_rejected(copy: Path) -> None:
    network = copy / "image.onnx"
    network.write_bytes(network.read_bytes()[:-1] + b"!")
    with pytest.raises(Incompatible, match=r"image\.onnx"):
        OnnxEncoder(copy).encode([Garment(pictures(1)[0])])


def test_missing_file_is_rejected(copy: Path) -> None:
    (copy / "fusion.onnx").unlink()
    with pytest.raises(Incompatible, match=r"fusion\.onnx"):
        OnnxEncoder(copy).encode([Garment(None)])


def change_manifest(folder: Path, **keys: object) -> None:
    """Replace keys of an encoder's manifest."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    (folder / MANIFEST).write_text(json.dumps(manifest | keys), encoding="utf-8")


def put_sample(folder: Path, content: bytes) -> None:
    """Write a sample to an encoder's folder, with its checksum in the manifest."""
    (folder / REFERENCE).write_bytes(content)
    change_manifest(folder, reference=hashlib.sha256(content).hexdigest())


def arrays(folder: Path, n: int = 5) -> dict[str, Any]:
    """Return the arrays of a valid sample of ``n`` products, as the file contains them."""
    descriptor, random = read_descriptor(folder), np.random.default_rng(3)
    return {
        "categories": random.integers(0, len(descriptor.categories), n).astype(np.uint8),
        "vectors": unit(random.standard_normal((n, descriptor.dim)).astype(np.float32)).astype(np.float16),
        "attributes": random.integers(0, 256, (n, row_length(descriptor.heads))).astype(np.uint8),
    }


def zipped(**named: Any) -> bytes:
    file = BytesIO()
    np.savez_compressed(file, **named)
    return file.getvalue()


def test_sample_is_read_as_written(described: Path) -> None:
    held = arrays(described)
    written = ReferenceSample(held["categories"].astype(np.int64), unit(held["vectors"]), held["attributes"])
    put_sample(described, reference_content(written))
    read = read_reference(described, read_descriptor(described))
    assert read is not None
    assert [array.dtype.name for array in (read.categories, read.vectors, read.attributes)] == [
        *("int64", "float32", "uint8")
    ]
    assert (read.categories == written.categories).all()
    assert (read.attributes == written.attributes).all()
    assert np.abs(read.vectors - written.vectors).max() <= 1e-3
    assert np.linalg.norm(read.vectors, axis=1) == pytest.approx(1, abs=1e-6)


def test_equal_samples_give_equal_bytes(described: Path) -> None:
    held = arrays(described)
    sample = ReferenceSample(
        held["categories"].astype(np.int64), held["vectors"].astype(np.float32), held["attributes"]
    )
    content = reference_content(sample)
    assert content == reference_content(sample)
    with zipfile.ZipFile(BytesIO(content)) as file:
        assert {member.date_time for member in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_sample_and_blocks_are_optional(described: Path) -> None:
    manifest = json.loads((described / MANIFEST).read_text())
    older = {key: value for key, value in manifest.items() if key not in ("reference", "blocks")}
    (described / MANIFEST).write_text(json.dumps(older))
    descriptor = read_descriptor(described)
    assert (descriptor.reference, descriptor.blocks, descriptor.id) == ("", {}, manifest["id"])
    assert read_reference(described, descriptor) is None


def test_missing_or_changed_sample_is_rejected(described: Path) -> None:
    descriptor = read_descriptor(described)
    (described / REFERENCE).write_bytes(zipped(**arrays(described)))
    with pytest.raises(Incompatible, match=r"reference\.npz does not have the checksum"):
        read_reference(described, descriptor)
    (described / REFERENCE).unlink()
    with pytest.raises(Incompatible, match=r"reference\.npz cannot be read"):
        read_reference(described, descriptor)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"\x93NUMPY",
        pickle.dumps({"vectors": 1}),
        zipped(vectors=np.zeros(3)),
        zipped(**dict.fromkeys(("categories", "vectors", "attributes"), np.array([{}]))),
    ],
    ids=["empty", "cut off", "no array", "pickled", "other arrays", "objects"],
)
def test_invalid_sample_is_rejected_and_never_unpickled(described: Path, content: bytes) -> None:
    put_sample(described, content)
    with pytest.raises(Incompatible, match="is not a readable sample"):
        read_reference(described, read_descriptor(described))


def test_truncated_sample_or_single_array_is_rejected(described: Path) -> None:
    whole = zipped(**arrays(described))
    single = BytesIO()
    np.save(single, arrays(described)["vectors"])
    scrambled = whole[:60] + bytes(byte ^ 255 for byte in whole[60:120]) + whole[120:]
    for content in (whole[:-30], whole[: len(whole) // 2], scrambled, single.getvalue()):
        put_sample(described, content)
        with pytest.raises(Incompatible, match="is not a readable sample"):
            read_reference(described, read_descriptor(described))


@pytest.mark.parametrize(
    ("array", "change"),
    [
        ("categories", lambda a: a.astype(np.float16)),
        ("categories", lambda a: a.astype(np.int16) - 100),
        ("categories", lambda a: a + 100),
        ("categories", lambda a: a[:-1]),
        ("categories", lambda a: a[:, None]),
        ("categories", lambda a: a[0]),
        ("vectors", lambda a: a.astype(np.float32)),
        ("vectors", lambda a: a[:, :-1]),
        ("vectors", lambda a: a[:-1]),
        ("vectors", lambda a: a * np.float16(2)),
        ("vectors", lambda a: a * np.float16(0)),
        ("vectors", lambda a: np.where(a == a[0, 0], np.float16(np.nan), a)),
        ("vectors", lambda a: np.where(a == a[0, 0], np.float16(np.inf), a)),
        ("attributes", lambda a: a.astype(np.uint16)),
        ("attributes", lambda a: a[:, 1:]),
        ("attributes", lambda a: a[1:]),
    ],
)
def test_sample_of_another_encoder_is_rejected(described: Path, array: str, change: Any) -> None:
    held = arrays(described)
    put_sample(described, zipped(**held | {array: change(held[array])}))
    with pytest.raises(Incompatible, match="not a sample by"):
        read_reference(described, read_descriptor(described))


def test_empty_sample_is_rejected(described: Path) -> None:
    put_sample(described, zipped(**arrays(described, n=0)))
    with pytest.raises(Incompatible, match="not a sample by"):
        read_reference(described, read_descriptor(described))


@pytest.mark.parametrize("reference", [None, 7, ["a"], {}, True])
def test_reference_without_a_checksum_is_rejected(described: Path, reference: object) -> None:
    change_manifest(described, reference=reference)
    with pytest.raises(Incompatible, match="invalid checksum"):
        read_descriptor(described)


@pytest.mark.parametrize(
    "blocks",
    [
        *({}, {"a": 255}, {"a": 256, "b": 0}, {"a": 257, "b": -1}, {"a": 256.0}, {"a": "256"}, {"a": 255, "b": True}),
        *(None, 256, [], [256], "256"),
    ],
    ids=repr,
)
def test_blocks_that_do_not_add_up_to_the_dimensions_are_rejected(described: Path, blocks: object) -> None:
    change_manifest(described, blocks=blocks)
    with pytest.raises(Incompatible):
        read_descriptor(described)


def test_vector_is_the_concatenation_of_its_blocks(encoder: Encoder) -> None:
    ends = np.cumsum(list(encoder.descriptor.blocks.values()))
    assert list(encoder.descriptor.blocks) == ["article", "colour", "gender", "usage", "pattern", "look"]
    parts = np.split(encoder.encode([golden_garments()["photo and text"]])[0].vector, ends[:-1])
    assert [float(part @ part) for part in parts] == pytest.approx([0.40, 0.22, 0.13, 0.10, 0.05, 0.10], abs=1e-4)


def test_shipped_sample_is_complete_and_small(encoder: Encoder) -> None:
    folder = encoder_directory(Settings().encoder)
    reference = read_reference(folder, encoder.descriptor)
    assert reference is not None
    assert len(reference.categories) == 1024
    assert (folder / REFERENCE).stat().st_size < 700_000
    assert (reference.attributes.sum(axis=1, dtype=np.int64) > 255).all()  # every product has labels


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"format": 99}', '{"format": 2, "heads": []}'])
def test_folder_without_a_compatible_manifest_is_rejected(copy: Path, manifest: str) -> None:
    (copy / "manifest.json").write_text(manifest)
    with pytest.raises(Incompatible):
        OnnxEncoder(copy)


def test_descriptor_imports_no_runtime_and_a_photo_no_tokenizer() -> None:
    program = """
import sys, numpy
from closetspace.adapters.encoder.files import encoder_directory
from closetspace.adapters.encoder.onnx import OnnxEncoder
from closetspace.domain.encoder.encoding import Garment
from closetspace.settings import Settings
encoder = OnnxEncoder(encoder_directory(Settings().encoder))
assert encoder.descriptor.dim <= 256
assert not {"onnxruntime", "tokenizers", "torch"} & set(sys.modules)
encoder.encode([Garment(numpy.zeros((64, 64, 3), numpy.uint8))])
assert "tokenizers" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": ":".join(sys.path)})


def test_missing_training_package_says_what_to_install() -> None:
    with pytest.raises(FailedPrecondition, match=r"pip install -e '.\[train\]'"):
        train_module("a_network_that_is_not_installed")


def test_shipped_files_are_small_and_contain_no_local_paths() -> None:
    files = [path for path in encoder_directory(Settings().encoder).iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 40e6
    for path in files:
        content = path.read_bytes()
        assert not [local for local in (b"/home/", b"/tmp/", b"site-packages") if local in content]


@pytest.mark.parametrize(("framing", "white"), [(Framing.CENTRE, 1.0), (Framing.WHOLE, 1 / 3)])
def test_framing_is_the_middle_square_or_the_whole_picture(framing: Framing, white: float) -> None:
    picture: Picture = np.zeros((100, 300, 3), np.uint8)
    picture[:, 100:200] = 255
    assert square(picture, 224, framing).mean() / 255 == pytest.approx(white, abs=0.01)
    assert square(np.zeros((1, 512, 3), np.uint8), 224, framing).shape == (224, 224, 3)
