"""What a ranking is asked for, by which weights, for whom, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from closetspace.domain.background import Background
from closetspace.domain.catalog import Filters, Index, Keys
from closetspace.domain.closet import Wearables
from closetspace.domain.composing import Composition
from closetspace.domain.encoding import FloatArray
from closetspace.domain.interests import Anchor
from closetspace.domain.style import NEAR_DUPLICATE
from closetspace.domain.taste import Taste

SIMILARITY, FEEDBACK, SEEN, SERENDIPITY = "similarity", "feedback", "seen", "serendipity"
"""Parts of a score beside the attributes'."""


class Order(StrEnum):
    """What a list is sorted by; every order but the fit sorts the best `BLOCK` by fit, then the next as many."""

    FIT = "fit"
    UNLOCK = "unlock"
    PRICE = "price"


BLOCK = 100


@dataclass(frozen=True)
class Method:
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


METHOD = Method()


@dataclass(frozen=True)
class Wish:
    """What a ranking is asked for.

    ``explore`` in 0..1 is the standard deviation, in tenths, of the noise that `closetspace.domain.noise` draws from
    ``seed``. ``serendipity`` in 0..1 asks for items that far from what is owned, among those that fit. ``mix`` in 0..1
    goes from more like mine to complete my closet. ``asked`` are labels that count in the place of what the closet
    tells of an attribute. ``shown`` are the keys, as `closetspace.domain.paging` keeps them, of items that must not
    come again, ``lately`` those of earlier lists, the latest first.
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
class Said:
    """What the person said of items of the catalog: their embeddings, ``(n, d)``, and the products never to come."""

    liked: FloatArray
    dismissed: FloatArray
    never: Keys


@dataclass(frozen=True)
class Wearer:
    """Whom a ranking is for: what they own, the taste derived from it, and what they said of other items."""

    worn: Wearables
    taste: Taste
    background: Background
    said: Said

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
