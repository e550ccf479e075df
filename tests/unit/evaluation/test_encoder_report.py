"""Measurement and reports of encoders, with an encoder whose vectors are hashes."""

import json
from pathlib import Path

import pytest

from catalog_jobs.encoders.registry import FoundEncoder
from catalog_jobs.evaluation.datasets.products import Split, read_labelled_products
from catalog_jobs.evaluation.encoders.dataset import ClassPhoto, EncoderDataset, read_encoder_dataset
from catalog_jobs.evaluation.encoders.measurement import BOTH, PHOTO, has_probe, measure_encoder
from catalog_jobs.evaluation.encoders.report import (
    MeasuredEncoder,
    comparison_json,
    comparison_page,
    comparison_table,
)
from closetspace.bootstrap import photo_decoder
from closetspace.settings import Settings
from tests.conftest import ignore_progress
from tests.support.evaluation import HOSTILE, check_no_injection, parse_page, silent, write_dataset, write_photos
from tests.support.fakes import HashEncoder

decode = photo_decoder(Settings())


def encoder_dataset(folder: Path, labels: dict[str, str], *, photos: bool = True) -> EncoderDataset:
    """Write and read twelve products with the same labels, and photos of two classes."""
    rows = [{"id": str(n), "productDisplayName": f"Thing {n}"} | labels for n in range(12)]
    products = read_labelled_products(write_dataset(folder / "data", rows), Split.ALL).products
    if not photos:
        return EncoderDataset(products, [], [], [])
    write_photos(folder / "photos" / "train", {"dress": 6, "hat": 6})
    write_photos(folder / "photos" / "validation", {"dress": 2, "hat": 2})
    return read_encoder_dataset(folder / "data", folder / "photos", Split.ALL, None, decode, ignore_progress)


def measured(folder: Path, encoder: HashEncoder, dataset: EncoderDataset) -> MeasuredEncoder:
    folder.mkdir(exist_ok=True)
    (folder / "a file").write_bytes(b"0" * 1000)
    found = FoundEncoder(encoder.id, folder, encoder.descriptor, {})
    return MeasuredEncoder(found, measure_encoder(encoder, dataset, decode, silent))


def test_equally_labelled_products_agree_and_fit_their_class(tmp_path: Path) -> None:
    labels = {"articleType": "Dresses", "subCategory": "Dress", "gender": "Women", "baseColour": "Red", "usage": "NA"}
    results = measure_encoder(HashEncoder(), encoder_dataset(tmp_path, labels), decode, silent)
    assert results.neighbours[PHOTO] == {"articleType": 1, "gender": 1, "baseColour": 1}
    assert results.photos is not None
    assert (results.photos.by_class, results.photos.macro.value) == ({"dress": 1, "hat": 0}, 0.5)
    colour = results.heads[BOTH]["colour"]
    assert colour.accuracy == 1
    assert colour.calibration_error == pytest.approx(0.1)
    assert sum(map(sum, results.categories[PHOTO].counts)) == 12
    assert results.nearest.shape == (4, 10)
    assert results.speed.garment_ms > 0


def test_probe_is_measured_on_validation_photos_if_scikit_learn_is_installed(tmp_path: Path) -> None:
    probe = measure_encoder(HashEncoder(), encoder_dataset(tmp_path, {}), decode, silent).probe
    assert (probe.n if probe else None) == (4 if has_probe() else None)


def test_dataset_without_labels_and_photos_gives_the_remaining_metrics(tmp_path: Path) -> None:
    dataset = encoder_dataset(tmp_path, {}, photos=False)
    one = measured(tmp_path / "e", HashEncoder(), dataset)
    assert (one.measured.photos, one.measured.probe, one.measured.neighbours[BOTH]) == (None, None, {})
    assert (one.measured.heads[PHOTO], one.measured.categories[PHOTO].labels) == ({}, ())
    page = comparison_page([one], dataset, decode)
    assert [part for part in ("<h2>", "<figure>", "<svg", "<img") if part in page] == []
    assert [row.metric for row in comparison_table([one])][-1] == "size"


def test_json_is_plain_and_rounded(tmp_path: Path) -> None:
    dataset = encoder_dataset(tmp_path, {"articleType": "Dresses", "gender": "Women"})
    numbers = comparison_json([measured(tmp_path / "e", HashEncoder(), dataset)], dataset)
    assert json.loads(json.dumps(numbers)) == numbers
    [one] = numbers["encoders"]
    assert (one["id"], one["dim"], one["megabytes"]) == ("hash-1", 8, 0.001)
    assert one["neighbours"][PHOTO]["articleType"] == 1
    assert "nearest" not in one


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The page of two encoders, where all names and labels contain markup."""
    folder = tmp_path_factory.mktemp("hostile")
    labels = {"articleType": HOSTILE, "subCategory": HOSTILE, "baseColour": "Red", "productDisplayName": HOSTILE}
    dataset = encoder_dataset(folder, labels)
    dataset.validation[0] = ClassPhoto(dataset.validation[0].path, HOSTILE)
    encoders = [HashEncoder(id=HOSTILE), HashEncoder(id="second", dim=16)]
    compared = [measured(folder / str(n), encoder, dataset) for n, encoder in enumerate(encoders)]
    return comparison_page(compared, dataset, decode)


def test_page_escapes_names_and_labels(hostile_page: str) -> None:
    check_no_injection(hostile_page)


def test_page_refers_to_no_other_file(hostile_page: str) -> None:
    sources = parse_page(hostile_page).values("src", "href", "srcset", "action", "data")
    assert len(sources) == 4 * (1 + 2 * 10)
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert not [part for part in ("url(", "@import", "<link", "<iframe") if part in hostile_page]
    assert "default-src 'none'" in hostile_page


def test_pictures_and_plots_have_alternative_texts(hostile_page: str) -> None:
    page = parse_page(hostile_page)
    texts = page.values("alt")
    assert len(texts) == page.tags.count("img")
    assert all(texts)
    assert len(page.values("aria-label")) == page.tags.count("svg") > 0
