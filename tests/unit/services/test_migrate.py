"""Migrating to another encoder: its phases, what it refuses, and resuming after an interruption."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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


class RunningSystem:
    """Two people's closets and a published index by one encoder, and migrations to others."""

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
        """Publish an index by the encoder in use and return its version."""
        return self.versions.publish(self.build("hash-1"), NOW).version

    def build(self, encoder: str) -> str:
        hours = len(self.built)
        version = upload(
            self.versions, self.folder / str(hours), "one", NOW + timedelta(hours=hours), encoder, source=self.catalog
        ).version
        self.built.append(version)
        return version

    def migration(self, to: World | None = None, reembed: Callable[[str], object] | None = None) -> Migration:
        world = to or self.newer
        return Migration(
            world.encoder.id,
            lambda: self.catalog,
            self.versions,
            self.world.database,
            self.world.database,
            lambda _: self.build(world.encoder.id),
            reembed or world.reconciler.reembed,
            world.taste_keeper.refresh,
            ThrottledPool(RateLimiter(0, sleep=lambda _: None), workers=2),
        )

    def live_encoders(self) -> list[str | None]:
        current = self.versions.current()
        assert current is not None
        return [self.versions.encoder_of(live.version) for live in current.live]

    def run(self, migration: Migration, until: Phase = Phase.CLEAN) -> list[Phase]:
        phases = [phase for phase in migration.phases() if list(Phase).index(phase) <= list(Phase).index(until)]
        steps: dict[Phase, Callable[[], object]] = {
            Phase.PREPARE: lambda: migration.prepare(NOW, ignore_progress),
            Phase.MOVE: lambda: migration.move(ignore_progress),
            Phase.SWITCH: lambda: migration.switch(NOW),
            Phase.CLEAN: lambda: migration.clean(NOW, ignore_progress),
        }
        for phase in phases:
            steps[phase]()
        return phases


@pytest.fixture
def system(tmp_path: Path) -> RunningSystem:
    system = RunningSystem(tmp_path)
    system.publish()
    return system


def test_phases_run_in_order_and_leave_one_encoder(system: RunningSystem) -> None:
    migration = system.migration()
    assert system.run(migration, Phase.PREPARE) == [Phase.PREPARE]
    assert system.live_encoders() == ["hash-1", "hash.2"]
    assert system.run(migration, Phase.MOVE) == [Phase.MOVE]
    assert system.world.database.closet("ann").coverage == {"hash-1": 5, "hash.2": 5}
    assert system.run(migration, Phase.SWITCH) == [Phase.MOVE, Phase.SWITCH]
    assert system.live_encoders() == ["hash.2", "hash-1"]
    assert system.run(migration) == [Phase.MOVE, Phase.CLEAN]
    assert system.live_encoders() == ["hash.2"]
    for uid in ("ann", "bob"):
        closet = system.world.database.closet(uid)
        assert closet.coverage == {"hash.2": 5}
        taste = system.world.database.tastes[uid]
        assert (taste.encoder, taste.closet_version) == ("hash.2", closet.version)
    assert migration.phases() == []


def test_existing_index_of_the_current_catalog_is_not_built_again(system: RunningSystem) -> None:
    version = system.build("hash.2")
    assert system.migration().prepare(NOW, ignore_progress) == version
    assert system.built == [system.built[0], version]


def test_index_of_an_older_catalog_is_not_used(system: RunningSystem) -> None:
    old = system.build("hash.2")
    system.catalog = "two"
    assert system.migration().prepare(NOW, ignore_progress) != old


def test_interrupted_move_resumes_with_the_remaining_items(system: RunningSystem) -> None:
    moved: list[str] = []

    def interrupt_after_three(item_id: str) -> None:
        if len(moved) == 3:
            raise KeyboardInterrupt
        moved.append(item_id)
        system.newer.reconciler.reembed(item_id)

    system.run(system.migration(), Phase.PREPARE)
    with pytest.raises(KeyboardInterrupt):
        system.migration(reembed=interrupt_after_three).move(ignore_progress)
    left = system.migration().left()
    assert 0 < left <= 7
    progress: list[tuple[int, int]] = []
    assert system.migration().move(lambda done, total: progress.append((done, total))) == PhaseResult(left, 0)
    assert progress[-1] == (left, left)


def test_switch_is_refused_while_items_are_left(system: RunningSystem) -> None:
    system.run(system.migration(), Phase.PREPARE)
    with pytest.raises(FailedPrecondition, match="10 items are left"):
        system.migration().switch(NOW)
    assert system.live_encoders() == ["hash-1", "hash.2"]


def test_failed_items_are_counted_and_left_to_the_next_run(system: RunningSystem) -> None:
    def reembed(item_id: str) -> None:
        if item_id == "item-3":
            raise MemoryError
        system.newer.reconciler.reembed(item_id)

    system.run(system.migration(), Phase.PREPARE)
    assert system.migration(reembed=reembed).move(ignore_progress) == PhaseResult(9, 1)
    assert system.migration().move(ignore_progress) == PhaseResult(1, 0)


def test_transient_faults_are_retried(system: RunningSystem) -> None:
    faults = iter(range(ATTEMPTS - 1))

    def reembed(item_id: str) -> None:
        for _ in faults:
            raise Transient("the network is down")
        system.newer.reconciler.reembed(item_id)

    system.run(system.migration(), Phase.PREPARE)
    assert system.migration(reembed=reembed).move(ignore_progress) == PhaseResult(10, 0)


def test_late_item_of_an_old_instance_is_moved_before_its_index_is_retired(system: RunningSystem) -> None:
    migration = system.migration()
    system.run(migration, Phase.SWITCH)
    system.world.add("late", b"a late photo")
    with pytest.raises(FailedPrecondition, match="1 items are left"):
        migration.clean(NOW, ignore_progress)
    assert system.live_encoders() == ["hash.2", "hash-1"], "the late item is still covered"
    assert set(system.world.database.closet("ann").entries) >= {"late"}
    system.run(migration)
    assert system.live_encoders() == ["hash.2"]
    assert system.world.database.closet("ann").coverage == {"hash.2": 6}


def test_item_that_changes_during_the_move_has_one_current_vector(system: RunningSystem) -> None:
    def rename(_: Garment) -> None:
        system.newer.encoder.before = lambda _: None
        system.world.write_item("item-0", name="Another")
        system.world.reconciler.reconcile("item-0")

    system.newer.encoder.before = rename
    system.run(system.migration())
    assert system.world.database.closet("ann").coverage == {"hash.2": 5}


@pytest.mark.parametrize("after", [Phase.PREPARE, Phase.MOVE, Phase.SWITCH, Phase.CLEAN])
def test_migration_back_restores_the_first_encoder(system: RunningSystem, after: Phase) -> None:
    system.run(system.migration(), after)
    back = system.migration(to=system.world)
    system.run(back)
    assert system.live_encoders() == ["hash-1"]
    assert system.world.database.closet("ann").coverage == {"hash-1": 5}
    assert back.phases() == []


def test_third_encoder_is_refused_during_a_migration(system: RunningSystem) -> None:
    system.run(system.migration(), Phase.PREPARE)
    third = replace(system.world, encoder=HashEncoder(id="hash.3"))
    with pytest.raises(FailedPrecondition, match=r"from hash-1 to hash\.2 is under way"):
        system.migration(to=third).phases()


def test_migration_without_an_index_in_use_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="closetspace index build"):
        RunningSystem(tmp_path).migration().phases()
