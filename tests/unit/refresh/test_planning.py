"""The plan of a run: which sources are updated, and the next state of the catalog."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import KEY, TEXT, items_of, table_of, with_content_keys
from catalog_jobs.catalog.snapshots import StoredItems, to_parquet
from catalog_jobs.catalog.source import SourceTable
from catalog_jobs.refresh.embedding_store import StoredKeys
from catalog_jobs.refresh.planning import RefreshPlan, is_unchanged, merge, plan_refresh, with_predictions
from tests.support.catalog_comparison import merge_items
from tests.support.refreshed_catalog import DAY, NOW, item, missing, stock

SHOPS = ("east", "north", "south")
BEFORE = [entry for shop in SHOPS for entry in stock(100, shop)]
NIGHT = NOW + DAY


def result(shop: str, count: int, failure: str = "", first: int = 0) -> SourceTable:
    found = [item(number, shop, seen=NIGHT, price=9.0) for number in range(first, first + count)]
    return SourceTable(shop, table_of(found), failure=failure)


def plan(
    *results: SourceTable,
    before: Sequence[CatalogItem] = BEFORE,
    retired: Collection[str] = (),
    grace: timedelta = 3 * DAY,
    accept_change: bool = False,
) -> RefreshPlan:
    return plan_refresh(table_of(before), results, dict.fromkeys(SHOPS, 0.8), retired, NIGHT, grace, accept_change)


def of(shop: str, found: RefreshPlan) -> list[CatalogItem]:
    return by_id(entry for entry in items_of(found.items) if entry.source == shop)


def by_id(items: Iterable[CatalogItem]) -> list[CatalogItem]:
    return sorted(items, key=lambda entry: entry.id)


def test_shop_with_far_fewer_items_is_stopped_and_the_others_are_updated() -> None:
    found = plan(result("east", 100), result("north", 60), result("south", 80))
    assert set(found.stopped) == {"north"}
    assert "yield of north is 0.6, the bound is 0.8" in found.stopped["north"]
    assert found.refused == ""
    assert of("north", found) == by_id(stock(100, "north"))
    assert all(entry.price == 9.0 for entry in of("east", found))
    assert sum(entry.missing_since == NIGHT for entry in of("south", found)) == 20


def test_failed_shop_keeps_its_items_even_if_it_returned_all() -> None:
    found = plan(result("east", 100), result("north", 100, "A captcha."), result("south", 100))
    assert found.stopped == {"north": "reading of north: A captcha."}
    assert of("north", found) == by_id(stock(100, "north"))
    assert all(entry.price == 9.0 for entry in of("south", found))


def test_counts_include_stopped_shops() -> None:
    found = plan(result("east", 100), result("north", 60), result("south", 100))
    assert (found.counts["gone"], found.counts["changed_price"]) == (40, 260)


def test_counts_exclude_shops_that_were_not_read() -> None:
    found = plan(result("north", 100))
    assert (sum(found.counts.values()), found.counts["changed_price"]) == (100, 100)
    assert of("east", found) == by_id(stock(100, "east"))


def test_run_is_refused_with_every_reason_if_all_shops_are_stopped() -> None:
    found = plan(result("east", 10), result("north", 60), result("south", 0, "No answer."))
    assert set(found.stopped) == set(SHOPS)
    assert all(why in found.refused for why in found.stopped.values())
    assert by_id(items_of(found.items)) == by_id(BEFORE)


def test_run_of_one_stopped_shop_is_refused_even_if_another_is_retired() -> None:
    assert plan(result("north", 10)).refused
    assert plan(result("north", 10), retired=["south"]).refused


def test_accepted_change_updates_a_shop_with_far_fewer_items() -> None:
    found = plan(result("north", 10), grace=timedelta(), accept_change=True)
    assert (found.refused, found.stopped, len(of("north", found)), found.left) == ("", {}, 10, 90)
    assert [guard.ok for guard in found.guards] == [False]


def test_accepted_change_does_not_override_a_failed_shop() -> None:
    found = plan(result("north", 10, "A captcha."), accept_change=True)
    assert found.refused == "reading of north: A captcha."


def test_retired_shop_loses_its_items_after_the_grace_period() -> None:
    found = plan(result("north", 100), retired=["south"])
    assert {entry.missing_since for entry in of("south", found)} == {NIGHT}
    found = plan(result("north", 100), retired=["south"], grace=timedelta())
    assert (of("south", found), found.left, found.counts["gone"]) == ([], 100, 100)
    assert len(of("east", found)) == 100


def test_yield_does_not_count_items_that_were_already_missing() -> None:
    before = [*stock(50, "north"), *(missing(item(number, "north")) for number in range(50, 100))]
    assert plan(result("north", 40), before=before).stopped == {}
    assert "north" in plan(result("north", 39), before=before).stopped


def test_new_shop_has_no_yield_guard() -> None:
    found = plan(result("north", 3), before=[])
    assert (found.guards, found.refused, found.counts["new"]) == ([], "", 3)


@pytest.mark.parametrize("count", [100, 79])
def test_plan_has_the_results_of_all_guards(count: int) -> None:
    found = plan(result("north", count), result("south", 100))
    assert {guard.name: guard.ok for guard in found.guards} == {"yield of north": count == 100, "yield of south": True}


NORTH = frozenset({"north"})


def merged(
    now: datetime, before: list[CatalogItem], found: list[CatalogItem], grace: timedelta = 3 * DAY
) -> tuple[dict[str, CatalogItem], int]:
    """Return the state by id after the shop ``north`` was read, and how many items left."""
    state, left = merge(table_of(before), table_of(found), NORTH, now, grace)
    return {entry.id: entry for entry in items_of(state)}, left


def test_item_leaves_at_once_without_a_grace_period() -> None:
    assert merged(NOW, stock(2), [item(0)], timedelta()) == ({"north:0": item(0)}, 1)


def test_missing_item_stays_for_the_grace_period_and_then_leaves() -> None:
    state = stock(2)
    for night in range(3):
        after, left = merged(NOW + night * DAY, state, [item(0)])
        assert left == 0
        assert after["north:1"] == missing(item(1), NOW)
        state = list(after.values())
    after, left = merged(NOW + 3 * DAY, state, [item(0)])
    assert (set(after), left) == ({"north:0"}, 1)


@pytest.mark.parametrize(("hours", "stays"), [(-1, True), (0, False), (1, False)])
def test_grace_period_ends_exactly(hours: int, stays: bool) -> None:
    after, _ = merged(NOW + 3 * DAY + timedelta(hours=hours), [missing(item(1))], [])
    assert ("north:1" in after) is stays


def test_returning_item_is_not_missing_and_keeps_its_first_seen_time() -> None:
    later = NOW + DAY
    after, left = merged(later, [missing(item(1))], [item(1, seen=later, price=9.0)])
    assert left == 0
    assert after["north:1"] == item(1, seen=later, price=9.0).model_copy(update={"first_seen": NOW})


def test_found_item_is_replaced_but_keeps_its_first_seen_time() -> None:
    later = NOW + DAY
    after, _ = merged(later, [item(1)], [item(1, seen=later, name="Linen shirt")])
    assert (after["north:1"].name, after["north:1"].first_seen, after["north:1"].last_seen) == (
        "Linen shirt",
        NOW,
        later,
    )


def test_new_item_is_first_seen_now() -> None:
    later = NOW + DAY
    after, _ = merged(later, [], [item(1, seen=later)])
    assert after["north:1"].first_seen == later


def test_items_of_other_sources_stay_unchanged() -> None:
    others = [item(1, "south"), missing(item(2, "south"), NOW - 30 * DAY)]
    after, left = merged(NOW, [item(1), *others], [], timedelta())
    assert after == {entry.id: entry for entry in others}
    assert left == 1


def test_item_that_two_sources_have_is_that_of_the_later_one() -> None:
    moved = item(1, "south").model_copy(update={"id": "north:1"})
    found = plan(result("north", 2), SourceTable("south", table_of([moved])), before=[])
    assert {entry.id: entry.source for entry in items_of(found.items)} == {"north:0": "north", "north:1": "south"}
    assert found.counts["new"] == 2


entries = st.builds(
    lambda number, shop, price, absent: item(number, shop, price=price).model_copy(
        update={"id": f"shop:{number}", "missing_since": None if absent is None else NIGHT - absent * DAY}
    ),
    number=st.integers(0, 9),
    shop=st.sampled_from(SHOPS),
    price=st.none() | st.just(9.0),
    absent=st.sampled_from([None, None, 0, 2, 3, 4]),
)
states = st.lists(entries, max_size=10, unique_by=lambda entry: entry.id)


@given(states, states, st.sets(st.sampled_from(SHOPS)), st.integers(0, 3))
def test_merge_of_tables_equals_that_of_items(
    before: list[CatalogItem], found: list[CatalogItem], sources: set[str], days: int
) -> None:
    found = [entry.model_copy(update={"missing_since": None, "first_seen": NIGHT}) for entry in found]
    state, left = merge(table_of(before), table_of(found), sources, NIGHT, days * DAY)
    expected, ids = merge_items(before, found, sources, NIGHT, days * DAY)
    assert (by_id(items_of(state)), left) == (expected, len(ids))


def test_predicted_categories_are_assigned_by_content_key() -> None:
    state = [item(1), item(2).model_copy(update={"predicted_category": "Shoes"})]
    stored = StoredKeys(pa.table({KEY: [item(1).content_key], "category": ["Topwear"]}))
    predicted = with_predictions(with_content_keys(table_of(state)), stored)
    assert [entry.predicted_category for entry in items_of(predicted)] == ["Topwear", ""]


def test_change_of_any_row_of_a_large_state_is_found() -> None:
    """A file is read in batches, and the order of the rows is no change."""
    count = 70_000
    ids = pa.array([f"north:{number:05}" for number in range(count)], TEXT)
    state = table_of([item(1)]).take([0] * count).set_column(0, "id", ids)
    before = StoredItems(to_parquet(state), "before")
    assert is_unchanged(before, state.take(list(range(count))[::-1]))
    for row in (0, count - 1):
        prices = [20.0] * count
        prices[row] = 19.0
        changed = state.set_column(state.schema.get_field_index("price"), "price", pa.array(prices))
        assert not is_unchanged(before, changed)
    assert not is_unchanged(before, state.slice(1))
