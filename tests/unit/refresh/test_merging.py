"""The catalog's next state from what its sources said."""

from datetime import datetime, timedelta

import pytest

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.refresh.merging import Merged, merged, with_predictions
from tests.support.refreshed_catalog import DAY, NOW, item, missing, stock

NORTH = frozenset({"north"})


def on(
    now: datetime, before: list[CatalogItem], found: list[CatalogItem], grace: timedelta = 3 * DAY
) -> tuple[dict[str, CatalogItem], list[str]]:
    """The state after the shop in the north was read, by id, and who left."""
    after: Merged = merged(before, found, NORTH, now, grace)
    return {one.id: one for one in after.items}, list(after.left)


def test_without_grace_an_item_leaves_at_once() -> None:
    assert on(NOW, stock(2), [item(0)], timedelta()) == ({"north:0": item(0)}, ["north:1"])


def test_an_item_stays_for_its_grace_and_then_leaves() -> None:
    state = stock(2)
    for night in range(3):
        after, left = on(NOW + night * DAY, state, [item(0)])
        assert left == []
        assert after["north:1"] == missing(item(1), NOW)
        state = list(after.values())
    after, left = on(NOW + 3 * DAY, state, [item(0)])
    assert (set(after), left) == ({"north:0"}, ["north:1"])


@pytest.mark.parametrize(("hours", "stays"), [(-1, True), (0, False), (1, False)])
def test_grace_is_over_to_the_hour(hours: int, stays: bool) -> None:
    after, _ = on(NOW + 3 * DAY + timedelta(hours=hours), [missing(item(1))], [])
    assert ("north:1" in after) is stays


def test_an_item_that_returns_is_missing_no_more_and_was_first_seen_when_it_was() -> None:
    later = NOW + DAY
    after, left = on(later, [missing(item(1))], [item(1, seen=later, price=9.0)])
    assert left == []
    assert after["north:1"] == item(1, seen=later, price=9.0).model_copy(update={"first_seen": NOW})


def test_what_is_found_again_is_as_its_shop_says_now() -> None:
    later = NOW + DAY
    after, _ = on(later, [item(1)], [item(1, seen=later, name="Linen shirt")])
    assert (after["north:1"].name, after["north:1"].first_seen, after["north:1"].last_seen) == (
        "Linen shirt",
        NOW,
        later,
    )


def test_a_new_item_is_first_seen_now() -> None:
    later = NOW + DAY
    after, _ = on(later, [], [item(1, seen=later)])
    assert after["north:1"].first_seen == later


def test_items_of_other_sources_stay_as_they_are() -> None:
    others = [item(1, "south"), missing(item(2, "south"), NOW - 30 * DAY)]
    after, left = on(NOW, [item(1), *others], [], timedelta())
    assert after == {one.id: one for one in others}
    assert left == ["north:1"]


def test_the_next_state_is_in_the_order_of_ids() -> None:
    state = merged([item(5), item(3)], [item(4), item(1)], NORTH, NOW, 3 * DAY)
    assert [one.id for one in state.items] == ["north:1", "north:3", "north:4", "north:5"]
    assert merged([item(5), item(3)], [], NORTH, NOW, timedelta()).left == ["north:3", "north:5"]


def test_what_the_encoder_made_of_content_goes_with_it() -> None:
    state = [item(1), item(2).model_copy(update={"predicted_category": "Shoes"})]
    told = with_predictions(state, {item(1).content_key: "Topwear"})
    assert [one.predicted_category for one in told] == ["Topwear", ""]
