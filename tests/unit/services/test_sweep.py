"""The sweep: what is due, what an audit finds, and items that fail again and again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.plan import GiveUp, Settled
from closetspace.domain.wardrobe.state import ItemState, Status
from closetspace.domain.wardrobe.thumbnails import owner_of_thumbnail
from closetspace.errors import Transient
from closetspace.services.item_photos import ItemPhotos
from tests.support.fakes import World

URL = "https://photos.example/a.jpg"
START = datetime(2026, 11, 28, tzinfo=UTC)


class Killed(BaseException):
    """The process was killed."""


@pytest.fixture
def world() -> World:
    return World(now=START)


def add_unreachable(world: World, item_id: str) -> None:
    """Add an item whose photo's host is down, and let its event fail."""
    world.web.photos[f"{URL}?{item_id}"] = Transient("the network is down")
    world.write_item(item_id, photo_path=None, secure_url=f"{URL}?{item_id}")
    with pytest.raises(Transient):
        world.reconciler.reconcile(item_id)


def sweep(world: World, after: timedelta = timedelta(minutes=11)) -> int:
    world.now += after
    return world.sweeper.sweep(world.now)


def test_sweep_reconciles_due_items_and_reports_those_that_fail(world: World) -> None:
    for item_id in ("recovered", "stuck"):
        add_unreachable(world, item_id)
    world.web.photos[f"{URL}?recovered"] = b"from the web"
    assert world.sweeper.sweep(world.now) == 0, "items written a moment ago are left alone"
    with pytest.raises(Transient, match="1 of 2"):
        sweep(world)
    assert world.status("recovered") == "ready"


def test_pauses_between_sweeps_of_one_item_double(world: World) -> None:
    world.write_item("shirt")
    world.reconciler.reconcile("shirt")
    pauses = []
    while sweep_at := world.database.states["shirt"][0].sweep_at:
        pauses.append((sweep_at - world.now) / timedelta(minutes=1))
        assert sweep(world, sweep_at - world.now)
        assert world.status("shirt") == "waiting_for_photo"
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 640, 640]
    world.upload("shirt")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_item_whose_photo_never_comes_from_its_server_fails_after_two_days(world: World) -> None:
    add_unreachable(world, "shirt")
    while sweep_at := world.database.states["shirt"][0].sweep_at:
        with pytest.raises(Transient):
            sweep(world, sweep_at - world.now)
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", "photo_unreachable")
    assert timedelta(hours=40) < world.now - START < timedelta(hours=50)
    world.web.photos[f"{URL}?shirt"] = b"from the web"
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)


def test_sweep_that_ends_with_its_process_begins_with_other_items_next_time(world: World) -> None:
    def kill(garment: Garment) -> None:
        tried.append(garment.name)
        if garment.name == "poison":
            raise Killed

    for name in ("poison", "shirt"):
        add_unreachable(world, name)
        world.write_item(name, name=name, photo_path=None, secure_url=f"{URL}?{name}")
        world.web.photos[f"{URL}?{name}"] = b"from the web"
        world.now += timedelta(seconds=1)
    tried: list[str] = []
    world.encoder.before = kill
    with pytest.raises(Killed):
        sweep(world)
    assert tried == ["poison"]
    assert sweep(world, timedelta(0)) == 1
    assert tried == ["poison", "shirt"]


def test_item_that_takes_the_process_with_it_is_given_up(world: World, caplog: pytest.LogCaptureFixture) -> None:
    killed: list[str] = []

    def kill(garment: Garment) -> None:
        killed.append(garment.name)
        raise Killed

    world.encoder.before = kill
    world.upload("shirt")
    world.write_item("shirt")
    for _ in range(world.settings.max_attempts):
        with pytest.raises(Killed):
            world.reconciler.reconcile("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), GiveUp)
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", "internal")
    assert state.error is not None
    assert state.error.message.endswith(".")
    assert isinstance(world.reconciler.reconcile("shirt"), Settled)
    assert len(killed) == world.settings.max_attempts
    assert "is given up after 10 attempts" in caplog.text
    world.encoder.before = lambda _: None
    world.write_item("shirt", name="Another name")
    world.reconciler.reconcile("shirt")
    assert (world.status("shirt"), world.database.states["shirt"][0].attempts) == ("ready", 0)


@pytest.mark.parametrize("earlier", ["new", "ready"])
def test_item_that_fails_for_a_cause_of_ours_is_given_up(world: World, earlier: str) -> None:
    if earlier == "ready":
        world.add("shirt")
        world.write_item("shirt", name="Renamed")
    else:
        world.upload("shirt")
        world.write_item("shirt")

    def fail(_: Garment) -> None:
        raise ZeroDivisionError

    world.encoder.before = fail
    for _ in range(world.settings.max_attempts - 1):
        with pytest.raises(ZeroDivisionError):
            world.reconciler.reconcile("shirt")
        assert world.status("shirt") == "processing"
    assert isinstance(world.reconciler.reconcile("shirt"), GiveUp)
    assert world.status("shirt") == "failed"
    assert not world.entries()


def test_item_that_fails_before_its_photo_is_read_is_given_up_too(world: World) -> None:
    class NoStat(type(world.photos)):  # type: ignore[misc]
        def stat(self, name: str) -> None:
            raise ValueError("400: no such name")

    world.write_item("shirt")
    reconciler = replace(world.reconciler, photos=ItemPhotos(NoStat(), world.web))
    for _ in range(world.settings.max_attempts - 1):
        with pytest.raises(ValueError, match="400"):
            reconciler.reconcile("shirt")
    for _ in range(3):
        assert isinstance(reconciler.reconcile("shirt"), GiveUp)
        assert world.status("shirt") == "failed"


def test_faults_that_pass_are_not_counted_as_attempts(world: World) -> None:
    add_unreachable(world, "shirt")
    for _ in range(3 * world.settings.max_attempts):
        with pytest.raises(Transient):
            world.reconciler.reconcile("shirt")
    assert world.database.states["shirt"][0].attempts == 0
    world.web.photos[f"{URL}?shirt"] = b"from the web"
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_item_that_hangs_does_not_hold_up_the_sweep(world: World) -> None:
    hang = Event()

    def wait(garment: Garment) -> None:
        if garment.name == "slow":
            hang.wait()

    world.settings = replace(world.settings, sweep_item_seconds=0.01)
    for name in ("slow", "shirt"):
        add_unreachable(world, name)
        world.write_item(name, name=name, photo_path=None, secure_url=f"{URL}?{name}")
        world.web.photos[f"{URL}?{name}"] = b"from the web"
    world.encoder.before = wait
    try:
        with pytest.raises(Transient):
            sweep(world)
        # On a slow machine the other item may not be done in its time either, but it was begun.
        shirt = world.database.states["shirt"][0]
        assert shirt.status is Status.READY or shirt.sweeps == 1
    finally:
        hang.set()


def test_sweep_begins_no_item_after_its_limit_of_time(world: World) -> None:
    for number in range(3):
        add_unreachable(world, f"item-{number}")
    world.web.photos = dict.fromkeys(world.web.photos, b"from the web")

    def take_long(_: Garment) -> None:
        world.seconds += world.settings.sweep_seconds + 1

    world.encoder.before = take_long
    assert sweep(world) == 1
    world.seconds = 0
    assert sweep(world) == 1


def test_audit_finds_items_whose_events_were_lost(world: World) -> None:
    for number in range(5):
        world.upload(f"item-{number}")
        world.write_item(f"item-{number}")
    world.settings = replace(world.settings, audited_per_sweep=2)
    assert [sweep(world) for _ in range(4)] == [2, 2, 1, 0]
    assert {world.status(f"item-{number}") for number in range(5)} == {"ready"}


def test_audit_finishes_lost_deletions_and_forgotten_states(world: World) -> None:
    world.photos.now = lambda: START - timedelta(days=1)
    for name in ("deleted", "kept"):
        world.add(name)
    del world.database.documents["deleted"]
    world.upload("forgotten")
    world.write_item("forgotten")
    waiting = ItemState("ann", Status.WAITING_FOR_PHOTO)
    world.database.states["forgotten"] = (waiting, START, 1)
    sweep(world)
    assert set(world.database.states) == set(world.entries()) == {"kept", "forgotten"}
    assert {stat.name.split("/")[3] for stat in world.photos.list("users/")} == {"kept", "forgotten"}


@pytest.mark.parametrize(
    ("hours", "document", "kept"),
    [
        (25, None, False),
        (23, None, True),
        (25, {}, True),
        (25, {"photo_path": "users/ann/wardrobe/shirt/another.jpg"}, False),
        (25, {"photo_path": None}, True),
        (25, {"photo_path": None, "secure_url": URL}, True),
        (25, {"uid": "bob", "photo_path": "users/bob/wardrobe/shirt/photo.jpg"}, False),
    ],
)
def test_photo_that_no_item_names_is_removed_after_a_day(
    world: World, hours: int, document: dict[str, str] | None, kept: bool
) -> None:
    world.photos.now = lambda: START
    world.upload("shirt")
    world.photos.write("users/ann/exports/1.zip", b"not a photo")
    if document is not None:
        world.write_item("shirt", **document)
        world.web.photos[URL] = b"from the web"
        world.reconciler.reconcile("shirt")
    sweep(world, timedelta(hours=hours))
    left = {stat.name for stat in world.photos.list("users/") if not owner_of_thumbnail(stat.name)}
    assert left == {"users/ann/exports/1.zip", *(["users/ann/wardrobe/shirt/photo.jpg"] if kept else [])}


def test_thumbnails_that_no_state_names_are_removed_after_a_day(world: World) -> None:
    world.photos.now = lambda: START
    world.add("shirt")
    named = world.database.states["shirt"][0].thumbnails
    assert named
    for path in ("users/ann/wardrobe/shirt/thumbs/old-640.webp", "users/ann/wardrobe/gone/thumbs/old-640.webp"):
        world.photos.write(path, b"an old thumbnail")
    sweep(world, timedelta(hours=25))
    assert {stat.name for stat in world.photos.list("users/") if owner_of_thumbnail(stat.name)} == set(named.values())


def test_audit_makes_thumbnails_for_items_of_an_earlier_release(world: World) -> None:
    world.add("shirt")
    state, written, version = world.database.states["shirt"]
    for name in (state.thumbnails or {}).values():
        world.photos.delete(name)
    world.database.states["shirt"] = (replace(state, thumbnails=None), written, version)
    assert sweep(world) == 1
    assert world.database.states["shirt"][0] == state
    assert sweep(world) == 0


def test_photos_of_an_item_whose_id_another_person_has_taken_are_removed(world: World) -> None:
    world.photos.now = lambda: START
    world.add("shirt")
    del world.database.documents["shirt"]
    deletion = Deletion("ann", START)
    world.add("shirt", uid="bob")
    world.reconciler.reconcile("shirt", deletion)
    assert {stat.name.split("/")[1] for stat in world.photos.list("users/")} == {"bob"}
    assert world.status("shirt") == "ready"
