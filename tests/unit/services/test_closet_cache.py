"""The cache of closet features."""

from dataclasses import replace

import numpy as np

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.ranking.closet_features import ClosetFeatures
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet
from closetspace.services.closet_cache import MAX_CLOSETS, MAX_ITEMS, ClosetCache
from tests.support.fakes import HEADS


class Deriver:
    """Derives features of a closet of some items and counts its calls."""

    def __init__(self, items: int = 0) -> None:
        self.count, self._items = 0, items

    def __call__(self) -> ClosetFeatures:
        self.count += 1
        closet = replace(Closet("ann", {}).arrays("hash-1"), ids=("item",) * self._items)
        return ClosetFeatures(closet, Taste("hash-1", np.zeros(0, np.float32), (), self.count), EncoderPriors(HEADS))


def test_features_are_derived_once_per_version() -> None:
    cache, derive = ClosetCache(), Deriver()
    first = cache.get(("ann", "hash-1"), 1, derive)
    assert cache.get(("ann", "hash-1"), 1, derive) is first
    second = cache.get(("ann", "hash-1"), 2, derive)
    assert second is not first
    assert cache.get(("ann", "hash-1"), 2, derive) is second
    assert derive.count == 2


def test_people_and_encoders_have_separate_entries() -> None:
    cache, derive = ClosetCache(), Deriver()
    entries = [cache.get(key, 1, derive) for key in (("ann", "hash-1"), ("ben", "hash-1"), ("ann", "hash.2"))]
    assert len({id(features) for features in entries}) == 3


def test_full_cache_drops_the_least_recently_used() -> None:
    cache, derive = ClosetCache(), Deriver()
    for number in range(MAX_CLOSETS):
        cache.get((f"person-{number}", "hash-1"), 1, derive)
    cache.get(("person-0", "hash-1"), 1, derive)
    cache.get(("person-new", "hash-1"), 1, derive)
    count = derive.count
    cache.get(("person-0", "hash-1"), 1, derive)
    assert derive.count == count
    cache.get(("person-1", "hash-1"), 1, derive)
    assert derive.count == count + 1


def test_cache_holds_a_limited_number_of_items() -> None:
    cache, derive = ClosetCache(), Deriver(MAX_ITEMS // 3)
    for name in ("ann", "ben", "cid", "dan"):
        cache.get((name, "hash-1"), 1, derive)
    assert [cache.items_of(name) for name in ("ann", "ben", "cid", "dan")] == [None, *[MAX_ITEMS // 3] * 3]
    cache.get(("eve", "hash-1"), 1, Deriver(MAX_ITEMS + 1))
    assert not any(cache.items_of(name) for name in ("ben", "cid", "dan", "eve"))
