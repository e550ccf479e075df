"""What a ranking is asked for, by which weights, for whom, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from closetspace.domain.encoder.encoding import FloatArray
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.encoder.vectors import NEAR_DUPLICATE
from closetspace.domain.index.index import Filters, Index, Keys
from closetspace.domain.ranking.reranking import Composition
from closetspace.domain.taste.interests import Anchor
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import ClosetArrays

SIMILARITY, FEEDBACK, SEEN, SERENDIPITY = "similarity", "feedback", "seen", "serendipity"
"""Parts of a score beside the attributes'."""


class Order(StrEnum):
    """What a list is sorted by; every order but the fit sorts the best `BLOCK` by fit, then the next as many."""

    FIT = "fit"
    UNLOCK = "unlock"
    PRICE = "price"


BLOCK = 100


@dataclass(frozen=True)
class Weights:
    """The weights of the method, in nats where nothing else is said; chosen on half of the personas."""

    similarity: float = 0.5
    """For each unit of an item's cosine to what is owned."""

    like: float = 1.0
    """Most that likes give to an item that is just like them; half of it after two."""

    dismiss: float = 0.5
    """Most that dismissals take."""

    seen: float = 0.7
    """What an item loses that was shown in the list before; half of it for each list further back."""

    serendipity: float = 8.0
    """What an item loses for each unit of cosine that it is off the distance asked for, at the dial's end."""

    noise: float = 2.0
    """What exploring moves an item by for each unit that noise moves its cosine by."""

    near_duplicate: float = NEAR_DUPLICATE
    """Cosine from which on two garments are the same one."""

    per_category: float = 2.0
    """Candidates of each category that a list is composed of, for each item asked for."""

    pool: int = 320
    """Candidates of all categories together, at least: a list of one category has as much to vary with."""

    composition: Composition = field(default_factory=Composition)


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True)
class RankingQuery:
    """What a ranking is asked for.

    ``explore`` in 0..1 is the standard deviation, in tenths, of the noise drawn from ``seed``
    (`closetspace.domain.ranking.noise`). ``serendipity`` in 0..1 is the preferred distance from owned items, as a
    quantile. ``mix`` in 0..1 goes from the closet's own mix of categories to what the closet lacks. ``asked`` holds
    labels that replace the closet's for an attribute. ``shown`` are the short keys
    (`closetspace.domain.ranking.paging`) of items to leave out; ``lately`` those of earlier lists, latest first.
    """

    count: int
    filters: Filters = field(default_factory=Filters)
    seed: int = 0
    explore: float = 0.0
    serendipity: float = 0.0
    mix: float = 0.0
    asked: Mapping[str, frozenset[str]] = field(default_factory=dict)
    own_similar: bool = False
    shown: frozenset[int] = frozenset()
    lately: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class FeedbackVectors:
    """What the person said of items of the catalog: their embeddings, ``(n, d)``, and the products never to come."""

    liked: FloatArray
    dismissed: FloatArray
    never: Keys


@dataclass(frozen=True)
class UserProfile:
    """Whom a ranking is for: what they own, the taste derived from it, and what they said of other items."""

    worn: ClosetArrays
    taste: Taste
    priors: EncoderPriors
    said: FeedbackVectors

    def anchor(self, category: str, index: Index) -> Anchor:
        """What an index's candidates of a category are compared with."""
        return self.taste.anchor(category, index.version, index.category_means)


@dataclass(frozen=True)
class Ranked:
    """One recommendation: its row in the index, its category, its score before exploration, and the score's parts.

    ``interest`` is the place of the interest that it serves, ``own_similar`` the owned item that it nearly is.
    """

    row: int
    category: str
    score: float
    parts: Mapping[str, float]
    interest: int
    own_similar: str | None = None
