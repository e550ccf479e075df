"""Whose update counts, and what is to be done then."""

from collections.abc import Collection, Sequence
from datetime import timedelta

import pytest

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.source_result import Scraped
from catalog_jobs.refresh.planning import Planned, plan
from tests.support.refreshed_catalog import DAY, NOW, item, missing, stock

SHOPS = ("east", "north", "south")
BEFORE = [one for shop in SHOPS for one in stock(100, shop)]
NIGHT = NOW + DAY


def gave(shop: str, count: int, trouble: str = "", first: int = 0) -> Scraped:
    found = [item(number, shop, seen=NIGHT, price=9.0) for number in range(first, first + count)]
    return Scraped(shop, found, trouble=trouble)


def planned(
    *scraped: Scraped,
    before: Sequence[CatalogItem] = BEFORE,
    retired: Collection[str] = (),
    grace: timedelta = 3 * DAY,
    accept_change: bool = False,
) -> Planned:
    return plan(before, scraped, dict.fromkeys(SHOPS, 0.8), retired, NIGHT, grace, accept_change)


def of(shop: str, found: Planned) -> list[CatalogItem]:
    return [one for one in found.items if one.source == shop]


def by_id(items: Sequence[CatalogItem]) -> list[CatalogItem]:
    return sorted(items, key=lambda one: one.id)


def test_a_shop_that_gives_far_less_keeps_what_it_had_and_the_others_go_on() -> None:
    found = planned(gave("east", 100), gave("north", 60), gave("south", 80))
    assert set(found.stopped) == {"north"}
    assert "yield of north is 0.6, the bound is 0.8" in found.stopped["north"]
    assert found.refused == ""
    assert of("north", found) == by_id(stock(100, "north"))
    assert all(one.price == 9.0 for one in of("east", found))
    assert sum(one.missing_since == NIGHT for one in of("south", found)) == 20


def test_a_shop_in_trouble_keeps_what_it_had_however_much_it_gave() -> None:
    found = planned(gave("east", 100), gave("north", 100, "A captcha."), gave("south", 100))
    assert found.stopped == {"north": "reading of north: A captcha."}
    assert of("north", found) == by_id(stock(100, "north"))
    assert all(one.price == 9.0 for one in of("south", found))


def test_counts_tell_of_a_stopped_shop_too() -> None:
    found = planned(gave("east", 100), gave("north", 60), gave("south", 100))
    assert (found.counts["gone"], found.counts["changed_price"]) == (40, 260)


def test_counts_tell_of_no_shop_that_was_not_read() -> None:
    found = planned(gave("north", 100))
    assert (sum(found.counts.values()), found.counts["changed_price"]) == (100, 100)
    assert of("east", found) == by_id(stock(100, "east"))


def test_when_every_shop_is_stopped_the_run_is_refused_and_says_why_of_each() -> None:
    found = planned(gave("east", 10), gave("north", 60), gave("south", 0, "No answer."))
    assert set(found.stopped) == set(SHOPS)
    assert all(why in found.refused for why in found.stopped.values())
    assert list(found.items) == by_id(BEFORE)


def test_one_shop_that_is_stopped_alone_is_refused_whatever_is_retired() -> None:
    assert planned(gave("north", 10)).refused
    assert planned(gave("north", 10), retired=["south"]).refused


def test_an_accepted_change_lets_a_shop_give_less() -> None:
    found = planned(gave("north", 10), grace=timedelta(), accept_change=True)
    assert (found.refused, found.stopped, len(of("north", found)), found.left) == ("", {}, 10, 90)
    assert [guard.ok for guard in found.guards] == [False]


def test_an_accepted_change_does_not_excuse_trouble() -> None:
    found = planned(gave("north", 10, "A captcha."), accept_change=True)
    assert found.refused == "reading of north: A captcha."


def test_a_shop_that_nobody_configures_any_more_loses_its_items_after_their_grace() -> None:
    found = planned(gave("north", 100), retired=["south"])
    assert {one.missing_since for one in of("south", found)} == {NIGHT}
    found = planned(gave("north", 100), retired=["south"], grace=timedelta())
    assert (of("south", found), found.left, found.counts["gone"]) == ([], 100, 100)
    assert len(of("east", found)) == 100


def test_a_shop_is_held_to_what_it_had_and_not_to_what_was_missing() -> None:
    before = [*stock(50, "north"), *(missing(item(number, "north")) for number in range(50, 100))]
    assert planned(gave("north", 40), before=before).stopped == {}
    assert "north" in planned(gave("north", 39), before=before).stopped


def test_a_new_shop_has_no_yield_to_fall_short_of() -> None:
    found = planned(gave("north", 3), before=[])
    assert (found.guards, found.refused, found.counts["new"]) == ([], "", 3)


@pytest.mark.parametrize("count", [100, 79])
def test_every_guard_that_was_asked_is_told(count: int) -> None:
    found = planned(gave("north", count), gave("south", 100))
    assert {guard.name: guard.ok for guard in found.guards} == {"yield of north": count == 100, "yield of south": True}
