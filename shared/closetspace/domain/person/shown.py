"""What a person was shown lately."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_LISTS = 10
MOST_KEYS_A_LIST = 200
"""Ten pages, of which nobody looks at more; all lists together are 8 KB."""

MOST_BEFORE = 5
"""Lists that count for another: fewer than are kept, so that they are all still there when it is asked for again,
until five more have begun."""


@dataclass(frozen=True)
class ShownList:
    """The items shown of one seed's list, as short keys (`closetspace.domain.ranking.paging.short`)."""

    seed: int
    keys: tuple[int, ...]


@dataclass(frozen=True)
class Shown:
    """The latest lists of a person, the one that began first at the front."""

    lists: tuple[ShownList, ...] = ()

    def before(self, seed: int) -> tuple[ShownList, ...]:
        """The last lists that began before that of the seed, or of all where it is new; the latest first.

        So asking once more with the same seed is damped by the lists that it was damped by the first time.
        """
        seeds = [shown.seed for shown in self.lists]
        end = seeds.index(seed) if seed in seeds else len(seeds)
        return self.lists[:end][::-1][:MOST_BEFORE]

    def with_page(self, seed: int, keys: Iterable[int]) -> "Shown":
        """What was shown, with a page of the seed's list; a new list pushes out the oldest.

        Returns the same object where nothing changes, so that nothing need be written: the page was shown before,
        or the list holds all it can.
        """
        known = next((shown for shown in self.lists if shown.seed == seed), ShownList(seed, ()))
        grown = ShownList(seed, tuple(dict.fromkeys((*known.keys, *keys)))[:MOST_KEYS_A_LIST])
        if grown == known:
            return self
        if not known.keys:
            return Shown((*self.lists, grown)[-MOST_LISTS:])
        return Shown(tuple(grown if shown is known else shown for shown in self.lists))
