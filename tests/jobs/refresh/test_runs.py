"""Whole runs: what they find, what they embed, what they publish, and when they leave everything as it was."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Progress
from catalog_jobs.catalog.source_result import Scraped
from closetspace.errors import InvalidInput
from tests.support.faulty_stores import Meddled
from tests.support.refreshed_catalog import DAY, Inventory, Refreshed, contents, counting, item, stock

COUNT = 100
AT_ONCE = timedelta()


def changed(items: Sequence[CatalogItem]) -> list[CatalogItem]:
    """Two pictures, three names, five prices and a stock changed, four items gone and six new."""
    picture = [item(number, image_urls=(f"https://north.example/{number}-new.jpg",), price=1.0) for number in range(2)]
    text = [item(number, name=f"Linen shirt {number}", price=1.0) for number in range(2, 5)]
    price = [item(number, price=9.0) for number in range(5, 10)]
    sold_out = [item(10, available=False)]
    new = [item(number) for number in range(COUNT, COUNT + 6)]
    return [*new, *sold_out, *price, *text, *picture, *items[11:-4]]


def counts(record: RunRecord) -> dict[str, int]:
    """What was counted and is not 0."""
    told = record.report.model_dump(exclude={"guards", "published", "version", "seconds"})
    return {name: count for name, count in told.items() if count}


def first_night(count: int = COUNT) -> Refreshed:
    """A store that was refreshed once."""
    world = Refreshed()
    assert world.run(Inventory(stock(count))).report.published
    return world


def kept(world: Refreshed, record: RunRecord) -> RunRecord:
    return RunRecords(world.store).read(record.run)


def test_a_first_run_embeds_and_publishes_everything() -> None:
    world = Refreshed()
    record = world.run(Inventory(stock(COUNT)))
    assert counts(record) == {"new": COUNT, "embedded": COUNT}
    assert (record.error, record.refused, record.report.published) == ("", False, True)
    assert (record.version_before, record.report.version, record.items) == (None, world.current.version, COUNT)
    assert all(guard.ok for guard in record.report.guards)
    assert set(world.index()) == {one.id for one in stock(COUNT)}


def test_a_run_is_recorded_from_its_start_to_its_end() -> None:
    world = Refreshed()
    began = world.clock.now
    record = world.run(Inventory(stock(COUNT)))
    assert kept(world, record) == record
    assert record.finished is not None
    assert began < record.started < record.finished == world.clock.now
    assert record.report.seconds == (record.finished - record.started).total_seconds()
    assert (record.sources, record.tasks, record.dry_run) == (("north",), 1, False)
    again = world.run(Inventory(stock(COUNT)))
    assert (again.base_snapshot, again.version_before) == (record.snapshot, record.report.version)
    assert [one.run for one in RunRecords(world.store).list(5)] == [again.run, record.run]


def test_a_second_run_finds_exactly_what_changed_and_embeds_only_that() -> None:
    world = first_night()
    names = counting(world.encoder)
    record = world.run(Inventory(changed(stock(COUNT))))
    assert counts(record) == {
        "new": 6,
        "changed_picture": 2,
        "changed_text": 3,
        "changed_price": 6,
        "gone": 4,
        "unchanged": COUNT - 15,
        "embedded": 11,
    }
    assert sorted(names) == sorted(
        [f"Shirt {n}" for n in (0, 1, *range(COUNT, COUNT + 6))] + [f"Linen shirt {n}" for n in (2, 3, 4)]
    )


def test_where_nothing_changed_nothing_is_embedded_and_a_version_is_published_all_the_same() -> None:
    world = first_night()
    before, names = world.current.version, counting(world.encoder)
    record = world.run(Inventory(stock(COUNT)))
    assert (counts(record), names) == ({"unchanged": COUNT}, [])
    assert world.current.version == record.report.version != before
    assert world.current.history == (before,)


def test_prices_and_stock_are_shown_anew_without_embedding() -> None:
    world = first_night()
    names = counting(world.encoder)
    record = world.run(Inventory(stock(COUNT, price=9.0, available=False)))
    assert (counts(record), names) == ({"changed_price": COUNT}, [])
    shown = [told[0] for told in world.index().values()]
    assert {(getattr(one, "price", 0), getattr(one, "in_stock", 0)) for one in shown} == {(9.0, False)}


def test_equal_content_is_embedded_once_for_all_items_that_have_it() -> None:
    world = Refreshed()
    twins = stock(30, name="The shirt", image_urls=("https://north.example/shirt.jpg",))
    record = world.run(Inventory([*twins, item(99)]))
    assert counts(record) == {"new": 31, "embedded": 2}
    assert len(world.index()) == 31


def test_vectors_of_content_that_is_long_gone_are_dropped() -> None:
    world = first_night()
    for night in ("Linen", "Wool"):
        found = [item(number, name=f"{night} shirt {number}") for number in range(COUNT)]
        assert world.run(Inventory(found), accept_change=True).report.embedded == COUNT
    assert set(world.kept.known().part_of) == {one.content_key for one in found}
    assert len(world.index()) == COUNT


def test_an_index_built_night_by_night_is_the_one_built_at_once() -> None:
    by_night, at_once = Refreshed(), Refreshed()
    for found in (stock(COUNT - 20), stock(COUNT), changed(stock(COUNT))):
        by_night.run(Inventory(found), grace=AT_ONCE)
    at_once.run(Inventory(changed(stock(COUNT))))
    assert by_night.index() == at_once.index()


def test_an_item_is_in_the_index_until_its_grace_is_over() -> None:
    world = first_night()
    lefts = []
    for _ in range(4):
        record = world.run(Inventory(stock(COUNT - 1)))
        lefts.append((counts(record).get("gone", 0), record.left, len(world.index())))
        world.clock.now += DAY
    assert lefts == [(1, 0, COUNT), (0, 0, COUNT), (0, 0, COUNT), (0, 1, COUNT - 1)]


def test_an_item_that_returns_is_new_and_embedded_before() -> None:
    world = first_night()
    world.run(Inventory(stock(COUNT - 1)))
    assert counts(world.run(Inventory(stock(COUNT)))) == {"new": 1, "unchanged": COUNT - 1}


def test_a_source_that_suddenly_returns_60_percent_is_refused_until_it_is_whole_again() -> None:
    world = first_night()
    before, index = world.current, world.index()
    record = world.run(Inventory(stock(60), least_yield=0.85))
    assert (record.refused, record.report.published, record.report.version) == (True, False, before.version)
    assert record.error == (
        "Refused, the index in use stays: yield of north is 0.6, the bound is 0.85 (100 before, 60 now)"
    )
    assert kept(world, record) == record
    assert [(g.name, g.ok, g.value, g.bound) for g in record.report.guards] == [("yield of north", False, 0.6, 0.85)]
    assert counts(record) == {"gone": 40, "unchanged": 60}
    assert (world.current, world.index()) == (before, index)
    again = world.run(Inventory(stock(COUNT), least_yield=0.85))
    assert (counts(again), again.report.published) == ({"unchanged": COUNT}, True)


def test_an_operator_who_knows_better_publishes_a_change_that_was_refused() -> None:
    world = first_night()
    record = world.run(Inventory(stock(60)), accept_change=True, grace=AT_ONCE)
    assert (record.error, record.refused, record.report.published, record.left) == ("", False, True, 40)
    failing = {guard.name for guard in record.report.guards if not guard.ok}
    assert {"yield of north", "items", "shop north"} <= failing
    assert len(world.index()) == 60


def test_an_index_that_would_lose_too_much_is_refused_whatever_its_sources_may_yield() -> None:
    world = first_night()
    before = world.current
    record = world.run(Inventory(stock(60), least_yield=0.0), grace=AT_ONCE)
    assert record.refused
    assert "items is 0.6, the bound is 0.85 (100 before, 60 now)" in record.error
    assert "shop north is 0.6" in record.error
    assert world.current == before


def test_a_catalog_that_doubles_overnight_is_refused() -> None:
    world = first_night()
    record = world.run(Inventory(stock(2 * COUNT + 1)))
    assert record.refused
    assert "growth is 2.01, the bound is 2.0" in record.error
    doubled = world.run(Inventory(stock(2 * COUNT)))
    assert {guard.name: guard.ok for guard in doubled.report.guards if guard.name in ("growth", "canaries")} == {
        "growth": True,
        "canaries": True,
    }


def test_a_small_shop_that_is_lost_is_not_lost_in_the_total() -> None:
    world = Refreshed()
    world.run(Inventory(stock(400)), Inventory(stock(30, "south"), "south"))
    record = world.run(Inventory(stock(400)), Inventory([], "south", least_yield=0.0), grace=AT_ONCE)
    assert record.refused
    assert "shop south is 0.0" in record.error


def test_a_category_that_is_lost_is_not_lost_in_the_total() -> None:
    world = Refreshed()
    world.run(Inventory([*stock(200, category="Topwear"), *(item(200 + n, category="Shoes") for n in range(30))]))
    record = world.run(Inventory(stock(230, category="Topwear")))
    assert record.refused
    assert [guard.name for guard in record.report.guards if not guard.ok] == ["category Shoes"]
    assert "category Shoes is 0.0, the bound is 0.85 (30 before, 0 now)" in record.error


def test_a_shop_none_of_whose_pictures_can_be_had_any_more_has_lost_its_items() -> None:
    world = Refreshed()
    world.run(Inventory(stock(400)), Inventory(stock(30, "south"), "south"))
    world.gone_pictures = {"https://south.example/new.jpg"}
    moved = [item(n, "south", image_urls=("https://south.example/new.jpg",)) for n in range(30)]
    record = world.run(Inventory(stock(400)), Inventory(moved, "south"))
    assert record.refused
    assert "shop south is 0.0, the bound is 0.85 (30 before, 0 now)" in record.error


def test_one_shop_that_is_stopped_keeps_its_items_and_the_others_are_published() -> None:
    world = Refreshed()
    world.run(
        Inventory(stock(COUNT)), Inventory(stock(COUNT, "south"), "south"), Inventory(stock(COUNT, "east"), "east")
    )
    record = world.run(
        Inventory(stock(COUNT, price=9.0)),
        Inventory(stock(50, "south", price=9.0), "south"),
        Inventory(stock(COUNT, "east", price=9.0), "east", trouble="A captcha."),
    )
    assert record.report.published
    assert set(record.stopped) == {"south", "east"}
    assert record.stopped["east"] == "reading of east: A captcha."
    prices = {item_id: getattr(told[0], "price", None) for item_id, told in world.index().items()}
    assert {price for item_id, price in prices.items() if item_id.startswith("north")} == {9.0}
    assert {price for item_id, price in prices.items() if not item_id.startswith("north")} == {20.0}
    assert len(prices) == 3 * COUNT


def test_a_shop_that_nobody_configures_any_more_leaves_and_what_was_given_by_hand_stays() -> None:
    world = Refreshed()
    by_hand = [one.model_copy(update={"source": "import"}) for one in stock(10, "hand")]
    world.run(Inventory(stock(COUNT)), Inventory(stock(10, "south"), "south"), Inventory(by_hand, "import"))
    record = world.run(Inventory(stock(COUNT)), configured=["north"], grace=AT_ONCE)
    assert (record.error, record.left) == ("", 10)
    assert {item_id.partition(":")[0] for item_id in world.index()} == {"north", "hand"}
    assert world.run(Inventory(stock(COUNT)), configured=None, grace=AT_ONCE).left == 0


def test_items_whose_picture_is_gone_are_left_out_until_it_is_back() -> None:
    world = Refreshed()
    world.gone_pictures = {f"https://north.example/{number}.jpg" for number in range(5)}
    record = world.run(Inventory(stock(COUNT)))
    assert counts(record) == {"new": COUNT, "embedded": COUNT - 5, "failed": 5}
    assert (record.report.published, record.items, len(world.index())) == (True, COUNT - 5, COUNT - 5)
    assert record.failed == {f"north:{number}": "The picture's server answered 404." for number in range(5)}
    world.gone_pictures.clear()
    again = world.run(Inventory(stock(COUNT)))
    assert (counts(again), len(world.index())) == ({"unchanged": COUNT, "embedded": 5}, COUNT)


def test_too_many_pictures_that_fail_are_refused() -> None:
    world = first_night(300)
    world.gone_pictures = {f"https://north.example/{number}.jpg" for number in range(300, 330)}
    record = world.run(Inventory(stock(400)))
    assert record.refused
    assert "failed_pictures is 0.3, the bound is 0.1 (30 of 100 pictures)" in record.error
    assert len(world.index()) == 300
    assert world.run(Inventory(stock(400)), accept_change=True).report.published


def test_a_catalog_of_which_no_picture_can_be_read_says_so() -> None:
    world = Refreshed()
    world.gone_pictures = {f"https://north.example/{number}.jpg" for number in range(5)}
    record = world.run(Inventory(stock(5)))
    assert "No item of the catalog has a picture that can be read" in record.error
    assert (counts(record), world.versions.current()) == ({"new": 5, "failed": 5}, None)


def test_only_so_many_failures_are_told() -> None:
    world = Refreshed()
    world.gone_pictures = {f"https://north.example/{number}.jpg" for number in range(150)}
    record = world.run(Inventory(stock(300)))
    assert (record.report.failed, len(record.failed)) == (150, 100)


def test_what_was_imported_is_what_a_run_compares_with() -> None:
    world = Refreshed()
    Snapshots(world.store).import_(stock(COUNT), world.clock())
    assert counts(world.run(Inventory(changed(stock(COUNT))))) == {
        "new": 6,
        "changed_picture": 2,
        "changed_text": 3,
        "changed_price": 6,
        "gone": 4,
        "unchanged": COUNT - 15,
        "embedded": COUNT + 6,
    }


@pytest.mark.parametrize("found", [stock(COUNT + 3), stock(60), []])
def test_a_dry_run_tells_and_changes_not_one_byte(found: list[CatalogItem]) -> None:
    for world in (first_night(), Refreshed()):
        before = contents(world.store)
        source = Inventory(found)
        told = world.run(source, dry_run=True)
        assert contents(world.store) == before
        assert source.read_dry == [True]
        assert (told.dry_run, told.report.published, told.report.version) == (True, False, told.version_before)


def test_a_dry_run_tells_what_the_run_then_does() -> None:
    world = first_night()
    told = world.run(Inventory(changed(stock(COUNT))), dry_run=True)
    assert counts(told) == counts(world.run(Inventory(changed(stock(COUNT)))))


def test_a_dry_run_tells_that_it_would_be_refused() -> None:
    world = first_night()
    told = world.run(Inventory(stock(60)), dry_run=True)
    assert told.refused
    assert "yield of north is 0.6" in told.error


def test_a_run_that_another_one_overtakes_stops_and_the_other_goes_on() -> None:
    world = first_night()
    others: list[RunRecord] = []
    meddled = Meddled(
        world.store,
        "write",
        ".keys.parquet",
        lambda: others.append(world.run(Inventory(stock(COUNT + 2)), key="the other")),
    )
    record = world.over(meddled).run(Inventory(stock(COUNT + 50)), key="the first")
    (other,) = others
    assert other.report.published
    assert "Run the other took the lease" in record.error
    assert "this run (the first) has stopped and published nothing" in record.error
    assert (record.report.published, record.refused) == (False, False)
    assert kept(world, record) == record
    assert world.current.version == other.report.version
    assert len(world.index()) == COUNT + 2


def test_a_run_that_was_overtaken_leaves_what_it_embedded_to_the_next() -> None:
    world = first_night()
    meddled = Meddled(
        world.store, "write", ".keys.parquet", lambda: world.run(Inventory(stock(COUNT)), key="the other")
    )
    world.over(meddled).run(Inventory(stock(COUNT + 50)), key="the first")
    assert counts(world.run(Inventory(stock(COUNT + 50))))["embedded"] < 50


class NoSource:
    """An address where there is nothing."""

    name, least_yield = "north", 0.8

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> Scraped:
        raise InvalidInput("source_missing", "There is nothing.")


def test_a_source_that_is_none_ends_the_run_with_the_reason() -> None:
    world = first_night()
    before = world.current
    record = world.run(NoSource())
    assert (record.error, record.refused, record.finished is not None) == ("There is nothing.", False, True)
    assert (kept(world, record), world.current) == (record, before)


def test_a_first_run_of_a_source_that_has_nothing_publishes_nothing() -> None:
    world = Refreshed()
    record = world.run(Inventory([]))
    assert record.error
    assert (record.report.published, world.versions.current()) == (False, None)


def test_a_bug_is_no_refusal_and_leaves_the_run_without_an_end() -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    world = first_night()
    world.encoder.before = broken
    with pytest.raises(ZeroDivisionError):
        world.run(Inventory(stock(COUNT + 1)))
    assert RunRecords(world.store).list(1)[0].finished is None
    assert len(world.index()) == COUNT


def test_a_version_that_nobody_can_read_hinders_no_run() -> None:
    world = first_night()
    world.store.write("index/20260101T000000000Z-old/manifest.json", b"{")
    record = world.run(Inventory(stock(COUNT + 1)))
    assert (record.error, record.report.published, len(world.index())) == ("", True, COUNT + 1)
