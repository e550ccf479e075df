"""Whole runs: what they count, embed and publish, and when they are refused."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import table_of
from catalog_jobs.catalog.run_records import RunRecord, RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import SourceResult
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from tests.support.faulty_stores import InterruptedStore
from tests.support.refreshed_catalog import DAY, FakeSource, RefreshedCatalog, contents, item, record_encoded, stock

COUNT = 100
AT_ONCE = timedelta()


def changed(items: Sequence[CatalogItem]) -> list[CatalogItem]:
    """Change two images, three names, five prices and a stock; remove four items and add six."""
    image = [item(number, image_urls=(f"https://north.example/{number}-new.jpg",), price=1.0) for number in range(2)]
    text = [item(number, name=f"Linen shirt {number}", price=1.0) for number in range(2, 5)]
    price = [item(number, price=9.0) for number in range(5, 10)]
    sold_out = [item(10, in_stock=False)]
    new = [item(number) for number in range(COUNT, COUNT + 6)]
    return [*new, *sold_out, *price, *text, *image, *items[11:-4]]


def counts(record: RunRecord) -> dict[str, int]:
    """Return the counts that are not 0."""
    fields = record.report.model_dump(exclude={"guards", "published", "version", "seconds"})
    return {name: count for name, count in fields.items() if count}


def first_night(count: int = COUNT) -> RefreshedCatalog:
    """Return a catalog that was refreshed once."""
    catalog = RefreshedCatalog()
    assert catalog.run(FakeSource(stock(count))).report.published
    return catalog


def kept(catalog: RefreshedCatalog, record: RunRecord) -> RunRecord:
    return RunRecords(catalog.store).read(record.run)


def test_first_run_embeds_and_publishes_everything() -> None:
    catalog = RefreshedCatalog()
    record = catalog.run(FakeSource(stock(COUNT)))
    assert counts(record) == {"new": COUNT, "embedded": COUNT}
    assert (record.error, record.refused, record.report.published) == ("", False, True)
    assert (record.version_before, record.report.version, record.items) == (None, catalog.current.version, COUNT)
    assert all(guard.ok for guard in record.report.guards)
    assert set(catalog.index()) == {entry.id for entry in stock(COUNT)}


def test_run_is_recorded_from_start_to_end() -> None:
    catalog = RefreshedCatalog()
    began = catalog.clock.now
    record = catalog.run(FakeSource(stock(COUNT)))
    assert kept(catalog, record) == record
    assert record.finished is not None
    assert began < record.started < record.finished == catalog.clock.now
    assert record.report.seconds == (record.finished - record.started).total_seconds()
    assert (record.sources, record.tasks, record.dry_run) == (("north",), 1, False)
    again = catalog.run(FakeSource(stock(COUNT)))
    assert (again.base_snapshot, again.version_before) == (record.snapshot, record.report.version)
    assert [entry.run for entry in RunRecords(catalog.store).newest(5)] == [again.run, record.run]


def test_second_run_counts_and_embeds_only_what_changed() -> None:
    catalog = first_night()
    names = record_encoded(catalog.encoder)
    record = catalog.run(FakeSource(changed(stock(COUNT))))
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


def test_changed_prices_and_stock_are_published_without_embedding() -> None:
    catalog = first_night()
    names = record_encoded(catalog.encoder)
    record = catalog.run(FakeSource(stock(COUNT, price=9.0, in_stock=False)))
    assert (counts(record), names) == ({"changed_price": COUNT}, [])
    indexed = [row[0] for row in catalog.index().values()]
    assert {(entry.price, entry.in_stock) for entry in indexed} == {(9.0, False)}


def test_equal_content_is_embedded_once() -> None:
    catalog = RefreshedCatalog()
    twins = stock(30, name="The shirt", image_urls=("https://north.example/shirt.jpg",))
    record = catalog.run(FakeSource([*twins, item(99)]))
    assert counts(record) == {"new": 31, "embedded": 2}
    assert len(catalog.index()) == 31


def test_vectors_of_outdated_content_are_dropped() -> None:
    catalog = first_night()
    for night in ("Linen", "Wool"):
        found = [item(number, name=f"{night} shirt {number}") for number in range(COUNT)]
        assert catalog.run(FakeSource(found), accept_change=True).report.embedded == COUNT
    assert set(catalog.embeddings.stored_keys().keys.to_pylist()) == {entry.content_key for entry in found}
    assert len(catalog.index()) == COUNT


def test_incrementally_built_index_equals_one_built_at_once() -> None:
    by_night, at_once = RefreshedCatalog(), RefreshedCatalog()
    for found in (stock(COUNT - 20), stock(COUNT), changed(stock(COUNT))):
        by_night.run(FakeSource(found), grace=AT_ONCE)
    at_once.run(FakeSource(changed(stock(COUNT))))
    assert by_night.index() == at_once.index()


def test_missing_item_stays_in_the_index_until_its_grace_period_ends() -> None:
    catalog = first_night()
    lefts = []
    for _ in range(4):
        record = catalog.run(FakeSource(stock(COUNT - 1)))
        lefts.append((counts(record).get("gone", 0), record.left, len(catalog.index())))
        catalog.clock.now += DAY
    assert lefts == [(1, 0, COUNT), (0, 0, COUNT), (0, 0, COUNT), (0, 1, COUNT - 1)]


def test_returning_item_is_new_but_not_embedded_again() -> None:
    catalog = first_night()
    catalog.run(FakeSource(stock(COUNT - 1)))
    assert counts(catalog.run(FakeSource(stock(COUNT)))) == {"new": 1, "unchanged": COUNT - 1}


def test_source_with_60_percent_of_its_items_is_refused_until_it_is_complete_again() -> None:
    catalog = first_night()
    before, index = catalog.current, catalog.index()
    record = catalog.run(FakeSource(stock(60), least_yield=0.85))
    assert (record.refused, record.report.published, record.report.version) == (True, False, before.version)
    assert record.error == (
        "Refused, the index in use stays: yield of north is 0.6, the bound is 0.85 (100 before, 60 now)"
    )
    assert kept(catalog, record) == record
    assert [(g.name, g.ok, g.value, g.bound) for g in record.report.guards] == [("yield of north", False, 0.6, 0.85)]
    assert counts(record) == {"gone": 40, "unchanged": 60}
    assert (catalog.current, catalog.index()) == (before, index)
    again = catalog.run(FakeSource(stock(COUNT), least_yield=0.85))
    assert (counts(again), again.report.published) == ({"unchanged": COUNT}, True)


def test_accept_change_publishes_a_refused_change() -> None:
    catalog = first_night()
    record = catalog.run(FakeSource(stock(60)), accept_change=True, grace=AT_ONCE)
    assert (record.error, record.refused, record.report.published, record.left) == ("", False, True, 40)
    failing = {guard.name for guard in record.report.guards if not guard.ok}
    assert {"yield of north", "items", "shop north"} <= failing
    assert len(catalog.index()) == 60


def test_index_that_loses_too_many_items_is_refused_whatever_the_yield() -> None:
    catalog = first_night()
    before = catalog.current
    record = catalog.run(FakeSource(stock(60), least_yield=0.0), grace=AT_ONCE)
    assert record.refused
    assert "items is 0.6, the bound is 0.85 (100 before, 60 now)" in record.error
    assert "shop north is 0.6" in record.error
    assert catalog.current == before


def test_catalog_that_more_than_doubles_is_refused() -> None:
    catalog = first_night()
    record = catalog.run(FakeSource(stock(2 * COUNT + 1)))
    assert record.refused
    assert "growth is 2.01, the bound is 2.0" in record.error
    doubled = catalog.run(FakeSource(stock(2 * COUNT)))
    assert {guard.name: guard.ok for guard in doubled.report.guards if guard.name in ("growth", "canaries")} == {
        "growth": True,
        "canaries": True,
    }


def test_loss_of_a_small_shop_is_refused() -> None:
    catalog = RefreshedCatalog()
    catalog.run(FakeSource(stock(400)), FakeSource(stock(30, "south"), "south"))
    record = catalog.run(FakeSource(stock(400)), FakeSource([], "south", least_yield=0.0), grace=AT_ONCE)
    assert record.refused
    assert "shop south is 0.0" in record.error


def test_loss_of_a_category_is_refused() -> None:
    catalog = RefreshedCatalog()
    catalog.run(FakeSource([*stock(200, category="Topwear"), *(item(200 + n, category="Shoes") for n in range(30))]))
    record = catalog.run(FakeSource(stock(230, category="Topwear")))
    assert record.refused
    assert [guard.name for guard in record.report.guards if not guard.ok] == ["category Shoes"]
    assert "category Shoes is 0.0, the bound is 0.85 (30 before, 0 now)" in record.error


def test_shop_whose_images_all_fail_is_refused() -> None:
    catalog = RefreshedCatalog()
    catalog.run(FakeSource(stock(400)), FakeSource(stock(30, "south"), "south"))
    catalog.missing_images = {"https://south.example/new.jpg"}
    moved = [item(n, "south", image_urls=("https://south.example/new.jpg",)) for n in range(30)]
    record = catalog.run(FakeSource(stock(400)), FakeSource(moved, "south"))
    assert record.refused
    assert "shop south is 0.0, the bound is 0.85 (30 before, 0 now)" in record.error


def test_stopped_shops_keep_their_items_and_the_others_are_published() -> None:
    catalog = RefreshedCatalog()
    catalog.run(
        FakeSource(stock(COUNT)), FakeSource(stock(COUNT, "south"), "south"), FakeSource(stock(COUNT, "east"), "east")
    )
    record = catalog.run(
        FakeSource(stock(COUNT, price=9.0)),
        FakeSource(stock(50, "south", price=9.0), "south"),
        FakeSource(stock(COUNT, "east", price=9.0), "east", failure="A captcha."),
    )
    assert record.report.published
    assert set(record.stopped) == {"south", "east"}
    assert record.stopped["east"] == "reading of east: A captcha."
    prices = {item_id: row[0].price for item_id, row in catalog.index().items()}
    assert {price for item_id, price in prices.items() if item_id.startswith("north")} == {9.0}
    assert {price for item_id, price in prices.items() if not item_id.startswith("north")} == {20.0}
    assert len(prices) == 3 * COUNT


def test_items_of_a_retired_shop_leave_and_imported_items_stay() -> None:
    catalog = RefreshedCatalog()
    by_hand = [entry.model_copy(update={"source": "import"}) for entry in stock(10, "hand")]
    catalog.run(FakeSource(stock(COUNT)), FakeSource(stock(10, "south"), "south"), FakeSource(by_hand, "import"))
    record = catalog.run(FakeSource(stock(COUNT)), configured_shops=["north"], grace=AT_ONCE)
    assert (record.error, record.left) == ("", 10)
    assert {item_id.partition(":")[0] for item_id in catalog.index()} == {"north", "hand"}
    assert catalog.run(FakeSource(stock(COUNT)), configured_shops=None, grace=AT_ONCE).left == 0


def test_items_without_an_image_are_left_out_until_it_is_back() -> None:
    catalog = RefreshedCatalog()
    catalog.missing_images = {f"https://north.example/{number}.jpg" for number in range(5)}
    record = catalog.run(FakeSource(stock(COUNT)))
    assert counts(record) == {"new": COUNT, "embedded": COUNT - 5, "failed": 5}
    assert (record.report.published, record.items, len(catalog.index())) == (True, COUNT - 5, COUNT - 5)
    assert record.failed == {f"north:{number}": "The image's server answered 404." for number in range(5)}
    catalog.missing_images.clear()
    again = catalog.run(FakeSource(stock(COUNT)))
    assert (counts(again), len(catalog.index())) == ({"unchanged": COUNT, "embedded": 5}, COUNT)


def test_too_many_failed_images_are_refused() -> None:
    catalog = first_night(300)
    catalog.missing_images = {f"https://north.example/{number}.jpg" for number in range(300, 330)}
    record = catalog.run(FakeSource(stock(400)))
    assert record.refused
    assert "failed_pictures is 0.3, the bound is 0.1 (30 of 100 images)" in record.error
    assert len(catalog.index()) == 300
    assert catalog.run(FakeSource(stock(400)), accept_change=True).report.published


def test_catalog_without_any_readable_image_raises_an_error() -> None:
    catalog = RefreshedCatalog()
    catalog.missing_images = {f"https://north.example/{number}.jpg" for number in range(5)}
    record = catalog.run(FakeSource(stock(5)))
    assert "No item of the catalog has a readable image" in record.error
    assert (counts(record), catalog.versions.current()) == ({"new": 5, "failed": 5}, None)


def test_record_lists_at_most_100_failures() -> None:
    catalog = RefreshedCatalog()
    catalog.missing_images = {f"https://north.example/{number}.jpg" for number in range(150)}
    record = catalog.run(FakeSource(stock(300)))
    assert (record.report.failed, len(record.failed)) == (150, 100)


def test_run_compares_with_an_imported_catalog() -> None:
    catalog = RefreshedCatalog()
    Snapshots(catalog.store).import_(table_of(stock(COUNT)), catalog.clock())
    assert counts(catalog.run(FakeSource(changed(stock(COUNT))))) == {
        "new": 6,
        "changed_picture": 2,
        "changed_text": 3,
        "changed_price": 6,
        "gone": 4,
        "unchanged": COUNT - 15,
        "embedded": COUNT + 6,
    }


@pytest.mark.parametrize("found", [stock(COUNT + 3), stock(60), []])
def test_dry_run_reports_and_changes_nothing(found: list[CatalogItem]) -> None:
    for catalog in (first_night(), RefreshedCatalog()):
        before = contents(catalog.store)
        source = FakeSource(found)
        record = catalog.run(source, dry_run=True)
        assert contents(catalog.store) == before
        assert source.dry_runs == [True]
        assert (record.dry_run, record.report.published, record.report.version) == (True, False, record.version_before)


def test_dry_run_has_the_same_counts_as_the_run() -> None:
    catalog = first_night()
    dry = catalog.run(FakeSource(changed(stock(COUNT))), dry_run=True)
    assert counts(dry) == counts(catalog.run(FakeSource(changed(stock(COUNT)))))


def test_dry_run_reports_a_refusal() -> None:
    catalog = first_night()
    dry = catalog.run(FakeSource(stock(60)), dry_run=True)
    assert dry.refused
    assert "yield of north is 0.6" in dry.error


def test_older_of_two_overlapping_runs_stops_and_the_newer_one_publishes() -> None:
    catalog = first_night()
    others: list[RunRecord] = []
    interrupted = InterruptedStore(
        catalog.store,
        "write",
        ".keys.parquet",
        lambda: others.append(catalog.run(FakeSource(stock(COUNT + 2)), key="the other")),
    )
    record = catalog.over(interrupted).run(FakeSource(stock(COUNT + 50)), key="the first")
    (other,) = others
    assert other.report.published
    assert "Run the other took the lease" in record.error
    assert "this run (the first) has stopped and published nothing" in record.error
    assert (record.report.published, record.refused) == (False, False)
    assert kept(catalog, record) == record
    assert catalog.current.version == other.report.version
    assert len(catalog.index()) == COUNT + 2


def test_next_run_uses_the_vectors_of_a_run_that_lost_its_lease() -> None:
    catalog = first_night()
    interrupted = InterruptedStore(
        catalog.store, "write", ".keys.parquet", lambda: catalog.run(FakeSource(stock(COUNT)), key="the other")
    )
    catalog.over(interrupted).run(FakeSource(stock(COUNT + 50)), key="the first")
    assert counts(catalog.run(FakeSource(stock(COUNT + 50))))["embedded"] < 50


class MissingSource:
    """A source that does not exist."""

    name, least_yield = "north", 0.8

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> SourceResult:
        raise InvalidInput("source_missing", "It does not exist.")


def test_invalid_source_ends_the_run_with_an_error() -> None:
    catalog = first_night()
    before = catalog.current
    record = catalog.run(MissingSource())
    assert (record.error, record.refused, record.finished is not None) == ("It does not exist.", False, True)
    assert (kept(catalog, record), catalog.current) == (record, before)


def test_first_run_of_an_empty_source_publishes_nothing() -> None:
    catalog = RefreshedCatalog()
    record = catalog.run(FakeSource([]))
    assert record.error
    assert (record.report.published, catalog.versions.current()) == (False, None)


def test_bug_propagates_and_leaves_the_record_unfinished() -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    catalog = first_night()
    catalog.encoder.before = broken
    with pytest.raises(ZeroDivisionError):
        catalog.run(FakeSource(stock(COUNT + 1)))
    assert RunRecords(catalog.store).newest(1)[0].finished is None
    assert len(catalog.index()) == COUNT


def test_unreadable_version_does_not_affect_a_run() -> None:
    catalog = first_night()
    catalog.store.write("index/20260101T000000000Z-old/manifest.json", b"{")
    record = catalog.run(FakeSource(stock(COUNT + 1)))
    assert (record.error, record.report.published, len(catalog.index())) == ("", True, COUNT + 1)
