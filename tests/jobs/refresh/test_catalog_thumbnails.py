"""Thumbnails of catalog images: made once, whatever is killed, and never at the cost of an item."""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.refresh.images import stored_thumbnails
from closetspace.domain.index.pictures import THUMBNAILS_FOLDER, thumbnail_key, thumbnail_names
from closetspace.domain.wardrobe.thumbnails import SIDES
from tests.support.fakes import shrink_anything
from tests.support.faulty_stores import Killed, KillingStore
from tests.support.refreshed_catalog import FakeSource, RefreshedCatalog, contents, item, stock

PLAIN = item(7)
"""An item whose image can't be made smaller, once `with_plain_image` has stored it."""


def with_plain_image(catalog: RefreshedCatalog) -> RefreshedCatalog:
    catalog.store.write(PLAIN.image, b"plain colour")
    return catalog


def thumbnails(catalog: RefreshedCatalog) -> dict[str, tuple[int, bytes]]:
    """Return the generation and the bytes of every thumbnail."""
    return {name: stored for name, stored in contents(catalog.store).items() if name.startswith(THUMBNAILS_FOLDER)}


def names_of(items: Iterable[CatalogItem]) -> set[str]:
    return {name for entry in items for name in thumbnail_names(entry.image)}


def is_thumbnail(operation: str, name: str) -> bool:
    return operation == "write" and name.startswith(THUMBNAILS_FOLDER)


def test_answers_have_the_addresses_of_stored_thumbnails() -> None:
    catalog = RefreshedCatalog()
    assert catalog.run(FakeSource(stock(30))).report.published
    assert set(thumbnails(catalog)) == names_of(stock(30))
    for entry in stock(30):
        pictures = catalog.index()[entry.id][0].pictures
        data = catalog.store.read(entry.image)
        assert pictures is not None
        assert {side: catalog.store.read(url.removeprefix("memory:")) for side, url in pictures.items()} == dict(
            zip(map(str, SIDES), shrink_anything(data, SIDES), strict=True)
        )


def test_earlier_catalog_gets_thumbnails_without_being_embedded_or_looked_up_one_by_one() -> None:
    catalog = RefreshedCatalog()
    catalog.run(FakeSource(stock(30)))
    for name in thumbnails(catalog):
        catalog.store.delete(name)
    watched = KillingStore(catalog.store, counts=lambda operation, name: "thumbnails" in name and operation != "write")
    record = catalog.over(watched).run(FakeSource(stock(30)))
    assert (record.report.published, record.report.embedded) == (True, 0)
    assert set(thumbnails(catalog)) == names_of(stock(30))
    # Which are there, before and after they are made, and what is to be pruned.
    assert watched.operations == 3


def test_thumbnails_are_not_made_again() -> None:
    catalog = RefreshedCatalog()
    catalog.run(FakeSource(stock(30)))
    before = thumbnails(catalog)
    renamed = [item(number, name=f"Linen shirt {number}") for number in range(2)] + stock(31)[2:]
    assert catalog.run(FakeSource(renamed)).report.embedded == 3
    assert {name: stored for name, stored in thumbnails(catalog).items() if name in before} == before
    assert set(thumbnails(catalog)) == names_of(renamed)


def test_image_without_thumbnails_keeps_its_item_and_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    catalog = with_plain_image(RefreshedCatalog())
    with caplog.at_level(logging.WARNING):
        record = catalog.run(FakeSource(stock(30)))
    assert (record.report.published, record.report.failed) == (True, 0)
    assert [entry for entry, (indexed, *_) in catalog.index().items() if not indexed.pictures] == [PLAIN.id]
    assert f"an image has no thumbnails: {PLAIN.id}: The" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert catalog.run(FakeSource(stock(30))).report.embedded == 0
    assert f"images without thumbnails: 1, for example {PLAIN.id}: The" in caplog.text


def test_image_that_was_deleted_while_its_item_was_gone_is_read_again() -> None:
    catalog = RefreshedCatalog()
    catalog.run(FakeSource(stock(30)))
    for name in (PLAIN.image, *thumbnail_names(PLAIN.image)):
        catalog.store.delete(name)
    assert catalog.run(FakeSource(stock(30))).report.embedded == 0
    assert catalog.index()[PLAIN.id][0].pictures
    assert catalog.store.stat(PLAIN.image)


def test_image_that_could_not_be_embedded_is_not_read_twice() -> None:
    catalog = RefreshedCatalog(missing_images={item(3).image_urls[0]})
    watched = KillingStore(catalog.store, counts=lambda operation, name: (operation, name) == ("read", item(3).image))
    assert catalog.over(watched).run(FakeSource(stock(30))).report.failed == 1
    assert watched.operations == 1
    assert set(thumbnails(catalog)) == names_of(stock(30)) - names_of([item(3)])


@pytest.mark.parametrize("last", [0, 1, 2, 3, 30, 59])
def test_next_run_makes_what_a_killed_run_did_not(last: int) -> None:
    catalog = RefreshedCatalog()
    with pytest.raises(Killed):
        catalog.over(KillingStore(catalog.store, last, is_thumbnail)).run(FakeSource(stock(30)), key="killed")
    complete = {
        name
        for entry in stock(30)
        if thumbnail_key(entry.image) in stored_thumbnails(catalog.store)
        for name in thumbnail_names(entry.image)
    }
    before = thumbnails(catalog)
    assert complete <= before.keys()
    assert catalog.run(FakeSource(stock(30))).report.published
    after = thumbnails(catalog)
    assert set(after) == names_of(stock(30))
    assert {name: after[name] for name in complete} == {name: before[name] for name in complete}
    assert all(indexed.pictures for indexed, *_ in catalog.index().values())


def test_task_that_was_killed_makes_the_rest_when_started_again() -> None:
    catalog = RefreshedCatalog()
    with pytest.raises(Killed):
        catalog.over(KillingStore(catalog.store, 20, is_thumbnail)).run(FakeSource(stock(30)), key="run")
    assert catalog.run(FakeSource(stock(30)), key="run").report.published
    assert all(indexed.pictures for indexed, *_ in catalog.index().values())


def test_tasks_share_the_thumbnails() -> None:
    catalog, source = RefreshedCatalog(), FakeSource(stock(90))
    stores = [KillingStore(catalog.store, counts=is_thumbnail) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(catalog.over(stores[0]).run, source, key="run", tasks=3)
        workers = [catalog.over(stores[task]).worker(task, 3, "run", [source]) for task in (1, 2)]
        others = [pool.submit(worker.run) for worker in workers]
        for other in others:
            other.result()
        assert first.result().report.published
    assert sum(store.operations for store in stores) == 2 * 90
    assert all(store.operations > 30 for store in stores)
    assert all(indexed.pictures for indexed, *_ in catalog.index().values())
