"""Judging photos: those without a garment are refused, doubtful ones get a hint."""

from dataclasses import replace

import pytest

from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.wardrobe.plan import Settled
from closetspace.domain.wardrobe.state import Hint
from tests.support.fakes import World, garment_probability


@pytest.fixture
def world() -> World:
    return World()


def test_photo_without_a_garment_fails_until_it_is_replaced(world: World) -> None:
    world.encoder.garment = garment_probability
    world.add("shirt", b"sofa")
    state = world.database.states["shirt"][0]
    assert (state.status, state.error and state.error.code) == ("failed", "no_garment")
    assert (state.hint, state.category) == (None, None)
    assert not world.database.closet("ann").entries
    world.upload("shirt", b"a photo")
    world.reconciler.reconcile("shirt")
    state = world.database.states["shirt"][0]
    assert (state.status, state.error, state.hint) == ("ready", None, None)


def test_new_photo_without_a_garment_removes_a_ready_item_from_the_closet(world: World) -> None:
    world.encoder.garment = garment_probability
    world.add("shirt")
    assert set(world.entries()) == {"shirt"}
    world.upload("shirt", b"sofa")
    world.reconciler.reconcile("shirt")
    assert world.status("shirt") == "failed"
    assert not world.database.closet("ann").entries


def test_photo_of_an_uncertain_garment_has_a_hint_until_it_is_replaced(world: World) -> None:
    world.encoder.garment = garment_probability
    world.add("shirt", b"blur")
    assert (world.status("shirt"), world.hint("shirt")) == ("ready", Hint.UNSURE_GARMENT)
    assert set(world.entries()) == {"shirt"}
    world.upload("shirt", b"a photo")
    world.reconciler.reconcile("shirt")
    assert (world.status("shirt"), world.hint("shirt")) == ("ready", None)


def test_photo_of_an_unclear_category_has_a_hint_until_a_name_makes_it_clear(world: World) -> None:
    world.encoder.categories = lambda garment: {"Shoes": 0.9 if garment.name else 0.3}
    world.add("shoes")
    assert (world.status("shoes"), world.hint("shoes")) == ("ready", Hint.UNCLEAR_PHOTO)
    world.write_item("shoes", name="Running shoes")
    world.reconciler.reconcile("shoes")
    assert (world.status("shoes"), world.hint("shoes")) == ("ready", None)


def test_hint_is_removed_while_a_new_photo_is_embedded(world: World) -> None:
    world.encoder.garment = garment_probability
    world.add("shirt", b"blur")
    observed: list[tuple[str, Hint | None]] = []
    world.encoder.before = lambda _: observed.append((world.status("shirt"), world.hint("shirt")))
    world.upload("shirt", b"a photo")
    world.reconciler.reconcile("shirt")
    assert observed == [("processing", None)]


@pytest.mark.parametrize("data", [b"sofa", b"blur"])
def test_duplicate_event_for_a_judged_photo_embeds_nothing(world: World, data: bytes) -> None:
    world.encoder.garment = garment_probability
    world.add("shirt", data)
    embedded: list[Garment] = []
    world.encoder.before = embedded.append
    before = dict(world.database.states)
    for _ in range(3):
        assert isinstance(world.reconciler.reconcile("shirt"), Settled)
    assert (embedded, world.database.states) == ([], before)


def test_photo_is_embedded_once_even_if_its_refusal_conflicts(world: World) -> None:
    embedded: list[Garment] = []

    def interrupt(garment: Garment) -> None:
        embedded.append(garment)
        state, written, version = world.database.states["shirt"]
        world.database.states["shirt"] = (state, written, version + 1000)

    world.encoder.garment, world.encoder.before = garment_probability, interrupt
    world.add("shirt", b"sofa")
    assert (world.status("shirt"), len(embedded)) == ("failed", 1)


def test_thresholds_come_from_the_settings(world: World) -> None:
    world.encoder.garment = lambda _: 0.3
    world.settings = replace(world.settings, no_garment_below=0.1, unsure_garment_below=0.2)
    world.add("shirt")
    assert (world.status("shirt"), world.hint("shirt")) == ("ready", None)
    world.settings = replace(world.settings, no_garment_below=0.4)
    world.add("jeans", b"another photo")
    assert world.status("jeans") == "failed"
