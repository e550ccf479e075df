"""Verdicts on photos: refusals, hints, and good photos."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.encoding import Encoding, Picture, Shares
from closetspace.domain.wardrobe.item import Fault
from closetspace.domain.wardrobe.photo_quality import DARK, SMALL_SIDE, SURE_CATEGORY, category_share, judge_photo
from closetspace.domain.wardrobe.state import Hint

judge = partial(judge_photo, no_garment_below=0.05, unsure_garment_below=0.5, unclear_category_below=0.4)

SHARES = st.floats(0, 1)
SEVERITY: dict[type | Hint | None, int] = {None: 0, Hint.UNCLEAR_PHOTO: 1, Hint.UNSURE_GARMENT: 2, Fault: 3}


def picture(side: int = 200, brightness: int = 128, longer: int = 300) -> Picture:
    return np.full((side, longer, 3), brightness, np.uint8)


def encoding(garment: float | None = None, share: float | None = None) -> Encoding:
    attributes: dict[str, Shares] = {} if share is None else {CATEGORY: {"Topwear": share}}
    return Encoding(np.ones(1, np.float32), "Topwear", attributes, garment_probability=garment)


def severity(verdict: Fault | Hint | None) -> int:
    return SEVERITY[Fault if isinstance(verdict, Fault) else verdict]


@pytest.mark.parametrize("garment", [0.0, 0.049])
def test_photo_without_a_garment_is_refused(garment: float) -> None:
    verdict = judge(encoding(garment, share=0.99), picture())
    assert isinstance(verdict, Fault)
    assert verdict.code == "no_garment"
    assert "Please upload" in verdict.message, "a refusal names the next step"


@pytest.mark.parametrize("garment", [0.05, 0.3, 0.499])
def test_photo_with_a_doubtful_garment_gets_a_hint(garment: float) -> None:
    assert judge(encoding(garment, share=0.99), picture()) is Hint.UNSURE_GARMENT


@pytest.mark.parametrize("garment", [0.5, 1.0])
def test_photo_of_a_clear_garment_and_category_gets_no_hint(garment: float) -> None:
    assert judge(encoding(garment, share=0.4), picture()) is None


def test_photo_with_an_unclear_category_gets_a_hint() -> None:
    assert judge(encoding(0.9, share=0.39), picture()) is Hint.UNCLEAR_PHOTO


def test_hint_about_the_garment_takes_precedence_over_the_category() -> None:
    assert judge(encoding(0.3, share=0.1), picture()) is Hint.UNSURE_GARMENT


@pytest.mark.parametrize(
    ("poor", "good"),
    [
        (picture(SMALL_SIDE - 1), picture(SMALL_SIDE)),
        (picture(200, longer=SMALL_SIDE - 1), picture(200, longer=SMALL_SIDE)),
        (picture(brightness=int(DARK) - 1), picture(brightness=int(DARK))),
    ],
    ids=["low", "narrow", "dark"],
)
def test_small_or_dark_photo_needs_a_surer_category(poor: Picture, good: Picture) -> None:
    almost_sure = encoding(0.9, share=SURE_CATEGORY - 0.01)
    assert judge(almost_sure, poor) is Hint.UNCLEAR_PHOTO
    assert judge(almost_sure, good) is None
    assert judge(encoding(0.9, share=SURE_CATEGORY), poor) is None


def test_small_photo_never_needs_less_certainty_than_a_large_one() -> None:
    strict = partial(judge_photo, no_garment_below=0.05, unsure_garment_below=0.5, unclear_category_below=0.95)
    assert strict(encoding(0.9, share=0.9), picture(SMALL_SIDE - 1)) is Hint.UNCLEAR_PHOTO


def test_encoder_without_probabilities_gives_no_verdict() -> None:
    assert judge(encoding(), picture(16, brightness=0)) is None


def test_category_without_a_probability_counts_as_unlikely() -> None:
    unlisted = Encoding(np.ones(1, np.float32), "Topwear", {CATEGORY: {}})
    assert category_share(unlisted) == 0
    assert judge(unlisted, picture()) is Hint.UNCLEAR_PHOTO


@given(SHARES, SHARES, SHARES, SHARES)
def test_surer_encoding_never_gets_a_worse_verdict(garment: float, more: float, share: float, clearer: float) -> None:
    before = judge(encoding(garment, share), picture())
    after = judge(encoding(max(garment, more), max(share, clearer)), picture())
    assert severity(after) <= severity(before)


@given(SHARES, SHARES, st.integers(1, 512), st.integers(0, 255))
def test_larger_brighter_picture_never_gets_a_worse_verdict(
    garment: float, share: float, side: int, brightness: int
) -> None:
    before = judge(encoding(garment, share), picture(side, brightness, longer=512))
    assert severity(judge(encoding(garment, share), picture(512, 255, longer=512))) <= severity(before)


@given(SHARES, SHARES, st.integers(1, 100), st.integers(0, 255))
def test_small_or_dark_picture_alone_is_never_refused(garment: float, share: float, side: int, brightness: int) -> None:
    verdict = judge(encoding(garment, share), picture(side, brightness))
    assert isinstance(verdict, Fault) == (garment < 0.05)
