"""The colours of a garment are those of what stands out from the border of its photo."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from closetspace.domain.colour import BINS, dominant_colours, foreground_colours
from closetspace.domain.encoding import Picture

Colour = tuple[int, int, int]


def garment(colour: Colour, background: Colour = (255, 255, 255)) -> Picture:
    picture: Picture = np.full((224, 224, 3), background, np.uint8)
    picture[40:184, 50:174] = colour
    return picture


def named(picture: Picture) -> tuple[str, ...]:
    return dominant_colours(foreground_colours(picture).histogram)


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((10, 10, 10), "black"),
        ((250, 250, 250), "white"),
        ((128, 128, 128), "grey"),
        ((210, 20, 30), "red"),
        ((100, 10, 20), "maroon"),
        ((20, 30, 90), "navy blue"),
        ((40, 90, 220), "blue"),
        ((20, 150, 40), "green"),
        ((240, 220, 30), "yellow"),
        ((245, 130, 20), "orange"),
        ((110, 65, 30), "brown"),
        ((225, 205, 175), "beige"),
        ((130, 40, 170), "purple"),
        ((240, 90, 160), "pink"),
    ],
)
def test_a_plain_garment_has_the_name_of_its_colour(colour: Colour, name: str) -> None:
    assert named(garment(colour))[0] == name


def test_the_background_is_no_colour_of_the_garment() -> None:
    assert named(garment((210, 20, 30), background=(40, 90, 220))) == ("red",)


def test_a_garment_in_the_colour_of_its_background_still_has_a_colour() -> None:
    assert named(garment((255, 255, 255))) == ("white",)


def test_colours_are_named_in_order_of_their_share() -> None:
    picture = garment((210, 20, 30))
    picture[40:90, 50:174] = (40, 90, 220)
    assert named(picture) == ("red", "blue")


def test_a_busy_background_is_trusted_less_than_a_plain_one() -> None:
    busy = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    busy[40:184, 50:174] = (210, 20, 30)
    assert foreground_colours(garment((210, 20, 30))).trust == pytest.approx(1.0)
    assert foreground_colours(busy).trust < 0.6


def test_a_small_change_of_colour_is_a_small_change_of_the_histogram() -> None:
    one, other = (foreground_colours(garment((40, 90, blue))).histogram for blue in (200, 204))
    assert np.abs(one - other).sum() < 0.15


@given(arrays.arrays(np.uint8, (8, 8, 3)), st.booleans())
def test_every_picture_has_a_histogram_and_a_colour(coarse: Picture, tiled: bool) -> None:
    picture = coarse.repeat(28, axis=0).repeat(28, axis=1) if not tiled else np.tile(coarse, (28, 28, 1))
    colours = foreground_colours(picture)
    assert colours.histogram.shape == (BINS,)
    assert colours.histogram.min() >= 0
    assert colours.histogram.sum() == pytest.approx(1, abs=1e-5)
    assert 1 <= len(dominant_colours(colours.histogram)) <= 3
    assert 0 < colours.trust <= 1
