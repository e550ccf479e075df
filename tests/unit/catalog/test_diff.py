"""The kinds of change between two states of the catalog."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_jobs.catalog.diff import TEXT_FIELDS, compare
from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import table_of
from tests.support.catalog_comparison import Ids, compare_items
from tests.support.refreshed_catalog import DAY, NOW, item, missing, stock

IMAGE: dict[str, Any] = {"image_urls": ("https://north.example/new.jpg",)}
NAME: dict[str, Any] = {"name": "Linen shirt"}
OFFER: dict[str, Any] = {"price": 9.0}
CHANGED_TEXT = {
    "source": "south",
    "name": "Linen shirt",
    "brand": "Vela",
    "group": "north:shirts",
    "variant": "navy",
    "category": "Shirts",
    "gender": "Women",
    "colours": ("navy",),
    "url": "https://north.example/1",
}


def changed(**fields: Any) -> CatalogItem:
    return item(1).model_copy(update=fields)


def compared(before: Sequence[CatalogItem], after: Sequence[CatalogItem]) -> Ids:
    """Return the ids of each kind of change that has any."""
    rows = vars(compare(table_of(before), table_of(after)))
    states = {kind: before if kind == "gone" else after for kind in rows}
    return {kind: ids for kind in rows if (ids := [states[kind][row].id for row in rows[kind].to_pylist()])}


def change_of(before: CatalogItem, after: CatalogItem) -> str:
    (kind,) = compared([before], [after])
    return kind


def test_compare_lists_the_ids_of_each_kind_of_change() -> None:
    before = [item(1), item(2), item(3), item(4), item(5)]
    after = [item(5), item(9), item(1, **IMAGE), item(2, **NAME), item(3, **OFFER)]
    assert compared(before, after) == {
        "new": ["north:9"],
        "changed_picture": ["north:1"],
        "changed_text": ["north:2"],
        "changed_price": ["north:3"],
        "gone": ["north:4"],
        "unchanged": ["north:5"],
    }


def test_ids_keep_the_order_of_the_later_state_and_gone_ids_that_of_the_earlier_one() -> None:
    found = compared([item(8), item(9), item(7)], [item(3), item(1), item(2)])
    assert found["new"] == ["north:3", "north:1", "north:2"]
    assert found["gone"] == ["north:8", "north:9", "north:7"]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (IMAGE | NAME | OFFER, "changed_picture"),
        (IMAGE | OFFER, "changed_picture"),
        (NAME | OFFER, "changed_text"),
        (OFFER, "changed_price"),
        ({}, "unchanged"),
    ],
)
def test_item_with_several_changes_counts_by_image_then_text_then_price(fields: dict[str, Any], kind: str) -> None:
    assert change_of(item(1), item(1, **fields)) == kind


def test_every_text_field_has_a_changed_value_in_these_tests() -> None:
    assert set(CHANGED_TEXT) == set(TEXT_FIELDS)


@pytest.mark.parametrize("field", sorted(CHANGED_TEXT))
def test_change_of_any_text_field_is_a_text_change(field: str) -> None:
    assert change_of(item(1), changed(**{field: CHANGED_TEXT[field]})) == "changed_text"


@pytest.mark.parametrize(
    "fields",
    [{"price": 9.0}, {"list_price": 9.0}, {"price": None}, {"currency": "USD"}, {"in_stock": False}, {"sizes": ("S",)}],
)
def test_change_of_price_currency_stock_or_sizes_is_a_price_change(fields: dict[str, Any]) -> None:
    assert change_of(item(1), changed(**fields)) == "changed_price"


@pytest.mark.parametrize(
    "fields",
    [
        {"first_seen": NOW - DAY},
        {"last_seen": NOW + timedelta(days=1)},
        {"predicted_category": "Topwear"},
        {"image_urls": ("https://north.example/elsewhere.jpg",)},
    ],
)
def test_fields_that_no_shop_writes_do_not_count_as_a_change(fields: dict[str, Any]) -> None:
    assert change_of(item(1), changed(**fields)) == "unchanged"


def test_item_that_was_already_missing_is_not_gone_again() -> None:
    assert compared([missing(item(1))], []) == {}
    assert compared([missing(item(1))], [missing(item(1))]) == {}


def test_item_that_becomes_missing_is_gone() -> None:
    assert compared([item(1)], [missing(item(1), NOW + DAY)]) == {"gone": ["north:1"]}


def test_item_that_returns_is_new() -> None:
    assert compared([missing(item(1))], [item(1)]) == {"new": ["north:1"]}


def test_counts_include_every_kind() -> None:
    assert compare(table_of(stock(4)), table_of([*stock(3), item(7)])).counts() == {
        "new": 1,
        "changed_picture": 0,
        "changed_text": 0,
        "changed_price": 0,
        "gone": 1,
        "unchanged": 3,
    }


def maybe_missing(present: CatalogItem, is_missing: bool) -> CatalogItem:
    return missing(present) if is_missing else present


texts = st.sampled_from(["", "a", "b"])
prices = st.none() | st.sampled_from([1.0, 2.0])
lists = st.lists(texts, max_size=2).map(tuple)
items = st.builds(
    lambda number, image, is_missing, fields: maybe_missing(
        item(number, image_urls=(f"https://north.example/{image}.jpg",)).model_copy(update=fields), is_missing
    ),
    number=st.integers(0, 12),
    image=st.sampled_from([0, 0, 0, 1]),
    is_missing=st.sampled_from([False, False, True]),
    fields=st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(set(TEXT_FIELDS) - {"colours"} | {"currency"}, texts),
            **dict.fromkeys(("price", "list_price"), prices),
            **dict.fromkeys(("colours", "sizes"), lists),
            "in_stock": st.booleans(),
        },
    ),
)
states = st.lists(items, max_size=12, unique_by=lambda entry: entry.id)


@given(states, states)
def test_comparison_of_tables_equals_that_of_items(before: list[CatalogItem], after: list[CatalogItem]) -> None:
    expected = {kind: ids for kind, ids in compare_items(before, after).items() if ids}
    assert compared(before, after) == expected


@given(states)
def test_state_does_not_differ_from_itself(state: list[CatalogItem]) -> None:
    here = [entry.id for entry in state if entry.missing_since is None]
    assert compared(state, state) == ({"unchanged": here} if here else {})


@given(states, states, st.randoms(use_true_random=False))
def test_changes_do_not_depend_on_the_order_of_items(
    before: list[CatalogItem], after: list[CatalogItem], chance: random.Random
) -> None:
    again = compared(*(chance.sample(state, len(state)) for state in (before, after)))
    assert {kind: sorted(ids) for kind, ids in again.items()} == {
        kind: sorted(ids) for kind, ids in compared(before, after).items()
    }
