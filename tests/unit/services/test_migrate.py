"""The job that changes the encoder: its phases, what it refuses, and going on after a cut."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.encoding import Garment
from closetspace.errors import FailedPrecondition, Transient
from closetspace.services.index_versions import IndexVersions
from closetspace.services.migrate import Migration, Phase, PhaseResult
from closetspace.services.throttling import ATTEMPTS, RateLimiter, ThrottledPool
from tests.conftest import ignore_progress
from tests.support.fakes import HashEncoder, World
from tests.support.indexes import upload

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Town:
    """People with closets by one encoder, a published index by it, and the job of changing to another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.world = World()
        self.newer = replace(self.world, encoder=HashEncoder(id="hash.2"))
        self.versions = IndexVersions(MemoryObjects())
        self.catalog = "one"
        self.built: list[str] = []
        for number in range(10):
            self.world.add(f"item-{number}", f"photo {number}".encode(), uid=["ann", "bob"][number % 2])

    def publish(self) -> str:
        """An index by the encoder in use."""
        return self.versions.publish(self.build("hash-1"), NOW).version

    def build(self, encoder: str) -> str:
        hours = len(self.built)
        version = upload(
            self.versions, self.folder / str(hours), "one", NOW + timedelta(hours=hours), encoder, source=self.catalog
        ).version
        self.built.append(version)
        return version

    def migration(self, to: World | None = None, move: Callable[[str], object] | None = None) -> Migration:
        world = to or self.newer

        return Migration(
            world.encoder.id,
            lambda: self.catalog,
            self.versions,
            self.world.database,
            self.world.database,
            lambda _: self.build(world.encoder.id),
            move or world.reconciler.reembed,
            world.taste_keeper.refresh,
            ThrottledPool(RateLimiter(0, sleep=lambda _: None), workers=2),
        )

    def live(self) -> list[str | None]:
        current = self.versions.current()
        assert current is not None
        return [self.versions.encoder_of(live.version) for live in current.live]

    def run(self, migration: Migration, until: Phase = Phase.CLEAN) -> list[Phase]:
        chosen = [phase for phase in migration.phases() if list(Phase).index(phase) <= list(Phase).index(until)]
        steps: dict[Phase, Callable[[], object]] = {
            Phase.PREPARE: lambda: migration.prepare(NOW, ignore_progress),
            Phase.MOVE: lambda: migration.move(ignore_progress),
            Phase.SWITCH: lambda: migration.switch(NOW),
            Phase.CLEAN: lambda: migration.clean(NOW, ignore_progress),
        }
        for phase in chosen:
            steps[phase]()
        return chosen


@pytest.fixture
def town(tmp_path: Path) -> Town:
    town = Town(tmp_path)
    town.publish()
    return town


def test_phases_follow_each_other_and_leave_one_encoder(town: Town) -> None:
    migration = town.migration()
    assert town.run(migration, Phase.PREPARE) == [Phase.PREPARE]
    assert town.live() == ["hash-1", "hash.2"]
    assert town.run(migration, Phase.MOVE) == [Phase.MOVE]
    assert town.world.database.closet("ann").coverage == {"hash-1": 5, "hash.2": 5}
    assert town.run(migration, Phase.SWITCH) == [Phase.MOVE, Phase.SWITCH]
    assert town.live() == ["hash.2", "hash-1"]
    assert town.run(migration) == [Phase.MOVE, Phase.CLEAN]
    assert town.live() == ["hash.2"]
    for uid in ("ann", "bob"):
        closet = town.world.database.closet(uid)
        assert closet.coverage == {"hash.2": 5}
        taste = town.world.database.tastes[uid]
        assert (taste.encoder, taste.closet_version) == ("hash.2", closet.version)
    assert migration.phases() == []


def test_index_that_the_catalog_has_already_is_not_built_again(town: Town) -> None:
    version = town.build("hash.2")
    assert town.migration().prepare(NOW, ignore_progress) == version
    assert town.built == [town.built[0], version]


def test_index_of_an_older_catalog_is_not_taken(town: Town) -> None:
    old = town.build("hash.2")
    town.catalog = "two"
    assert town.migration().prepare(NOW, ignore_progress) != old


def test_move_that_was_cut_goes_on_where_it_was(town: Town) -> None:
    moved: list[str] = []

    def die_after_three(item_id: str) -> None:
        if len(moved) == 3:
            raise KeyboardInterrupt
        moved.append(item_id)
        town.newer.reconciler.reembed(item_id)

    town.run(town.migration(), Phase.PREPARE)
    with pytest.raises(KeyboardInterrupt):
        town.migration(move=die_after_three).move(ignore_progress)
    left = town.migration().left()
    assert 0 < left <= 7
    told: list[tuple[int, int]] = []
    assert town.migration().move(lambda done, total: told.append((done, total))) == PhaseResult(left, 0)
    assert told[-1] == (left, left)


def test_switch_waits_until_nothing_is_left(town: Town) -> None:
    town.run(town.migration(), Phase.PREPARE)
    with pytest.raises(FailedPrecondition, match="10 items are left"):
        town.migration().switch(NOW)
    assert town.live() == ["hash-1", "hash.2"]


def test_items_that_fail_are_passed_over_and_counted(town: Town) -> None:
    def move(item_id: str) -> None:
        if item_id == "item-3":
            raise MemoryError
        town.newer.reconciler.reembed(item_id)

    town.run(town.migration(), Phase.PREPARE)
    assert town.migration(move=move).move(ignore_progress) == PhaseResult(9, 1)
    assert town.migration().move(ignore_progress) == PhaseResult(1, 0)


def test_transient_faults_are_tried_again(town: Town) -> None:
    faults = iter(range(ATTEMPTS - 1))

    def move(item_id: str) -> None:
        for _ in faults:
            raise Transient("the network is down")
        town.newer.reconciler.reembed(item_id)

    town.run(town.migration(), Phase.PREPARE)
    assert town.migration(move=move).move(ignore_progress) == PhaseResult(10, 0)


def test_item_added_by_an_old_instance_at_the_last_moment_is_moved_before_its_index_goes(town: Town) -> None:
    migration = town.migration()
    town.run(migration, Phase.SWITCH)
    town.world.add("late", b"a late photo")
    with pytest.raises(FailedPrecondition, match="1 items are left"):
        migration.clean(NOW, ignore_progress)
    assert town.live() == ["hash.2", "hash-1"], "it is still answered for"
    assert set(town.world.database.closet("ann").entries) >= {"late"}
    town.run(migration)
    assert town.live() == ["hash.2"]
    assert town.world.database.closet("ann").coverage == {"hash.2": 6}


def test_item_that_changes_while_it_is_moved_ends_right(town: Town) -> None:
    def rename(_: Garment) -> None:
        town.newer.encoder.before = lambda _: None
        town.world.write_item("item-0", name="Another")
        town.world.reconciler.reconcile("item-0")

    town.newer.encoder.before = rename
    town.run(town.migration())
    assert town.world.database.closet("ann").coverage == {"hash.2": 5}


@pytest.mark.parametrize("after", [Phase.PREPARE, Phase.MOVE, Phase.SWITCH, Phase.CLEAN])
def test_way_back_is_the_same_way(town: Town, after: Phase) -> None:
    town.run(town.migration(), after)
    back = town.migration(to=town.world)
    town.run(back)
    assert town.live() == ["hash-1"]
    assert town.world.database.closet("ann").coverage == {"hash-1": 5}
    assert back.phases() == []


def test_third_encoder_waits_for_the_change_under_way(town: Town) -> None:
    town.run(town.migration(), Phase.PREPARE)
    third = replace(town.world, encoder=HashEncoder(id="hash.3"))
    with pytest.raises(FailedPrecondition, match=r"from hash-1 to hash\.2 is under way"):
        town.migration(to=third).phases()


def test_change_without_an_index_in_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="closetspace index build"):
        Town(tmp_path).migration().phases()


def test_work_is_begun_no_faster_than_asked() -> None:
    clock, begun = [0.0], []

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    pool = ThrottledPool(RateLimiter(1 / 4, clock=lambda: clock[0], sleep=sleep), workers=1)
    assert all(pool.each(map(str, range(9)), lambda _: begun.append(clock[0])))
    assert begun == [number / 4 for number in range(9)]


def test_command_says_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PHOTO_BUCKET", "FIREBASE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, ["encoder", "migrate", "--store", str(tmp_path)])
    assert result.exit_code == 1
    assert "PHOTO_BUCKET" in result.stderr
