"""The lists that a person was shown lately."""

from collections.abc import Iterable
from dataclasses import dataclass

MAX_LISTS = 10
MAX_KEYS_PER_LIST = 200
"""Ten pages. All lists together are 8 KB."""

MAX_EARLIER_LISTS = 5
"""Lists that count as earlier than another. It is half of `MAX_LISTS`, so that a list which is requested again still
finds all of them until five more lists have begun."""


@dataclass(frozen=True)
class ShownList:
    """The items shown of one seed's list, as short keys (`closetspace.domain.ranking.paging.short`)."""

    seed: int
    keys: tuple[int, ...]


@dataclass(frozen=True)
class ShownLists:
    """A person's latest lists, the oldest first."""

    lists: tuple[ShownList, ...] = ()

    def before(self, seed: int) -> tuple[ShownList, ...]:
        """Return the last lists that began before the seed's list, the latest first; before a new one if it is new.

        A request with the same seed is thus damped by the same lists as the first time.
        """
        seeds = [shown.seed for shown in self.lists]
        end = seeds.index(seed) if seed in seeds else len(seeds)
        return self.lists[:end][::-1][:MAX_EARLIER_LISTS]

    def with_page(self, seed: int, keys: Iterable[int]) -> "ShownLists":
        """Return the lists with another page of the seed's list; a new list replaces the oldest.

        Returns the same object if nothing changes, so that the caller can skip the write: the page was shown before,
        or the list is full.
        """
        old = next((shown for shown in self.lists if shown.seed == seed), ShownList(seed, ()))
        new = ShownList(seed, tuple(dict.fromkeys((*old.keys, *keys)))[:MAX_KEYS_PER_LIST])
        if new == old:
            return self
        if not old.keys:
            return ShownLists((*self.lists, new)[-MAX_LISTS:])
        return ShownLists(tuple(new if shown is old else shown for shown in self.lists))
