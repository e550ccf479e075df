"""Quotas: how many items a person has, and how much is embedded for them in a day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from closetspace.domain.wardrobe.plan import Leave
from closetspace.errors import FailedPrecondition, Transient
from closetspace.settings import Settings
from tests.support.fakes import World

START = datetime(2026, 11, 28, 23, tzinfo=UTC)


def world_with(**quotas: Any) -> World:
    return World(now=START, settings=replace(Settings(max_photo_bytes=1000), **quotas))


def error_code(world: World, item_id: str) -> str | None:
    error = world.database.states[item_id][0].error
    return error.code if error else None


def test_item_beyond_the_limit_fails_until_another_is_deleted() -> None:
    world = world_with(max_items_per_person=2)
    for name in ("a", "b", "c"):
        world.add(name)
    world.add("bobs", uid="bob")
    assert [error_code(world, name) for name in ("a", "b", "c", "bobs")] == [None, None, "too_many_items", None]
    before = dict(world.database.states)
    world.reconciler.reconcile("c")
    assert world.database.states == before
    world.write_item("b", name="Renamed")
    world.reconciler.reconcile("b")
    assert error_code(world, "b") is None, "an item that is in the closet may change"
    del world.database.documents["a"]
    world.reconciler.reconcile("a")
    world.reconciler.reconcile("c")
    assert set(world.entries()) == {"b", "c"}


def test_embedding_beyond_the_daily_limit_is_made_on_the_next_day() -> None:
    world = world_with(max_embeddings_per_day=3)
    world.add("shirt")
    embedded: list[object] = []
    world.encoder.before = embedded.append
    for number in range(60):
        world.write_item("shirt", name=f"Name {number}")
        world.reconciler.reconcile("shirt")
    assert len(embedded) == 2
    state = world.database.states["shirt"][0]
    assert (error_code(world, "shirt"), state.sweep_at) == ("daily_limit_reached", datetime(2026, 11, 29, tzinfo=UTC))
    world.now += timedelta(minutes=30)
    assert world.sweeper.sweep(world.now) == 0
    world.now += timedelta(minutes=30)
    assert world.sweeper.sweep(world.now) == 1
    assert world.status("shirt") == "ready"
    assert len(embedded) == 3


def test_repeated_attempts_at_the_same_photo_count_once() -> None:
    world = world_with(max_embeddings_per_day=1)
    url = "https://photos.example/a.jpg"
    world.web.photos[url] = Transient("the network is down")
    world.write_item("shirt", photo_path=None, secure_url=url)
    for _ in range(5):
        with pytest.raises(Transient):
            world.reconciler.reconcile("shirt")
    world.web.photos[url] = b"from the web"
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "ready"


def test_item_of_an_account_that_is_being_deleted_is_not_embedded() -> None:
    world = world_with()
    world.leaving.add("ann")
    world.encoder.before = lambda _: pytest.fail("embedded")
    world.upload("shirt")
    world.write_item("shirt")
    assert isinstance(world.reconciler.reconcile("shirt"), Leave)
    assert not world.database.states


def test_quotas_are_read_from_the_environment() -> None:
    settings = Settings.from_env({"MAX_ITEMS_PER_PERSON": "7", "MAX_EMBEDDINGS_PER_DAY": "8", "ORPHAN_HOURS": "1.5"})
    assert (settings.max_items_per_person, settings.max_embeddings_per_day, settings.orphan_hours) == (7, 8, 1.5)
    assert Settings.from_env({}).max_items_per_person == Settings().max_items_per_person


def test_instance_limits_are_read_from_the_environment() -> None:
    names = ("EMBEDDING_INSTANCES", "ANSWERING_INSTANCES", "DERIVING_INSTANCES", "LEAVING_INSTANCES")
    settings = Settings.from_env({name: str(number) for number, name in enumerate(names, start=11)})
    limits = (settings.embedding_instances, settings.answering_instances, settings.deriving_instances)
    assert (*limits, settings.leaving_instances) == (11, 12, 13, 14)
    with pytest.raises(FailedPrecondition, match="EMBEDDING_INSTANCES must be a positive number"):
        Settings.from_env({"EMBEDDING_INSTANCES": "0"})


@pytest.mark.parametrize("text", ["many", "0", "-1", "1.5", "nan", "inf"])
def test_quota_that_is_no_positive_number_is_refused(text: str) -> None:
    with pytest.raises(FailedPrecondition, match="MAX_ITEMS_PER_PERSON must be a positive number"):
        Settings.from_env({"MAX_ITEMS_PER_PERSON": text})
