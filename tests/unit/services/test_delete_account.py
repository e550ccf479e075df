"""Deleting accounts: who may, what goes, what stays, and what a process that is killed leaves to the next one."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closetspace.adapters.memory import MemoryUsers
from closetspace.domain.person.personal_data import CLOSET_SHARDS, COLLECTIONS, MARKS
from closetspace.errors import FailedPrecondition, InvalidInput, Transient
from closetspace.services.delete_account import require_staying
from tests.support.faulty_stores import Killed
from tests.support.leaving import NOW, LeavingWorld

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def world() -> LeavingWorld:
    world = LeavingWorld()
    for uid in ("ann", "anna", "bob"):
        world.live(uid)
    return world


def test_person_of_the_tests_has_data_everywhere(world: LeavingWorld) -> None:
    expected = {c.path for c in COLLECTIONS if c not in (MARKS, CLOSET_SHARDS)} | {"objects", "account"}
    assert set(world.data_of("ann")) == expected
    assert world.data_of("ann")["objects"] == 3 * 3 + 1, "photos with thumbnails, and an export"


@pytest.mark.parametrize("signed_in", [None, NOW - 6 * MINUTE, NOW - 24 * HOUR])
def test_old_sign_in_does_not_suffice(world: LeavingWorld, signed_in: datetime | None) -> None:
    with pytest.raises(FailedPrecondition) as caught:
        world.remover.request("ann", signed_in, NOW)
    assert caught.value.reason == "recent_login_required"
    assert world.accounts.deletion("ann") is None


@pytest.mark.parametrize("signed_in", [NOW - 4 * MINUTE, NOW, NOW + MINUTE])
def test_recent_sign_in_marks_the_account_once(world: LeavingWorld, signed_in: datetime) -> None:
    for number in range(2):
        world.remover.request("ann", signed_in + number * MINUTE, NOW + number * MINUTE)
    mark = world.accounts.deletion("ann")
    assert mark is not None
    assert mark.requested_at == NOW


@pytest.mark.parametrize("uid", ["", "a/b", "..", "x" * 129])
def test_uid_that_no_account_can_have_is_not_marked(world: LeavingWorld, uid: str) -> None:
    with pytest.raises(InvalidInput):
        world.remover.mark(uid, NOW)
    assert not list(world.accounts.deletions())


def test_everything_of_the_account_goes_and_nothing_of_others(world: LeavingWorld) -> None:
    others = {uid: world.data_of(uid) for uid in ("anna", "bob")}
    world.remover.mark("ann", NOW)
    assert world.remover.remove("ann", NOW) == 3 + 3 + 7 + 10
    assert world.data_of("ann") == {}
    assert {uid: world.data_of(uid) for uid in others} == others
    mark = world.accounts.deletion("ann")
    assert mark is not None
    assert (mark.requested_at, mark.finished_at) == (NOW, NOW)


def test_account_without_a_mark_keeps_everything(world: LeavingWorld) -> None:
    before = world.data_of("ann")
    assert world.remover.remove("ann", NOW) == 0
    assert world.remover.sweep(NOW) == 0
    assert world.data_of("ann") == before


def test_account_that_the_console_deleted_loses_its_data(world: LeavingWorld) -> None:
    world.users.delete("ann")
    world.remover.mark("ann", NOW)
    world.remover.remove("ann", NOW)
    assert world.data_of("ann") == {}


def test_marked_account_may_call_nothing(world: LeavingWorld) -> None:
    require_staying(world.accounts, "ann")
    world.remover.mark("ann", NOW)
    require_staying(world.accounts, "bob")
    with pytest.raises(FailedPrecondition) as caught:
        require_staying(world.accounts, "ann")
    assert caught.value.reason == "account_deleted"


def test_what_arrives_later_is_removed_by_the_sweep(world: LeavingWorld) -> None:
    world.remover.mark("ann", NOW)
    world.remover.remove("ann", NOW)
    world.live("ann")
    assert world.data_of("ann")
    assert world.remover.sweep(NOW + HOUR) == 1
    assert world.data_of("ann") == {}
    mark = world.accounts.deletion("ann")
    assert mark is not None
    assert mark.finished_at == NOW


def test_items_that_arrive_are_removed_if_their_owner_leaves(world: LeavingWorld) -> None:
    world.remover.mark("ann", NOW)
    world.remover.remove("ann", NOW)
    world.write_item("late", "ann")
    for uid, leaves in (("ann", True), ("bob", False)):
        assert world.remover.remove_arriving(uid) is leaves
    assert set(world.database.documents) == {f"{uid}-{number}" for uid in ("anna", "bob") for number in range(3)}


def test_mark_goes_when_nothing_has_arrived_for_long_enough(world: LeavingWorld) -> None:
    world.remover.mark("ann", NOW)
    world.remover.sweep(NOW)
    world.remover.sweep(NOW + 47 * HOUR)
    assert world.accounts.deletion("ann")
    world.upload("ann-late", uid="ann")
    world.remover.sweep(NOW + 49 * HOUR)
    assert world.accounts.deletion("ann"), "something has just arrived"
    world.remover.sweep(NOW + 50 * HOUR)
    assert world.accounts.deletion("ann") is None


def test_attempt_ends_when_its_time_is_over_and_the_next_goes_on(world: LeavingWorld) -> None:
    world.settings = replace(world.settings, removal_seconds=1.5)
    world.remover.mark("ann", NOW)

    def slow(path: str, count: int) -> None:
        world.seconds += 1

    attempts = 1
    while attempts < 100:
        try:
            world.remover.remove("ann", NOW, slow)
            break
        except Transient:
            attempts += 1
    assert 3 < attempts < 10
    assert world.data_of("ann") == {}


def test_account_that_fails_keeps_no_other_one_waiting(world: LeavingWorld) -> None:
    class Refusing(MemoryUsers):
        def delete(self, uid: str) -> bool:
            if uid == "ann":
                raise FailedPrecondition("no rights")
            return super().delete(uid)

    for uid in ("ann", "bob"):
        world.remover.mark(uid, NOW)
    world.users = Refusing({"ann", "bob"})
    remover = world.remover
    for second in range(2):
        with pytest.raises(Transient, match="1 of 2"):
            remover.sweep(NOW + timedelta(seconds=second))
        assert set(world.data_of("ann")) == {"account"}
        assert world.data_of("bob") == {}
        assert [mark.uid for mark in world.accounts.deletions() if mark.finished_at is None] == ["ann"]


def test_sweep_ends_with_its_time_and_the_next_one_begins_with_another_account(world: LeavingWorld) -> None:
    world.settings = replace(world.settings, removal_seconds=0.5)
    begun: list[str] = []

    class Slow(MemoryUsers):
        def delete(self, uid: str) -> bool:
            begun.append(uid)
            world.seconds += 1
            return super().delete(uid)

    world.users = Slow(world.users.uids)  # type: ignore[attr-defined]
    for uid in ("ann", "bob"):
        world.remover.mark(uid, NOW)
    for second in range(2):
        world.remover.sweep(NOW + timedelta(seconds=second))
        assert len(begun) == second + 1
    assert set(begun) == {"ann", "bob"}
    assert not world.data_of("ann")
    assert not world.data_of("bob")


class Fragile:
    """A part of a process that is killed at its ``limit``-th call of any part; later calls are killed, too."""

    def __init__(self, part: Any, calls: Iterator[int], limit: int, *, after: bool) -> None:
        self._part, self._calls, self._limit, self._after = part, calls, limit, after

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            number = next(self._calls)
            if number == self._limit and self._after:
                getattr(self._part, name)(*arguments, **options)
            if number >= self._limit:
                raise Killed(name)
            return getattr(self._part, name)(*arguments, **options)

        return call


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
@pytest.mark.parametrize("limit", range(40))
def test_killed_removal_is_finished_by_the_sweep(limit: int, after: bool) -> None:
    world = LeavingWorld(page=1)
    for uid in ("ann", "bob"):
        world.live(uid, items=2)
    others = world.data_of("bob")
    world.remover.mark("ann", NOW)
    calls = iter(range(10**6))
    parts = (world.documents, world.photos, world.users, world.accounts)
    remover = world.remover_over(*(Fragile(part, calls, limit, after=after) for part in parts))
    try:
        remover.remove("ann", NOW)
    except Killed:
        mark = world.accounts.deletion("ann")
        assert mark is not None
        assert mark.finished_at is None or after
        world.remover.sweep(NOW + HOUR)
    assert world.data_of("ann") == {}
    assert world.data_of("bob") == others
    mark = world.accounts.deletion("ann")
    assert mark is not None
    assert mark.finished_at is not None
    assert next(calls) < 40, "every call is killed once"


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["live", "mark", "remove", "kill", "sweep", "reconcile", "refresh", "upload", "export"]),
        st.sampled_from(["ann", "bob"]),
        st.integers(0, 30),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(ACTIONS)
def test_whatever_happens_a_marked_account_ends_empty_and_others_keep_all(actions: list[tuple[str, str, int]]) -> None:
    world = LeavingWorld(page=2)
    world.live("cleo", items=1)
    others = world.data_of("cleo")
    for action, uid, number in actions:
        perform(world, action, uid, number)
    for uid in ("ann", "bob"):
        world.remover.mark(uid, NOW)
    for hours in (1, 2):
        world.remover.sweep(NOW + hours * HOUR)
    for uid in ("ann", "bob"):
        assert world.data_of(uid) == {}
    assert world.data_of("cleo") == others
    for hours in (100, 200):
        world.remover.sweep(NOW + hours * HOUR)
    assert not list(world.accounts.deletions())


def perform(world: LeavingWorld, action: str, uid: str, number: int) -> None:
    match action:
        case "live":
            world.live(uid, items=1 + number % 2)
        case "mark":
            world.remover.mark(uid, NOW)
        case "remove":
            world.remover.remove(uid, NOW)
        case "kill":
            parts, calls = (world.documents, world.photos, world.users, world.accounts), iter(range(10**6))
            fragile = [Fragile(part, calls, number, after=bool(number % 2)) for part in parts]
            try:
                world.remover_over(*fragile).remove(uid, NOW)
            except Killed:
                return
        case "sweep":
            world.remover.sweep(NOW)
        case "reconcile":
            world.reconciler.reconcile(f"{uid}-{number % 2}")
        case "refresh":
            world.taste_keeper.refresh(uid)
        case "upload":
            world.upload(f"{uid}-{number % 2}", uid=uid)
        case "export":
            world.exporter.request(uid, NOW)
            world.exporter.prepare(uid, NOW)
