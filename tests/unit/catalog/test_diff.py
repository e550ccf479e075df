"""The kinds of change between two states of the catalog."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_jobs.catalog.diff import TEXT_FIELDS, CatalogDiff, Change, change_of, compare
from catalog_jobs.catalog.item import CatalogItem
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


def test_compare_lists_the_ids_of_each_kind_of_change() -> None:
    before = [item(1), item(2), item(3), item(4), item(5)]
    after = [item(5), item(9), item(1, **IMAGE), item(2, **NAME), item(3, **OFFER)]
    assert compare(before, after) == CatalogDiff(
        new=("north:9",),
        changed_picture=("north:1",),
        changed_text=("north:2",),
        changed_price=("north:3",),
        gone=("north:4",),
        unchanged=("north:5",),
    )


def test_ids_keep_the_order_of_the_later_state_and_gone_ids_that_of_the_earlier_one() -> None:
    found = compare([item(8), item(9), item(7)], [item(3), item(1), item(2)])
    assert found.new == ("north:3", "north:1", "north:2")
    assert found.gone == ("north:8", "north:9", "north:7")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        (IMAGE | NAME | OFFER, Change.PICTURE),
        (IMAGE | OFFER, Change.PICTURE),
        (NAME | OFFER, Change.TEXT),
        (OFFER, Change.PRICE),
        ({}, None),
    ],
)
def test_item_with_several_changes_counts_by_image_then_text_then_price(
    fields: dict[str, Any], kind: Change | None
) -> None:
    assert change_of(item(1), item(1, **fields)) is kind


def test_every_text_field_has_a_changed_value_in_these_tests() -> None:
    assert set(CHANGED_TEXT) == set(TEXT_FIELDS)


@pytest.mark.parametrize("field", sorted(CHANGED_TEXT))
def test_change_of_any_text_field_is_a_text_change(field: str) -> None:
    assert change_of(item(1), changed(**{field: CHANGED_TEXT[field]})) is Change.TEXT


@pytest.mark.parametrize(
    "fields",
    [{"price": 9.0}, {"list_price": 9.0}, {"price": None}, {"currency": "USD"}, {"in_stock": False}, {"sizes": ("S",)}],
)
def test_change_of_price_currency_stock_or_sizes_is_a_price_change(fields: dict[str, Any]) -> None:
    assert change_of(item(1), changed(**fields)) is Change.PRICE


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
    assert change_of(item(1), changed(**fields)) is None


def test_item_that_was_already_missing_is_not_gone_again() -> None:
    assert compare([missing(item(1))], []) == CatalogDiff()
    assert compare([missing(item(1))], [missing(item(1))]) == CatalogDiff()


def test_item_that_becomes_missing_is_gone() -> None:
    assert compare([item(1)], [missing(item(1), NOW + DAY)]) == CatalogDiff(gone=("north:1",))


def test_item_that_returns_is_new() -> None:
    assert compare([missing(item(1))], [item(1)]) == CatalogDiff(new=("north:1",))


def test_counts_include_every_kind() -> None:
    assert compare(stock(4), [*stock(3), item(7)]).counts() == {
        "new": 1,
        "changed_picture": 0,
        "changed_text": 0,
        "changed_price": 0,
        "gone": 1,
        "unchanged": 3,
    }


items = st.builds(
    lambda number, image, name, price, gone: (missing if gone else _unchanged)(
        item(number, image_urls=(f"https://north.example/{image}.jpg",), name=f"Shirt {name}", price=price)
    ),
    number=st.integers(0, 12),
    image=st.integers(0, 2),
    name=st.integers(0, 2),
    price=st.sampled_from([None, 1.0, 2.0]),
    gone=st.booleans(),
)
states = st.lists(items, max_size=12, unique_by=lambda entry: entry.id)


def _unchanged(present: CatalogItem) -> CatalogItem:
    return present


@given(states)
def test_state_does_not_differ_from_itself(state: list[CatalogItem]) -> None:
    here = tuple(entry.id for entry in state if entry.missing_since is None)
    assert compare(state, state) == CatalogDiff(unchanged=here)


@given(states, states)
def test_every_item_is_in_exactly_one_field(before: list[CatalogItem], after: list[CatalogItem]) -> None:
    found = compare(before, after)
    here, was = ({entry.id for entry in state if entry.missing_since is None} for state in (after, before))
    placed = [*found.new, *found.changed_picture, *found.changed_text, *found.changed_price, *found.unchanged]
    assert sorted(placed) == sorted(here)
    assert set(found.new) == here - was
    assert sorted(found.gone) == sorted(was - here)
    assert sum(found.counts().values()) == len(here | was)


@given(states, states, st.randoms(use_true_random=False))
def test_counts_do_not_depend_on_the_order_of_items(
    before: list[CatalogItem], after: list[CatalogItem], chance: random.Random
) -> None:
    shuffled: Callable[[list[CatalogItem]], list[CatalogItem]] = lambda state: chance.sample(state, len(state))  # noqa: E731
    found, again = compare(before, after), compare(shuffled(before), shuffled(after))
    assert again.counts() == found.counts()
    assert all(set(getattr(again, kind)) == set(getattr(found, kind)) for kind in found.counts())
