"""A request for recommendations and its answer, as values of the domain."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from closetspace.domain.index.filters import Filters
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.ranking.paging import Cursor
from closetspace.domain.ranking.query import Order
from closetspace.domain.taste.interests import Interest

DEFAULT_EXPLORE, DEFAULT_SERENDIPITY, DEFAULT_MIX = 0.2, 0.0, 0.15
"""Values where neither the request nor the person's preferences set one. docs/recommending.md has the cost of each."""


@dataclass(frozen=True)
class Request:
    """A validated request. None leaves a value to the person's preferences, then to the defaults.

    ``seed`` names a new list; a ``cursor`` continues a list and carries the list's seed.
    """

    count: int
    filters: Filters = field(default_factory=Filters)
    explore: float | None = None
    serendipity: float | None = None
    mix: float | None = None
    usage: frozenset[str] | None = None
    colours: frozenset[str] | None = None
    own_similar: bool = False
    order: Order = Order.FIT
    seed: int = 0
    cursor: Cursor | None = None


@dataclass(frozen=True)
class OwnedMatch:
    """An owned item that a recommendation resembles, with the cosine of both embeddings."""

    item_id: str
    similarity: float


@dataclass(frozen=True)
class RecommendedItem:
    """One recommendation and why it is in the list.

    ``score`` is in nats and the sum of ``contributions``. ``because`` names the nearest owned items, nearest first.
    ``unlock`` is the number of outfits that the item makes possible with owned items. ``own_item_id`` is the id of the
    owned item that is a near-duplicate, if there is one.
    """

    item: IndexedItem
    category: str
    score: float
    because: tuple[OwnedMatch, ...]
    interest: Interest
    contributions: Mapping[str, float]
    reason: str
    variants: tuple[IndexedItem, ...]
    unlock: int
    own_item_id: str | None


@dataclass(frozen=True)
class Recommendation:
    """One page of a list.

    ``cursor`` asks for the next page, None at the end of the list. ``moved_on`` says that the list began on another
    version of the index. ``processing`` is the number of owned items that are not finished yet; None if it was not
    counted. ``shown`` are the short keys of the page's items (`closetspace.domain.ranking.paging`).
    """

    items: tuple[RecommendedItem, ...]
    cursor: Cursor | None
    seed: int
    index_version: str
    moved_on: bool
    shown: tuple[int, ...]
    processing: int | None = None
