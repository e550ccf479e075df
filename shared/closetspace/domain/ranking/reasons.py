"""Why something is recommended: numbers that add up to its score, and one sentence made of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from closetspace.domain.encoder.attributes import Heads, Packed, block, parts
from closetspace.domain.encoder.encoding import COLOUR, USAGE, FloatArray
from closetspace.domain.encoder.vectors import spread_of, unit
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.ranking.query import DEFAULT_WEIGHTS, FEEDBACK, SIMILARITY, Ranked, UserProfile, Weights
from closetspace.domain.taste.interests import EMBEDDING_SHARE, Interest
from closetspace.domain.wardrobe.closet import ClosetArrays

IMAGE, TEXT = "image", "text"
"""What a photo alone and what name and brand contribute to a score, apart from colour."""

ASPECTS = {"article": "cut", "colour": "colour", "look": "look"}
"""Blocks of a vector that a sentence can name."""

CLOSE = 0.6
"""Cosine from which on two garments are called close."""

LEAST_SHOWN = 0.3
"""Share of a colour, or of a usage, from which on a garment is said to have it."""

LEAST_ALIKE = 2
"""Owned items that have a trait in common with a recommendation, before a sentence tells of it."""

LIKED = 0.2
"""Nats that likes add, from which on a sentence says so."""


@dataclass(frozen=True)
class Reason:
    """``owned`` are rows of the closet with cosines, the nearest first; ``contributions`` add up to the score."""

    owned: Sequence[tuple[int, float]]
    interest: Interest
    contributions: Mapping[str, float]
    sentence: str


def explain(
    ranked: Sequence[Ranked], profile: UserProfile, index: Index, method: Weights = DEFAULT_WEIGHTS
) -> list[Reason]:
    """A reason for each recommendation by a method, in order."""
    if not ranked:
        return []
    rows = np.array([one.row for one in ranked], np.int64)
    vectors = index.vectors(rows)
    owned = nearest_owned(profile.worn, vectors)
    traits = _Traits(index.attributes(rows), profile.worn, index.heads)
    contributions = _contributions(ranked, rows, vectors, profile, index, method)
    aspects = _aspects(vectors, profile.worn.vectors[[near[0][0] for near in owned]], index.blocks)
    return [
        Reason(
            near,
            profile.taste.interests[one.interest],
            contributed,
            _sentence(one, place, near[0], aspect, profile.worn, traits),
        )
        for place, (one, near, contributed, aspect) in enumerate(
            zip(ranked, owned, contributions, aspects, strict=True)
        )
    ]


def _contributions(
    ranked: Sequence[Ranked], rows: Rows, vectors: FloatArray, profile: UserProfile, index: Index, method: Weights
) -> list[dict[str, float]]:
    """The parts of each score, with the similarity's split into what photo, text and colour make of it.

    A similarity is a product of the embedding with one direction, less what the category's mean has of its style.
    Colour is the colour block's part of both; of the rest the photo alone makes what its own vector would, and text
    what is left.
    """
    direction, taken = _directions(ranked, vectors, profile, index, method.similarity)
    colour = block(index.blocks, COLOUR)
    whole, by_photo = vectors * direction - taken, index.photo_vectors(rows) * direction - taken
    in_colour = whole[:, colour].sum(axis=1)
    in_photo = by_photo.sum(axis=1) - by_photo[:, colour].sum(axis=1)
    return [
        {IMAGE: image, TEXT: one.parts[SIMILARITY] - hue - image}
        | {name: part for name, part in one.parts.items() if name != SIMILARITY}
        | {COLOUR: hue + one.parts.get(COLOUR, 0.0)}
        for one, hue, image in zip(ranked, in_colour.tolist(), in_photo.tolist(), strict=True)
    ]


def _directions(
    ranked: Sequence[Ranked], vectors: FloatArray, profile: UserProfile, index: Index, weight: float
) -> tuple[FloatArray, FloatArray]:
    """What each embedding was multiplied with for its similarity, and what was taken off for the mean, ``(k, d)``."""
    to = [profile.anchor(one.category, index) for one in ranked]
    mean = np.array([index.category_means[one.category] for one in ranked])
    near, style = np.array([anchor.near for anchor in to]), np.array([anchor.style for anchor in to])
    style *= np.float32(weight * (1 - EMBEDDING_SHARE)) / spread_of(vectors, mean)[:, None]
    return np.float32(weight * EMBEDDING_SHARE) * near + style, mean * style


class _Traits:
    """What recommendations show, and how many owned items show the same."""

    def __init__(self, told: Packed, worn: ClosetArrays, heads: Heads) -> None:
        self._heads, self._count = heads, len(worn.ids)
        known = parts(heads) if worn.attributes.shape[1] else {}
        self._shown = {head: _likeliest(told[:, part]).tolist() for head, part in known.items()}
        self._owned = {head: Counter(_likeliest(worn.attributes[:, part]).tolist()) for head, part in known.items()}

    def clause(self, head: str, place: int) -> str | None:
        """``navy blue like 5 of your 14 items`` of a recommendation, where enough of them are."""
        label = self._shown[head][place] if head in self._shown else -1
        alike = self._owned[head][label] if label >= 0 else 0
        if alike < min(LEAST_ALIKE, self._count):
            return None
        return f"{self._heads[head][label].lower()} like {_of_yours(alike, self._count)}"


def _sentence(
    one: Ranked, place: int, near: tuple[int, float], aspect: str | None, worn: ClosetArrays, traits: _Traits
) -> str:
    nearest, cosine = near
    named = f"your {worn.titles[nearest] or worn.categories[nearest].lower()}"
    if one.own_similar:
        return f"Nearly the same as {named}."
    owned = one.category in worn.rows_by_category
    close = owned and cosine >= CLOSE
    if not owned:
        first = f"You own no {one.category.lower()} yet"
    elif close:
        first = f"Close{f' in {aspect}' if aspect else ''} to {named}"
    else:
        first = f"In the style of {named}"
    trait = None if close and aspect == ASPECTS["colour"] else traits.clause(COLOUR, place)
    second = trait or traits.clause(USAGE, place) or traits.clause(COLOUR, place)
    liked = "like what you liked" if one.parts[FEEDBACK] >= LIKED else None
    return "; ".join(clause for clause in (first, second, liked) if clause) + "."


def _aspects(vectors: FloatArray, owned: FloatArray, blocks: Mapping[str, int]) -> list[str | None]:
    """For each pair of garments the block in which they are most alike, by its name in sentences."""
    named = {aspect: block(blocks, name) for name, aspect in ASPECTS.items() if name in blocks}
    if not named:
        return [None] * len(vectors)
    alike = [(unit(vectors[:, part]) * unit(owned[:, part])).sum(axis=1) for part in named.values()]
    return [list(named)[place] for place in np.argmax(alike, axis=0)]


def _likeliest(shares: Packed) -> np.ndarray:
    best = shares.argmax(axis=1)
    return np.where(shares[np.arange(len(shares)), best] >= LEAST_SHOWN * 255, best, -1)


def _of_yours(count: int, total: int) -> str:
    if total == 1:
        return "the one item you own"
    return f"all of your {total} items" if count == total else f"{count} of your {total} items"


def nearest_owned(worn: ClosetArrays, embeddings: FloatArray, most: int = 3) -> list[list[tuple[int, float]]]:
    """For each recommendation the owned items most like it, ``(row, cosine)``, the nearest first."""
    cosines = embeddings @ worn.vectors.T
    few = min(most, len(worn.ids))
    nearest = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
    return [
        sorted(((int(i), float(row[i])) for i in places), key=lambda owned: (-owned[1], worn.ids[owned[0]]))
        for row, places in zip(cosines, nearest, strict=True)
    ]
