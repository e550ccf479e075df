"""Benchmarks: the catalogs, closets and pictures that they make."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from catalog_jobs.benchmarks import scale
from catalog_jobs.benchmarks.enlarging import LEAST_OWNED, MOST_OWNED, Enlargement
from catalog_jobs.benchmarks.refreshing import with_comment
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from tests.support.indexes import ENCODER, NOW, contents


@pytest.fixture
def enlargement(tmp_path: Path) -> Enlargement:
    write_bundle(tmp_path, contents(60), NOW)
    return Enlargement(Bundle(tmp_path, exact_scan_items=10_000), ENCODER)


def test_large_catalog_has_different_items_with_the_shares_of_the_small_one(
    enlargement: Enlargement, tmp_path: Path
) -> None:
    source = enlargement.contents(600)
    assert len({item.id for item in source.items}) == len({item.product for item in source.items}) == 600
    assert len(np.unique(source.encodings.vectors, axis=0)) == 600
    np.testing.assert_allclose(np.linalg.norm(source.encodings.vectors, axis=1), 1, rtol=1e-5)
    folder = tmp_path / "large"
    folder.mkdir()
    manifest = write_bundle(folder, source, NOW)
    assert {part.name: part.count for part in manifest.categories} == {
        part.name: 10 * part.count for part in enlargement.index.manifest.categories
    }


def test_same_index_gives_the_same_copies_and_closets(enlargement: Enlargement) -> None:
    one, two = enlargement.contents(100), enlargement.contents(100)
    assert one.items == two.items
    np.testing.assert_array_equal(one.encodings.vectors, two.encodings.vectors)
    closets = enlargement.closets(4)
    assert [closet.entries.keys() for closet in closets] == [c.entries.keys() for c in enlargement.closets(4)]
    assert all(LEAST_OWNED <= len(closet.entries) <= MOST_OWNED for closet in closets)


def test_changed_picture_is_another_whole_file_with_the_same_pixels() -> None:
    file = BytesIO()
    Image.effect_mandelbrot((64, 64), (-2, -1.5, 1, 1.5), 40).save(file, "JPEG")
    picture, changed = file.getvalue(), with_comment(file.getvalue(), b"1 2")
    assert changed != picture
    assert changed.endswith(b"\xff\xd9")
    with Image.open(BytesIO(picture)) as one, Image.open(BytesIO(changed)) as other:
        assert other.info["comment"] == b"1 2"
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_agreement_is_measured_per_request_and_size_without_the_manifest(tmp_path: Path) -> None:
    measured = scale._agreements({"as it is": [1.0, 0.5], "of one category": []}, 1_000)
    assert [(m.value, m.reached) for m in measured] == [(0.75, False)]
    assert "1,000 items: lists as it is" in measured[0].name
    for name, size in (("vectors.npy", 100), ("attributes.npy", 50), ("manifest.json", 9)):
        (tmp_path / name).write_bytes(b"0" * size)
    assert scale._relative_size(tmp_path) == 1.5
