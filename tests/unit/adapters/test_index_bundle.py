"""Index bundles: building and searching."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.attributes import head_slices, row_length
from closetspace.domain.encoder.vectors import unit
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.products import item_key
from tests.support.indexes import ENCODER, NOW, contents, no_score, query


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    write_bundle(tmp_path, contents(), NOW)
    return Bundle(tmp_path, exact_scan_items=10_000)


def test_builds_of_the_same_contents_are_equal_byte_for_byte(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        write_bundle(folder, contents(), NOW)
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes(), file.name


def test_small_category_returns_all_its_items_as_candidates(bundle: Bundle) -> None:
    candidates = bundle.candidates("Shoes", query(), 5, None, no_score)
    positions = {item.id: position for position, item in enumerate(contents().items)}
    assert {item.id for item in bundle.items(candidates.rows)} == {
        i.id for i in contents().items if i.category == "Shoes"
    }
    assert (np.diff(candidates.rows) > 0).all()
    expected = [positions[item.id] for item in bundle.items(candidates.rows)]
    np.testing.assert_array_equal(candidates.vectors, contents().encodings.vectors[expected])
    mean = bundle.category_means["Shoes"]
    np.testing.assert_allclose(candidates.spread, np.linalg.norm(candidates.vectors - mean, axis=1), rtol=1e-5)
    assert bundle.keys(candidates.rows).tolist() == [item_key(item.id) for item in bundle.items(candidates.rows)]
    assert len(set(bundle.brands(candidates.rows).tolist())) == 2
    assert candidates.attributes.shape == (100, row_length(ENCODER.heads))


def test_annoy_and_exact_scan_return_the_same_nearest_items(tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(), NOW)
    exact, approximate = Bundle(tmp_path, exact_scan_items=10_000), Bundle(tmp_path, exact_scan_items=0)
    for seed in range(5):
        for mask in (None, exact.matching(Filters(gender="Women", price_max=200))):
            near, style = np.split(query(seed), 2)
            scanned = exact.candidates("Topwear", query(seed), 10, mask, no_score)
            residual = unit(scanned.vectors - exact.category_means["Topwear"])
            expected = scanned.rows[np.argsort(-(scanned.vectors @ near + residual @ style))[:10]]
            found = approximate.candidates("Topwear", query(seed), 10, mask, no_score)
            assert len(found.rows) == 10
            assert len(set(expected) & set(found.rows)) >= 9


def test_lookups_find_rows_by_id_key_and_product(bundle: Bundle) -> None:
    rows = bundle.rows_of(["one-7", "no such item", "one-0"])
    assert rows[1] == -1
    assert [item.id for item in bundle.items(rows[[0, 2]])] == ["one-7", "one-0"]
    short_key = bundle.keys(rows[[0]]) & np.uint64(0xFFFFFFFF)
    assert bundle.rows_of_keys(np.concatenate([short_key, [np.uint64(1)]])).tolist() == [rows[0]]
    assert bundle.rows_of_products(bundle.products(rows[[2]])).tolist() == [rows[2]]
    assert bundle.rows_of_products(np.zeros(0, np.uint64)).tolist() == []
    assert [item.category for item in bundle.items(rows[[0, 2]])] == ["Shoes", "Topwear"]


def test_threads_that_look_up_different_items_each_get_their_own(bundle: Bundle) -> None:
    """CPython 3.12 and later mix up the rows of statements that threads run on one SQLite connection."""
    ids = [item.id for item in contents().items]

    def wrong_rows(first: int) -> int:
        asked = [ids[(first * 37 + step) % len(ids)] for step in range(20)]
        found = [[item.id for item in bundle.items(bundle.rows_of(asked))] for _ in range(100)]
        return sum(answer != asked for answer in found)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(wrong_rows, range(8))) == 0


def test_answers_have_every_field_of_their_items(tmp_path: Path) -> None:
    plain = contents(2)
    item = IndexedItem(
        id='shop:"1"',
        name="Söckchen\n\\ 袜子 \N{SOCKS}",
        brand="Falke",
        category="Topwear",
        gender="WOMEN",
        price=9.99,
        currency="EUR",
        src="https://shop.example/1.jpg?a=b&c=d",
        url="https://shop.example/1",
        in_stock=False,
        list_price=19.5,
        thumbnail="0" * 32,
    )
    write_bundle(tmp_path, replace(plain, items=[item, plain.items[1]], thumbnail_urls=None), NOW)
    bundle = Bundle(tmp_path, exact_scan_items=10_000)
    assert bundle.items(bundle.rows_of([item.id])) == [item]
    assert bundle.items(np.zeros(0, np.int64)) == []


def test_attributes_of_one_label_are_stored_side_by_side(bundle: Bundle) -> None:
    attributes = bundle.candidates("Shoes", query(), 5, None, no_score).attributes
    assert attributes[:, 0].flags.c_contiguous


def test_two_items_with_one_id_are_refused(tmp_path: Path) -> None:
    items = [*contents(2).items]
    with pytest.raises(ValueError, match="same id"):
        write_bundle(tmp_path, replace(contents(2), items=[items[0], items[0]]), NOW)


def test_variants_of_a_product_share_its_key(tmp_path: Path) -> None:
    plain = contents(6)
    names = ["Air Max", "AIR  MAX", "Air Max 2", "", "", "Other"]
    groups = ["", "", "", "", "", ""]
    items = [
        replace(item, name=name, brand="Nike", group=group)
        for item, name, group in zip(plain.items, names, groups, strict=True)
    ]
    items[5] = replace(items[5], group="g")
    items[2] = replace(items[2], group="g")
    write_bundle(tmp_path, replace(plain, items=items), NOW)
    bundle = Bundle(tmp_path, exact_scan_items=1000)
    keys = dict(zip(range(6), bundle.products(bundle.rows_of([item.id for item in items])).tolist(), strict=True))
    assert keys[0] == keys[1]
    assert keys[2] == keys[5]
    assert len(set(keys.values())) == 4, "an item without name and group is its own product"


def test_photo_vectors_are_exact_to_a_hundredth(bundle: Bundle) -> None:
    rows = bundle.rows_of([item.id for item in contents().items])
    np.testing.assert_allclose(bundle.photo_vectors(rows), contents().encodings.vectors[::-1], atol=0.005)


def test_combined_filters_return_exactly_the_matching_items(bundle: Bundle) -> None:
    mask = bundle.matching(Filters(gender="women", brands=frozenset({"stussy"}), price_max=100))
    assert mask is not None
    passing = bundle.items(np.flatnonzero(mask))
    expected = [
        i
        for i in contents().items
        if i.gender in ("Women", "Unisex") and i.brand == "Stussy" and (i.price or 1e9) <= 100
    ]
    assert sorted(i.id for i in passing) == sorted(i.id for i in expected)
    assert bundle.matching(Filters()) is None


def test_each_filter_returns_exactly_the_matching_items(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    items = [replace(item, in_stock=position % 7 > 0) for position, item in enumerate(contents().items)]
    write_bundle(tmp_path / "other", replace(contents(), items=items), NOW)
    stocked = Bundle(tmp_path / "other", exact_scan_items=10_000)
    cases: list[tuple[Filters, Callable[[IndexedItem], bool]]] = [
        (Filters(price_min=10, price_max=20), lambda i: i.price is not None and 10 <= i.price <= 20),
        (Filters(brands_out=frozenset({"ARKET"})), lambda i: i.brand != "Arket"),
        (Filters(brands=frozenset({"Arket"}), brands_out=frozenset({"arket"})), lambda _: False),
        (Filters(in_stock=True), lambda i: i.in_stock),
    ]
    for filters, passes in cases:
        mask = stocked.matching(filters)
        assert mask is not None
        passing = {item.id for item in stocked.items(np.flatnonzero(mask))}
        assert passing == {item.id for item in items if passes(item)}


def test_filter_with_few_matches_returns_all_of_them(tmp_path: Path) -> None:
    write_bundle(tmp_path, contents(), NOW)
    for exact_scan_items in (0, 10_000):
        bundle = Bundle(tmp_path, exact_scan_items=exact_scan_items)
        mask = bundle.matching(Filters(price_max=4))
        rows = np.concatenate([bundle.candidates(c, query(), 10, mask, no_score).rows for c in bundle.category_means])
        assert sorted(item.price or 0 for item in bundle.items(rows)) == [1, 2, 3, 4]


def test_rows_have_the_attributes_that_the_encoder_predicted(bundle: Bundle) -> None:
    rows = bundle.rows_of([f"one-{i}" for i in (7, 0, 10)])
    red, men = (head_slices(ENCODER.heads)[head].start for head in ("colour", "gender"))
    assert bundle.attributes(rows)[:, red].tolist() == [round(255 * share) for share in (0.7, 0, 1)]
    assert bundle.attributes(rows)[:, men].tolist() == [128, 128, 128]
    assert bundle.heads == ENCODER.heads
    assert bundle.blocks == ENCODER.blocks


def test_items_have_the_addresses_of_their_thumbnails(bundle: Bundle) -> None:
    one, without = bundle.items(bundle.rows_of(["one-1", "one-7"]))
    assert one.pictures == {
        side: f"https://store.example/thumbnails%2F{side}-{1:032x}.webp?alt=media" for side in ("640", "160")
    }
    assert without.pictures is None


def test_items_have_the_price_that_they_are_reduced_from(bundle: Bundle) -> None:
    reduced, usual = bundle.items(bundle.rows_of(["one-1", "one-2"]))
    assert (reduced.price, reduced.list_price) == (1.0, 11.0)
    assert (usual.price, usual.list_price) == (2.0, None)
