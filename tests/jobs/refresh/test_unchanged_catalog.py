"""A run that changes nothing keeps the index in use, and one that changes anything in it does not."""

from datetime import timedelta

import pytest

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.refresh.publishing import MAX_AGE
from closetspace.domain.index.bundle import VECTORS, bundle_folder
from closetspace.domain.index.publication import CURRENT
from tests.support.faulty_stores import Killed, KillingStore
from tests.support.refreshed_catalog import FakeSource, RefreshedCatalog, contents, item, record_encoded, stock

COUNT = 40
SOLD_OUT = stock(COUNT)[-1].image_urls[0]


def is_index_written(operation: str, name: str) -> bool:
    return operation == "write" and name.startswith("index/")


def first_night() -> RefreshedCatalog:
    catalog = RefreshedCatalog()
    assert catalog.run(FakeSource(stock(COUNT))).report.published
    return catalog


def test_run_without_changes_keeps_index_and_snapshot() -> None:
    catalog = first_night()
    before, names = contents(catalog.store), record_encoded(catalog.encoder)
    record = catalog.run(FakeSource(stock(COUNT)))
    assert (record.error, record.report.published, record.report.unchanged, names) == ("", True, COUNT, [])
    assert record.report.version == record.version_before == catalog.current.version
    assert (record.snapshot, record.items) == (record.base_snapshot, COUNT)
    is_of_run = ("catalog/runs/", "catalog/work/", "catalog/lease.json")
    assert {name for name, stored in contents(catalog.store).items() if before.get(name) != stored} == {
        name for name in contents(catalog.store) if name.startswith(is_of_run) and name not in before
    } | {"catalog/lease.json"}


def test_order_of_a_source_is_no_change() -> None:
    catalog = first_night()
    before = catalog.current
    catalog.run(FakeSource(stock(COUNT)[::-1]))
    assert catalog.current == before


@pytest.mark.parametrize(
    "found",
    [
        [*stock(COUNT), item(COUNT)],
        stock(COUNT)[:-1],
        [*stock(COUNT)[:-1], item(COUNT - 1, price=19.0)],
        [*stock(COUNT)[:-1], item(COUNT - 1, list_price=30.0)],
        [*stock(COUNT)[:-1], item(COUNT - 1, sizes=("S", "M"))],
        [*stock(COUNT)[:-1], item(COUNT - 1, in_stock=False)],
        [*stock(COUNT)[:-1], item(COUNT - 1, name="Linen shirt")],
        [*stock(COUNT)[:-1], item(COUNT - 1, colours=("Red",))],
        [*stock(COUNT)[:-1], item(COUNT - 1, image_urls=(SOLD_OUT, "https://north.example/back.jpg"))],
    ],
    ids=["new", "missing", "price", "list price", "sizes", "stock", "name", "colours", "another picture's address"],
)
def test_any_change_of_an_item_is_published(found: list[CatalogItem]) -> None:
    catalog = first_night()
    before = catalog.current.version
    record = catalog.run(FakeSource(found))
    assert catalog.current.version == record.report.version != before
    # What was published is the state that the next run compares with.
    assert catalog.run(FakeSource(found)).report.version == record.report.version


def test_grace_period_of_a_missing_item_ends_although_nothing_else_changes() -> None:
    catalog = first_night()
    found = stock(COUNT)[:-1]
    catalog.run(FakeSource(found))
    catalog.clock.now += timedelta(days=1)
    kept = catalog.run(FakeSource(found)).report.version
    assert (len(catalog.index()), catalog.current.version) == (COUNT, kept)
    catalog.clock.now += timedelta(days=2)
    assert catalog.run(FakeSource(found)).left == 1
    assert len(catalog.index()) == COUNT - 1


def test_item_enters_the_index_as_soon_as_its_picture_can_be_read() -> None:
    catalog = RefreshedCatalog(missing_images={SOLD_OUT})
    catalog.run(FakeSource(stock(COUNT)))
    without = catalog.current.version
    assert catalog.run(FakeSource(stock(COUNT))).report.failed == 1
    assert catalog.current.version == without
    catalog.missing_images.clear()
    assert catalog.run(FakeSource(stock(COUNT))).report.embedded == 1
    assert (len(catalog.index()), catalog.current.version != without) == (COUNT, True)


def test_vectors_that_a_killed_run_made_enter_the_index() -> None:
    catalog = RefreshedCatalog(missing_images={SOLD_OUT})
    catalog.run(FakeSource(stock(COUNT)))
    catalog.missing_images.clear()
    with pytest.raises(Killed):
        catalog.over(KillingStore(catalog.store, 1, is_index_written)).run(FakeSource(stock(COUNT)))
    assert catalog.run(FakeSource(stock(COUNT))).report.embedded == 0
    assert len(catalog.index()) == COUNT


def test_vectors_made_anew_replace_those_of_the_index() -> None:
    catalog = first_night()
    before = catalog.current.version
    for stat in list(catalog.store.list("catalog/vectors/")):
        catalog.store.delete(stat.name)
    assert catalog.run(FakeSource(stock(COUNT))).report.embedded == COUNT
    assert catalog.current.version != before


@pytest.mark.parametrize(("age", "is_rebuilt"), [(MAX_AGE - timedelta(minutes=1), False), (MAX_AGE, True)])
def test_old_index_is_built_anew(age: timedelta, is_rebuilt: bool) -> None:
    catalog = first_night()
    before = catalog.current.version
    catalog.clock.now += age
    record = catalog.run(FakeSource(stock(COUNT)))
    assert (catalog.current.version != before, record.report.published) == (is_rebuilt, True)


def test_run_that_rebuilt_an_unchanged_catalog_changes_nothing_when_started_again() -> None:
    catalog = first_night()
    catalog.clock.now += MAX_AGE
    killing = KillingStore(catalog.store, 1, lambda operation, name: (operation, name) == ("write", CURRENT))
    with pytest.raises(Killed):
        catalog.over(killing).run(FakeSource(stock(COUNT)), key="run-7")
    published = catalog.current
    record = catalog.run(FakeSource(stock(COUNT)), key="run-7")
    assert (record.error, record.report.version, catalog.current) == ("", published.version, published)


def test_killed_run_without_changes_has_not_published_the_index_that_stayed() -> None:
    catalog = first_night()
    killing = KillingStore(catalog.store, 1, lambda _, name: name.startswith("catalog/work/run-7/shards"))
    with pytest.raises(Killed):
        catalog.over(killing).run(FakeSource(stock(COUNT)), key="run-7")
    catalog.run(FakeSource(stock(COUNT)))
    after, killed, first = RunRecords(catalog.store).newest(3)
    assert (killed.finished, killed.report.published) == (None, False)
    assert (killed.snapshot, after.report.version) == (first.snapshot, first.report.version)


def test_damaged_index_in_use_fails_the_run() -> None:
    catalog = first_night()
    catalog.store.delete(bundle_folder(catalog.current.version) + VECTORS)
    record = catalog.run(FakeSource(stock(COUNT)))
    assert VECTORS in record.error
    assert not record.report.published
