"""The callable ``facets``: what filters may name, as the index has it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from firebase_functions import https_fn

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.api.handlers import Handlers
from closetspace.domain.index.facets import MAX_BRANDS, PriceRange
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import Transient
from tests.support.indexes import NOW, contents


def bundle_of(folder: Path, items: Mapping[int, Mapping[str, Any]]) -> Bundle:
    """Write an index of the usual items, some of them changed."""
    usual = contents()
    changed = [replace(item, **items.get(row, {})) for row, item in enumerate(usual.items)]
    write_bundle(folder, replace(usual, items=changed), NOW)
    return Bundle(folder, exact_scan_items=10_000)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return bundle_of(tmp_path, {})


def test_each_facet_has_as_many_items_as_its_filter_passes(bundle: Bundle) -> None:
    facets = bundle.facets
    assert facets.categories == {"Bottomwear": 100, "Shoes": 100, "Topwear": 100}
    assert facets.brands == {"Arket": 150, "Stussy": 150}
    for brand, count in facets.brands.items():
        passing = bundle.matching(Filters(brands=frozenset({brand})))
        assert passing is not None
        assert passing.sum() == count
    assert facets.genders == {"Men": 75, "Unisex": 75, "Women": 75}
    (prices,) = facets.prices
    assert (prices.low, prices.high, prices.count) == (1.0, 299.0, 240)


def test_colours_are_the_likeliest_of_each_item(bundle: Bundle) -> None:
    reds = bundle.attributes(np.arange(300))[:, 0].astype(int)
    assert bundle.facets.colours == {"Blue": int((reds < 128).sum()), "Red": int((reds >= 128).sum())}
    assert bundle.facets.usages == {}


def test_spellings_of_a_brand_count_together_and_currencies_apart(tmp_path: Path) -> None:
    items: dict[int, dict[str, Any]] = {0: {"brand": "ARKET"}, 1: {"price": 5.0, "currency": "EUR"}, 2: {"brand": ""}}
    facets = bundle_of(tmp_path, items).facets
    assert sum(facets.brands.values()) == 299
    assert len(facets.brands) == 2
    assert facets.prices[-1] == PriceRange("EUR", 5.0, 5.0, 1)


def test_only_the_brands_with_most_items_are_listed(tmp_path: Path) -> None:
    usual = contents(2 * MAX_BRANDS)
    items = [replace(item, brand=f"Brand {row % (MAX_BRANDS + 100)}") for row, item in enumerate(usual.items)]
    write_bundle(tmp_path, replace(usual, items=items), NOW)
    brands = Bundle(tmp_path, exact_scan_items=10_000).facets.brands
    assert len(brands) == MAX_BRANDS
    assert list(brands.values()) == sorted(brands.values(), reverse=True)


def test_names_that_look_like_queries_are_names(tmp_path: Path) -> None:
    items: Mapping[int, Mapping[str, Any]] = {0: {"brand": "'; DROP TABLE items; --"}}
    bundle = bundle_of(tmp_path, items)
    assert "'; DROP TABLE items; --" in bundle.facets.brands
    assert isinstance(bundle.items(np.array([0]))[0], IndexedItem)


def call(index: Any, data: Any = None, uid: str | None = "ann") -> Any:
    def get(_: Mapping[str, int]) -> Any:
        if isinstance(index, Exception):
            raise index
        return index

    services: Any = SimpleNamespace(live_index=SimpleNamespace(get=get))
    request: Any = SimpleNamespace(auth=https_fn.AuthData(uid, {}) if uid else None, data=data)
    return Handlers(services).facets(request)


def test_answer_lists_names_with_most_items_first(bundle: Bundle) -> None:
    answer = call(bundle)
    assert answer["brands"] == [{"name": "Arket", "count": 150}, {"name": "Stussy", "count": 150}]
    assert answer["prices"] == [{"currency": None, "low": 1.0, "high": 299.0, "count": 240}]
    assert answer["index_version"] == bundle.version


@pytest.mark.parametrize(
    ("index", "data", "uid", "code"),
    [
        (None, None, None, https_fn.FunctionsErrorCode.UNAUTHENTICATED),
        (None, {"category": "Shoes"}, "ann", https_fn.FunctionsErrorCode.INVALID_ARGUMENT),
        (Transient("there is no index"), None, "ann", https_fn.FunctionsErrorCode.UNAVAILABLE),
    ],
)
def test_what_can_not_be_answered_is_refused(
    index: Any, data: Any, uid: str | None, code: https_fn.FunctionsErrorCode
) -> None:
    with pytest.raises(https_fn.HttpsError) as caught:
        call(index, data, uid)
    assert caught.value.code is code
