"""Corrections: what an owner says of an item counts for certain, and is taken back by removing it."""

from dataclasses import replace
from typing import Any

import pytest

from closetspace.domain.encoder.attributes import unpack_row
from closetspace.domain.wardrobe.state import ItemState
from tests.support.fakes import HEADS, HashEncoder, World

WHOLE = {"category": "shoes", "colours": ["blue", "Black"], "gender": "Women", "usage": "FORMAL"}


@pytest.fixture
def world() -> World:
    world = World()
    world.add("shirt")
    return world


def state(world: World) -> ItemState:
    return world.database.states["shirt"][0]


def correct(world: World, **fields: Any) -> None:
    world.write_item("shirt", **fields)
    world.reconciler.reconcile("shirt")


def test_corrections_count_for_certain_in_state_closet_and_name(world: World) -> None:
    correct(world, **WHOLE)
    known = state(world)
    assert (known.category, known.colours) == ("Shoes", ("blue", "black"))
    assert (known.gender, known.usage, known.suggested_name) == ("Women", "Formal", "Blue shoes")
    assert known.corrected == ("category", "colours", "gender", "usage")
    entry = world.entries()["shirt"]
    assert entry.category == "Shoes"
    shares = unpack_row(entry.attributes, HEADS)
    assert (shares["gender"]["Women"], shares["usage"]["Formal"], shares["colour"]["Red"]) == (1, 1, 0)
    assert shares["colour"]["Blue"] == shares["colour"]["Black"] == pytest.approx(0.5, abs=0.01)


def test_removed_corrections_bring_the_predictions_back(world: World) -> None:
    before, entry = state(world), world.entries()["shirt"]
    correct(world, **WHOLE)
    correct(world)
    assert state(world) == before
    assert world.entries()["shirt"].attributes.tolist() == entry.attributes.tolist()


def test_corrections_survive_another_name_photo_and_encoder(world: World) -> None:
    correct(world, **WHOLE)
    corrected = state(world)
    world.upload("shirt", b"another photo")
    correct(world, name="Renamed", **WHOLE)
    newer = replace(world, encoder=HashEncoder(id="hash.2"))
    newer.reconciler.reembed("shirt")
    assert newer.entries()["shirt"].category == "Shoes"
    for field in ("category", "colours", "gender", "usage", "corrected"):
        assert getattr(state(world), field) == getattr(corrected, field)


@pytest.mark.parametrize(
    "fields",
    [
        {"category": "Tops of mine", "colours": ["blue", "no colour"], "gender": "", "usage": None},
        {"category": 7, "colours": "a" * 101, "gender": ["Men", "Women"], "usage": {"casual": True}},
        {"category": ["Shoes", 7], "colours": ["Red", "Blue", "Black", "Red"], "gender": True},
    ],
)
def test_fields_with_other_contents_change_nothing(world: World, fields: dict[str, Any]) -> None:
    before = state(world)
    correct(world, **fields)
    after = state(world)
    assert (after.category, after.colours, after.corrected) == (before.category, before.colours, ())
    assert after.status == "ready"
