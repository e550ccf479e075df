"""The input and output of a ranking: the query, the person, the weights, and what is ranked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Index, Keys
from closetspace.domain.ranking.duplicates import NEAR_DUPLICATE
from closetspace.domain.ranking.reranking import RerankingWeights
from closetspace.domain.taste.interests import Anchor
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import ClosetArrays

SIMILARITY, FEEDBACK, SEEN, SERENDIPITY = "similarity", "feedback", "seen", "serendipity"
"""Parts of a score besides those of the attributes."""


class Order(StrEnum):
    """The order of a list. Every order but the fit sorts the best `BLOCK` items by fit, then the next `BLOCK`."""

    FIT = "fit"
    UNLOCK = "unlock"
    PRICE = "price"


BLOCK = 100
"""Items that are sorted together in an order other than the fit."""


@dataclass(frozen=True)
class Weights:
    """The weights of a ranking, in nats unless stated otherwise. They were chosen on half of the personas."""

    similarity: float = 0.5
    """Per unit of an item's cosine to the closet's anchor."""

    like: float = 1.0
    """Upper limit of what likes add to an item that equals them; two likes add half of it."""

    dismiss: float = 0.5
    """Upper limit of what dismissals subtract."""

    seen: float = 0.7
    """Subtracted from an item of the previous list, and half as much for each list before that."""

    serendipity: float = 8.0
    """Subtracted per unit of cosine between an item's distance and the requested one, at ``serendipity`` 1."""

    noise: float = 2.0
    """Added per unit that the noise of ``explore`` adds to an item's cosine."""

    near_duplicate: float = NEAR_DUPLICATE
    """Cosine from which on two garments count as one."""

    per_category: float = 2.0
    """Candidates of each category per requested item."""

    pool: int = 320
    """Minimum number of candidates of all categories together, so that a list of one category can vary too."""

    reranking: RerankingWeights = field(default_factory=RerankingWeights)


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True)
class RankingQuery:
    """What a ranking is to return.

    ``explore`` in 0..1 is the standard deviation, in tenths, of the noise drawn from ``seed``
    (`closetspace.domain.ranking.noise`). ``serendipity`` in 0..1 is the preferred distance from owned items, as a
    quantile. ``mix`` in 0..1 goes from the closet's own mix of categories to what the closet lacks.
    ``requested_labels`` replace the closet's labels of an attribute. ``shown`` are the short keys
    (`closetspace.domain.ranking.paging`) of items to leave out, ``recent_lists`` those of earlier lists, latest first.
    """

    count: int
    filters: Filters = field(default_factory=Filters)
    seed: int = 0
    explore: float = 0.0
    serendipity: float = 0.0
    mix: float = 0.0
    requested_labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own_similar: bool = False
    shown: frozenset[int] = frozenset()
    recent_lists: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class FeedbackVectors:
    """A person's opinions of catalog items: the items' embeddings, ``(n, d)`` each, and the excluded products."""

    liked: FloatArray
    dismissed: FloatArray
    excluded: Keys


@dataclass(frozen=True)
class UserProfile:
    """The person that a ranking is for: what they own, the taste derived from it, and their opinions."""

    closet: ClosetArrays
    taste: Taste
    priors: EncoderPriors
    feedback: FeedbackVectors

    def anchor(self, category: str, index: Index) -> Anchor:
        """Return what the index's candidates of a category are compared with."""
        return self.taste.anchor(category, index.version, index.category_means)


@dataclass(frozen=True)
class Ranked:
    """One ranked item: its row in the index, its category, its score before exploration, and the score's parts.

    ``interest`` is the position of the interest that it serves, ``own_item_id`` the id of its near-duplicate among
    owned items.
    """

    row: int
    category: str
    score: float
    parts: Mapping[str, float]
    interest: int
    own_item_id: str | None = None
