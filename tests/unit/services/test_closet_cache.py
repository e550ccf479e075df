"""What is kept of closets between requests."""

import numpy as np

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet
from closetspace.services.closet_cache import MOST, ClosetCache, ClosetFeatures
from tests.support.fakes import HEADS


class Maker:
    """Makes closets, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> ClosetFeatures:
        self.made += 1
        worn = Closet("ann", {}).encoded_by("hash-1")
        return ClosetFeatures(worn, Taste("hash-1", np.zeros(0, np.float32), (), self.made), EncoderPriors(HEADS))


def test_closet_is_derived_once_a_version() -> None:
    recent, make = ClosetCache(), Maker()
    first = recent.get(("ann", "hash-1"), 1, make)
    assert recent.get(("ann", "hash-1"), 1, make) is first
    second = recent.get(("ann", "hash-1"), 2, make)
    assert second is not first
    assert recent.get(("ann", "hash-1"), 2, make) is second
    assert make.made == 2


def test_other_people_and_other_encoders_share_nothing() -> None:
    recent, make = ClosetCache(), Maker()
    found = [recent.get(key, 1, make) for key in (("ann", "hash-1"), ("ben", "hash-1"), ("ann", "hash.2"))]
    assert len({id(one) for one in found}) == 3


def test_no_more_are_kept_than_there_is_room_for_and_the_latest_stay() -> None:
    recent, make = ClosetCache(), Maker()
    for number in range(MOST):
        recent.get((f"person-{number}", "hash-1"), 1, make)
    recent.get(("person-0", "hash-1"), 1, make)
    recent.get(("one more", "hash-1"), 1, make)
    made = make.made
    recent.get(("person-0", "hash-1"), 1, make)
    assert make.made == made
    recent.get(("person-1", "hash-1"), 1, make)
    assert make.made == made + 1
