"""Cells: how a large category is divided, and what is found in it."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.adapters.index.cells import RETURNED
from closetspace.adapters.index.checksums import file_hash
from closetspace.adapters.index.dividing import CELL_ROWS, divide
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.attributes import PackedAttributes, pack_attributes
from closetspace.domain.encoder.encoding_batch import EncodingBatch, quantize_photo_vectors
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Score
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import Incompatible
from tests.support.indexes import DIM, ENCODER, NOW, contents, query

write_cells = partial(write_bundle, annoy_items=0)

COLOURS = ENCODER.heads["colour"]


def varied(count: int, seed: int = 3) -> BundleContents:
    """Items of two categories, whose looks come from a few kinds and whose colours do not depend on them."""
    random = np.random.default_rng(seed)
    kinds = random.standard_normal((12, DIM))
    vectors = unit((kinds[random.integers(12, size=count)] + random.standard_normal((count, DIM))).astype(np.float32))
    colours = random.integers(len(COLOURS), size=count)
    attributes = [pack_attributes({"colour": {COLOURS[colour]: 0.9}}, ENCODER.heads) for colour in colours]
    items = [
        IndexedItem(
            f"item-{i}", f"Item {i}", category="Shoes" if i % 4 == 0 else "Topwear", price=float(random.integers(100))
        )
        for i in range(count)
    ]
    encodings = EncodingBatch(
        vectors,
        quantize_photo_vectors(vectors),
        np.array(attributes, np.uint8),
        tuple(item.category for item in items),
    )
    return BundleContents(items, encodings, ENCODER, "varied")


@cache
def large() -> tuple[TemporaryDirectory[str], Bundle]:
    folder = TemporaryDirectory()
    write_cells(Path(folder.name), varied(12_000), NOW)
    return folder, Bundle(Path(folder.name), exact_scan_items=100_000)


@cache
def searching_always(folder: Path) -> Bundle:
    return Bundle(folder, exact_scan_items=0)


def likes(seed: int) -> Score:
    """A score by one colour and one look, as a closet's is."""
    look, _ = np.split(query(seed), 2)
    colour = seed % len(COLOURS)

    def fit(attributes: PackedAttributes) -> FloatArray:
        return attributes[:, colour].astype(np.float32) * np.float32(2 / 255)

    return Score(look[np.newaxis], fit, lambda products, _: products[:, 0])


def scored(index: Bundle, score: Score, count: int, filters: Filters = Filters()) -> list[int]:  # noqa: B008
    """Return the best rows of the larger category."""
    found = index.candidates("Topwear", query(), count, index.matching(filters), score)
    scores = score(found.vectors @ score.directions.T, found.spread, found.attributes)
    best: list[int] = found.rows[np.argsort(-scores, kind="stable")[:count]].tolist()
    return best


@pytest.mark.parametrize("filters", [Filters(), Filters(price_max=49)], ids=["all", "half of them"])
def test_cells_give_the_best_rows_by_score_and_score_few(filters: Filters) -> None:
    _, index = large()
    agreed = []
    for seed in range(20):
        counted: list[int] = []

        def fit(attributes: PackedAttributes, seed: int = seed, counted: list[int] = counted) -> FloatArray:
            counted.append(len(attributes))
            return likes(seed).fit(attributes)

        mask = index.matching(filters)
        found = index.candidates("Topwear", query(), 20, mask, replace(likes(seed), fit=fit))
        assert sum(counted) < 5_000
        assert len(found.rows) == RETURNED * 20
        assert mask is None or mask[found.rows].all()
        expected = scored(index.scanning_all(), likes(seed), 20, filters)
        agreed.append(len(set(scored(index, likes(seed), 20, filters)) & set(expected)))
    # These vectors are mostly noise, of which no cell can tell; real ones agree in more than 19 of 20.
    assert np.mean(agreed) >= 18


def test_builds_of_the_same_contents_are_equal_byte_for_byte(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        write_cells(folder, contents(), NOW)
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes(), file.name
    assert not list(first.glob("*.ann"))


def test_index_with_cells_has_the_same_items_as_one_with_annoy_files(tmp_path: Path) -> None:
    source = contents()
    bundles = []
    for name, write in (("annoy", write_bundle), ("cells", write_cells)):
        (tmp_path / name).mkdir()
        write(tmp_path / name, source, NOW)
        bundles.append(Bundle(tmp_path / name, exact_scan_items=10_000))
    with_annoy, with_cells = bundles
    ids = [item.id for item in source.items]
    rows, other = with_annoy.rows_of(ids), with_cells.rows_of(ids)
    assert with_annoy.items(rows) == with_cells.items(other)
    assert with_annoy.facets == with_cells.facets
    for read in ("vectors", "photo_vectors", "attributes", "products", "prices", "keys"):
        np.testing.assert_array_equal(getattr(with_annoy, read)(rows), getattr(with_cells, read)(other))
    old, new = (bundle.candidates("Shoes", query(), 5, None, likes(1)) for bundle in bundles)
    np.testing.assert_array_equal(np.sort(old.spread), np.sort(new.spread))
    assert (with_annoy.manifest.recall, with_cells.manifest.recall) == (1.0, None)


@pytest.mark.parametrize("count", [1, 2, CELL_ROWS, CELL_ROWS + 1])
def test_category_of_few_items_has_cells_too(tmp_path: Path, count: int) -> None:
    source = contents(count)
    items = [replace(item, category="Topwear") for item in source.items]
    write_cells(tmp_path, replace(source, items=items), NOW)
    index = Bundle(tmp_path, exact_scan_items=0)
    found = index.candidates("Topwear", query(), count, None, likes(1))
    assert found.rows.tolist() == list(range(count))


def swapped(folder: Path, other: Path) -> None:
    (folder / "cells.npz").write_bytes((other / "cells.npz").read_bytes())


def other_codes(folder: Path, _: Path) -> None:
    np.save(folder / "codes.npy", -np.load(folder / "codes.npy"))


def fewer_codes(folder: Path, _: Path) -> None:
    np.save(folder / "codes.npy", np.load(folder / "codes.npy")[:-1])


def truncated(folder: Path, _: Path) -> None:
    (folder / "cells.npz").write_bytes((folder / "cells.npz").read_bytes()[:-9])


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Path, Path], None]:
    def damage(folder: Path, _: Path) -> None:
        with np.load(folder / "cells.npz") as stored:
            arrays: dict[str, Any] = dict(stored)
        change(arrays)
        np.savez(folder / "cells.npz", **arrays)

    return damage


DAMAGES: dict[str, Callable[[Path, Path], None]] = {
    "of another catalog": swapped,
    "truncated": truncated,
    "no cells": changed(lambda arrays: arrays.pop("cells_starts")),
    "a cell too few": changed(lambda arrays: arrays.update(cells_starts=arrays["cells_starts"][:-1])),
    "cells in another order": changed(lambda arrays: arrays.update(cells_starts=arrays["cells_starts"][::-1])),
    "wide cells elsewhere": changed(lambda arrays: arrays.update(wide_starts=arrays["wide_starts"] + 1)),
    "shorter means": changed(lambda arrays: arrays.update(cells_codes=arrays["cells_codes"][:, 1:])),
    "another basis": changed(lambda arrays: arrays.update(basis=arrays["basis"][1:])),
    "fewer labels": changed(lambda arrays: arrays.update(wide_attributes=arrays["wide_attributes"][:, 1:])),
    "means of others": changed(lambda arrays: arrays.update(cells_codes=-arrays["cells_codes"])),
    "codes of others": other_codes,
    "a code too few": fewer_codes,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_cells_with_a_valid_checksum_are_refused(tmp_path: Path, damage: str) -> None:
    folder, other = tmp_path / "one", tmp_path / "two"
    for path, count in ((folder, 3_000), (other, 2_000)):
        path.mkdir()
        write_cells(path, varied(count), NOW)
    DAMAGES[damage](folder, other)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"] |= {name: file_hash(folder / name) for name in ("cells.npz", "codes.npy")}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Incompatible):
        Bundle(folder, exact_scan_items=10_000)


@pytest.mark.parametrize("name", ["cells.npz", "codes.npy"])
def test_cells_without_a_checksum_are_refused(tmp_path: Path, name: str) -> None:
    write_cells(tmp_path, contents(30), NOW)
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    del manifest["files"][name]
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Incompatible, match=name):
        Bundle(tmp_path, exact_scan_items=10_000)


@given(count=st.integers(1, 400), alike=st.integers(1, 400), seed=st.integers(0, 9), labels=st.integers(0, 3))
def test_every_row_is_in_one_cell_and_cells_are_equally_large(count: int, alike: int, seed: int, labels: int) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.standard_normal((count, 8)).astype(np.float32))
    vectors[: min(alike, count)] = vectors[0]
    attributes: PackedAttributes = random.integers(0, 256, (count, labels), dtype=np.uint8)
    rows, starts = divide(vectors, attributes)
    sizes = np.diff([*starts.tolist(), count])
    assert np.sort(rows).tolist() == list(range(count))
    assert 1 <= sizes.min() <= sizes.max() <= CELL_ROWS
    again, _ = divide(vectors, attributes)
    assert rows.tolist() == again.tolist()


@given(passing=st.sets(st.integers(0, 11_999), max_size=300), limit=st.integers(1, 400), seed=st.integers(0, 9))
def test_filtered_rows_pass_and_are_as_many_as_requested(passing: set[int], limit: int, seed: int) -> None:
    folder, _ = large()
    index = searching_always(Path(folder.name))
    mask = np.zeros(12_000, np.bool_)
    mask[list(passing)] = True
    part = next(part for part in index.manifest.categories if part.name == "Topwear")
    inside = [row for row in sorted(passing) if part.start <= row < part.start + part.count]
    found = index.candidates("Topwear", query(), limit, mask, likes(seed)).rows
    assert (np.diff(found) > 0).all()
    assert set(found.tolist()) <= set(inside)
    assert len(found) >= min(limit, len(inside))
