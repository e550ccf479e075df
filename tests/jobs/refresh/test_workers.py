"""Several tasks of one run: each does a share, and each may be killed and started again."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa
import pytest

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import KEY, table_of, with_content_keys
from catalog_jobs.catalog.run_records import RunRecord
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.embedding_store import STORED_SCHEMA, StoredKeys
from catalog_jobs.refresh.worker import items_to_embed
from closetspace.errors import Conflict
from closetspace.ports import ObjectStore
from tests.support.fakes import HashEncoder
from tests.support.faulty_stores import Killed, KillingStore
from tests.support.refreshed_catalog import FakeSource, RefreshedCatalog, item, record_encoded, stock

SHOPS = ("east", "north", "south", "west")
TASKS = 3
LONG = 60.0


def sources_of(count: int = 60) -> list[FakeSource]:
    return [FakeSource(stock(count, shop), shop) for shop in SHOPS]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * TASKS) as threads:
        yield threads


class Run:
    """A run of several tasks, each in a thread and with an encoder that records what it embeds."""

    def __init__(
        self, catalog: RefreshedCatalog, pool: ThreadPoolExecutor, sources: Sequence[FakeSource], key: str = "run"
    ) -> None:
        self.catalog, self.sources, self.key = catalog, sources, key
        self._pool = pool

    def start_first(self, store: ObjectStore | None = None) -> tuple[Future[RunRecord], list[str]]:
        catalog, names = self._own_encoder(store)
        return self._pool.submit(lambda: catalog.run(*self.sources, key=self.key, tasks=TASKS)), names

    def start(self, number: int, store: ObjectStore | None = None) -> tuple[Future[None], list[str]]:
        catalog, names = self._own_encoder(store)
        return self._pool.submit(catalog.worker(number, TASKS, self.key, self.sources).run), names

    def run_all(self) -> tuple[RunRecord, list[list[str]]]:
        """Run all tasks at the same time, to the end."""
        (first, names), *others = self.start_first(), *(self.start(number) for number in range(1, TASKS))
        for other, _ in others:
            other.result(LONG)
        return first.result(LONG), [names, *(embedded for _, embedded in others)]

    def _own_encoder(self, store: ObjectStore | None) -> tuple[RefreshedCatalog, list[str]]:
        catalog = replace(self.catalog, encoder=HashEncoder(), store=store or self.catalog.store)
        return catalog, record_encoded(catalog.encoder)


def with_unique_names(sources: Sequence[FakeSource]) -> list[FakeSource]:
    """Give each item a unique name, by which embedded items can be identified."""
    return [
        replace(source, items=[entry.model_copy(update={"name": entry.id}) for entry in source.items])
        for source in sources
    ]


NOTHING = StoredKeys(STORED_SCHEMA.empty_table())


def keys_to_embed(items: Sequence[CatalogItem], task: int, stored: StoredKeys = NOTHING) -> list[str]:
    """Return the content keys of a task's share."""
    keys: list[str] = items_to_embed(with_content_keys(table_of(items)), stored, task, TASKS)[KEY].to_pylist()
    return keys


def test_shares_of_tasks_cover_everything_once() -> None:
    items = [
        *stock(100),
        *stock(100, "south"),
        *(entry.model_copy(update={"id": f"{entry.id}b"}) for entry in stock(10)),
    ]
    stored = StoredKeys(pa.table({"content_key": [item(5).content_key]}))
    shares = [keys_to_embed(items, task, stored) for task in range(TASKS)]
    keys = [key for share in shares for key in share]
    assert sorted(keys) == sorted({entry.content_key for entry in items} - {item(5).content_key})
    assert all(len(share) > 40 for share in shares)
    assert all(share == sorted(share) for share in shares)


def test_share_of_a_key_does_not_depend_on_other_keys() -> None:
    few, many = stock(20), stock(200)
    for task in range(TASKS):
        assert set(keys_to_embed(few, task)) <= set(keys_to_embed(many[::-1], task))


def test_tasks_share_sources_and_embedding_and_the_first_publishes(pool: ThreadPoolExecutor) -> None:
    catalog = RefreshedCatalog()
    sources = with_unique_names(sources_of())
    record, embedded = Run(catalog, pool, sources).run_all()
    names = [name for task in embedded for name in task]
    assert sorted(names) == sorted(entry.id for source in sources for entry in source.items)
    assert all(len(task) > 40 for task in embedded)
    assert [source.dry_runs for source in sources] == [[False]] * len(SHOPS)
    assert (record.error, record.report.published, record.tasks) == ("", True, TASKS)
    assert (record.report.new, record.report.embedded) == (240, 240)
    assert len(catalog.index()) == 240
    alone = RefreshedCatalog()
    alone.run(*with_unique_names(sources_of()))
    assert catalog.index() == alone.index()


def test_failed_images_of_all_tasks_are_recorded(pool: ThreadPoolExecutor) -> None:
    catalog = RefreshedCatalog()
    catalog.missing_images = {f"https://north.example/{number}.jpg" for number in range(10)}
    record, _ = Run(catalog, pool, sources_of()).run_all()
    assert (record.report.failed, record.report.embedded, len(record.failed)) == (10, 230, 10)


def test_tasks_end_without_embedding_if_the_run_is_refused(pool: ThreadPoolExecutor) -> None:
    catalog = RefreshedCatalog()
    catalog.run(*sources_of())
    record, embedded = Run(catalog, pool, sources_of(20)).run_all()
    assert record.refused
    assert embedded == [[]] * TASKS


def test_tasks_end_if_another_run_takes_the_lease(pool: ThreadPoolExecutor) -> None:
    catalog = RefreshedCatalog()
    run = Run(catalog, pool, sources_of())
    first, _ = run.start_first()
    others, _ = run.start(1)
    while catalog.store.stat("catalog/work/run/start.json") is None:
        assert not first.done()
    catalog.run(FakeSource(stock(30)), key="another")
    with pytest.raises(Conflict, match="Run another took the lease"):
        others.result(LONG)
    assert "Run another took the lease" in first.result(LONG).error
    assert len(catalog.index()) == 30


@pytest.mark.parametrize("last", [0, 1, 2, 3, 5, 7])
def test_restarted_task_embeds_only_what_it_had_not_stored(pool: ThreadPoolExecutor, last: int) -> None:
    catalog = RefreshedCatalog()
    run = Run(catalog, pool, with_unique_names(sources_of()))
    first, _ = run.start_first()
    others, _ = run.start(2)
    with pytest.raises(Killed):
        run.start(1, KillingStore(catalog.store, last, _is_decisive))[0].result(LONG)
    share = {
        entry.content_key: entry.name
        for source in run.sources
        for entry in source.items
        if entry.content_key in keys_to_embed(source.items, 1)
    }
    stored = catalog.embeddings.stored_keys().keys.to_pylist()
    again, names = run.start(1)
    again.result(LONG)
    others.result(LONG)
    assert sorted(names) == sorted(name for key, name in share.items() if key not in stored)
    assert first.result(LONG).report.published
    assert len(catalog.index()) == 240
    assert run.sources[1].dry_runs == [False] * (2 if last == 1 else 1)


@pytest.mark.parametrize("last", [0, 2, 3, 5, 8, 10, 14, 18, 22, 26, 29])
def test_restarted_first_task_continues_with_the_same_snapshot(pool: ThreadPoolExecutor, last: int) -> None:
    catalog = RefreshedCatalog()
    run = Run(catalog, pool, with_unique_names(sources_of()))
    others = [run.start(number)[0] for number in range(1, TASKS)]
    with pytest.raises(Killed):
        run.start_first(KillingStore(catalog.store, last, _is_decisive))[0].result(LONG)
    record = run.start_first()[0].result(LONG)
    for other in others:
        other.result(LONG)
    assert (record.error, record.report.published, record.report.new) == ("", True, 240)
    assert Snapshots(catalog.store).names() == [record.snapshot]
    assert catalog.current.history == ()
    assert len(catalog.index()) == 240


@pytest.mark.parametrize("number", range(TASKS))
def test_task_that_is_started_after_its_run_ends_at_once(pool: ThreadPoolExecutor, number: int) -> None:
    catalog = RefreshedCatalog()
    run = Run(catalog, pool, sources_of())
    record, _ = run.run_all()
    generation = catalog.current.generation
    again, names = run.start(number) if number else run.start_first()
    assert again.result(LONG) == (None if number else record)
    assert (names, catalog.current.generation) == ([], generation)
    assert all(source.dry_runs == [False] for source in run.sources)


def _is_decisive(operation: str, name: str) -> bool:
    return operation in ("write", "delete") and not name.startswith(("catalog/images/", "catalog/thumbnails/"))
