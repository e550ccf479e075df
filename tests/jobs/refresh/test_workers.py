"""Several tasks of one run over one store: each has its share, and any of them may die and start again."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import pytest

from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.embedding import to_embed
from closetspace.errors import Conflict
from closetspace.ports import ObjectStore
from tests.support.fakes import HashEncoder
from tests.support.faulty_stores import Killed, Mortal
from tests.support.refreshed_catalog import Inventory, Refreshed, counting, item, stock

SHOPS = ("east", "north", "south", "west")
TASKS = 3
LONG = 60.0


def shelves(count: int = 60) -> list[Inventory]:
    return [Inventory(stock(count, shop), shop) for shop in SHOPS]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * TASKS) as threads:
        yield threads


class Run:
    """A run of several tasks, each in a thread and with an encoder that says what it embedded."""

    def __init__(
        self, world: Refreshed, pool: ThreadPoolExecutor, sources: Sequence[Inventory], key: str = "run"
    ) -> None:
        self.world, self.sources, self.key = world, sources, key
        self._pool = pool

    def lead(self, store: ObjectStore | None = None) -> tuple[Future[RunRecord], list[str]]:
        world, names = self._of_its_own(store)
        return self._pool.submit(lambda: world.run(*self.sources, key=self.key, count=TASKS)), names

    def help(self, number: int, store: ObjectStore | None = None) -> tuple[Future[None], list[str]]:
        world, names = self._of_its_own(store)
        return self._pool.submit(world.task(number, TASKS, self.key, self.sources).help), names

    def all(self) -> tuple[RunRecord, list[list[str]]]:
        """Everybody at once, to the end."""
        (leading, names), *helping = self.lead(), *(self.help(number) for number in range(1, TASKS))
        for helper, _ in helping:
            helper.result(LONG)
        return leading.result(LONG), [names, *(embedded for _, embedded in helping)]

    def _of_its_own(self, store: ObjectStore | None) -> tuple[Refreshed, list[str]]:
        world = replace(self.world, encoder=HashEncoder(), store=store or self.world.store)
        return world, counting(world.encoder)


def unlike(sources: Sequence[Inventory]) -> list[Inventory]:
    """The same with a name for each item, so that an embedded name tells the item."""
    return [replace(shelf, items=[one.model_copy(update={"name": one.id}) for one in shelf.items]) for shelf in sources]


def test_shares_are_all_of_it_and_none_twice() -> None:
    items = [*stock(100), *stock(100, "south"), *(one.model_copy(update={"id": f"{one.id}b"}) for one in stock(10))]
    shares = [to_embed(items, [item(5).content_key], task, TASKS) for task in range(TASKS)]
    keys = [one.content_key for share in shares for one in share]
    assert sorted(keys) == sorted({one.content_key for one in items} - {item(5).content_key})
    assert all(len(share) > 40 for share in shares)
    assert all([one.content_key for one in share] == sorted(one.content_key for one in share) for share in shares)


def test_a_key_is_the_same_tasks_whatever_else_there_is() -> None:
    few, many = stock(20), stock(200)
    for task in range(TASKS):
        ours = {one.content_key for one in to_embed(few, [], task, TASKS)}
        assert ours <= {one.content_key for one in to_embed(many[::-1], [], task, TASKS)}


def test_tasks_share_the_sources_and_the_embedding_and_one_publishes(pool: ThreadPoolExecutor) -> None:
    world = Refreshed()
    sources = unlike(shelves())
    record, embedded = Run(world, pool, sources).all()
    names = [name for task in embedded for name in task]
    assert sorted(names) == sorted(one.id for shelf in sources for one in shelf.items)
    assert all(len(task) > 40 for task in embedded)
    assert [shelf.read_dry for shelf in sources] == [[False]] * len(SHOPS)
    assert (record.error, record.report.published, record.tasks) == ("", True, TASKS)
    assert (record.report.new, record.report.embedded) == (240, 240)
    assert len(world.index()) == 240
    alone = Refreshed()
    alone.run(*unlike(shelves()))
    assert world.index() == alone.index()


def test_failed_pictures_of_all_tasks_are_told(pool: ThreadPoolExecutor) -> None:
    world = Refreshed()
    world.gone_pictures = {f"https://north.example/{number}.jpg" for number in range(10)}
    record, _ = Run(world, pool, shelves()).all()
    assert (record.report.failed, record.report.embedded, len(record.failed)) == (10, 230, 10)


def test_tasks_end_when_the_run_is_refused_and_embed_nothing(pool: ThreadPoolExecutor) -> None:
    world = Refreshed()
    world.run(*shelves())
    record, embedded = Run(world, pool, shelves(20)).all()
    assert record.refused
    assert embedded == [[]] * TASKS


def test_tasks_end_when_another_run_takes_over(pool: ThreadPoolExecutor) -> None:
    world = Refreshed()
    run = Run(world, pool, shelves())
    leading, _ = run.lead()
    helping, _ = run.help(1)
    while world.store.stat("catalog/work/run/start.json") is None:
        assert not leading.done()
    world.run(Inventory(stock(30)), key="another")
    with pytest.raises(Conflict, match="Run another took the lease"):
        helping.result(LONG)
    assert "Run another took the lease" in leading.result(LONG).error
    assert len(world.index()) == 30


@pytest.mark.parametrize("last", [0, 1, 2, 3, 5, 7])
def test_a_task_that_dies_and_starts_again_embeds_only_what_it_had_not_kept(
    pool: ThreadPoolExecutor, last: int
) -> None:
    world = Refreshed()
    run = Run(world, pool, unlike(shelves()))
    leading, _ = run.lead()
    others, _ = run.help(2)
    with pytest.raises(Killed):
        run.help(1, Mortal(world.store, last, _not_pictures))[0].result(LONG)
    share = {one.content_key: one.name for shelf in run.sources for one in to_embed(shelf.items, [], 1, TASKS)}
    kept = world.kept.known().part_of
    again, names = run.help(1)
    again.result(LONG)
    others.result(LONG)
    assert sorted(names) == sorted(name for key, name in share.items() if key not in kept)
    assert leading.result(LONG).report.published
    assert len(world.index()) == 240
    assert run.sources[1].read_dry == [False] * (2 if last == 1 else 1)


@pytest.mark.parametrize("last", [0, 2, 3, 5, 8, 10, 14, 18, 22, 26, 29])
def test_a_leading_task_that_dies_and_starts_again_goes_on_with_the_same_snapshot(
    pool: ThreadPoolExecutor, last: int
) -> None:
    world = Refreshed()
    run = Run(world, pool, unlike(shelves()))
    helping = [run.help(number)[0] for number in range(1, TASKS)]
    with pytest.raises(Killed):
        run.lead(Mortal(world.store, last, _not_pictures))[0].result(LONG)
    record = run.lead()[0].result(LONG)
    for helper in helping:
        helper.result(LONG)
    assert (record.error, record.report.published, record.report.new) == ("", True, 240)
    assert Snapshots(world.store).names() == [record.snapshot]
    assert world.current.history == ()
    assert len(world.index()) == 240


@pytest.mark.parametrize("number", range(TASKS))
def test_a_task_that_starts_again_when_the_run_is_over_ends_at_once(pool: ThreadPoolExecutor, number: int) -> None:
    world = Refreshed()
    run = Run(world, pool, shelves())
    record, _ = run.all()
    generation = world.current.generation
    again, names = run.help(number) if number else run.lead()
    assert again.result(LONG) == (None if number else record)
    assert (names, world.current.generation) == ([], generation)
    assert all(shelf.read_dry == [False] for shelf in run.sources)


def _not_pictures(operation: str, name: str) -> bool:
    return operation in ("write", "delete") and not name.startswith("catalog/images/")
