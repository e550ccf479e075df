"""Why something is recommended: numbers that add up to its score, and one sentence made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from closetspace.domain.attributes import Heads, Packed, block, parts
from closetspace.domain.catalog import Index, Rows
from closetspace.domain.closet import Wearables
from closetspace.domain.encoding import COLOUR, USAGE, FloatArray
from closetspace.domain.interests import Interest, anchors
from closetspace.domain.ranking import FEEDBACK, SIMILARITY, Ranked, Wearer, nearest_owned
from closetspace.domain.style import spread_of, unit

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


def explain(ranked: Sequence[Ranked], wearer: Wearer, index: Index) -> list[Reason]:
    """A reason for each recommendation, in order."""
    if not ranked:
        return []
    rows = np.array([one.row for one in ranked], np.int64)
    vectors, attributes = index.vectors(rows), index.attributes(rows)
    owned = nearest_owned(wearer.worn, vectors)
    traits = _Traits(wearer.worn, index.heads)
    contributions = _contributions(ranked, rows, vectors, wearer, index)
    aspects = _aspects(vectors, wearer.worn.vectors[[near[0][0] for near in owned]], index.blocks)
    return [
        Reason(
            near,
            wearer.taste.interests[one.interest],
            contributed,
            _sentence(one, *near[0], aspect, told, wearer.worn, traits),
        )
        for one, near, contributed, aspect, told in zip(ranked, owned, contributions, aspects, attributes, strict=True)
    ]


def _contributions(
    ranked: Sequence[Ranked], rows: Rows, vectors: FloatArray, wearer: Wearer, index: Index
) -> list[dict[str, float]]:
    """The parts of each score, with the similarity's split into what photo, text and colour make of it.

    A similarity is a product of the embedding with one direction, less what the category's mean has of its style.
    Colour is the colour block's part of both; of the rest the photo alone makes what its own vector would, and text
    what is left.
    """
    direction, taken = _directions(ranked, vectors, wearer, index)
    colour = np.zeros(vectors.shape[1], np.bool_)
    colour[block(index.blocks, COLOUR)] = True
    in_colour = (vectors * direction - taken)[:, colour].sum(axis=1).tolist()
    by_photo = (index.photo_vectors(rows) * direction - taken)[:, ~colour].sum(axis=1).tolist()
    return [
        {IMAGE: image, TEXT: one.parts[SIMILARITY] - hue - image}
        | {name: part for name, part in one.parts.items() if name != SIMILARITY}
        | {COLOUR: hue + one.parts.get(COLOUR, 0.0)}
        for one, hue, image in zip(ranked, in_colour, by_photo, strict=True)
    ]


def _directions(
    ranked: Sequence[Ranked], vectors: FloatArray, wearer: Wearer, index: Index
) -> tuple[FloatArray, FloatArray]:
    """What each embedding was multiplied with for its similarity, and what was taken off for the mean, ``(k, d)``."""
    taste, choice, means = wearer.taste, wearer.taste.choice, index.category_means
    of_category = {
        category: anchors(taste.interests, category, choice.variant, means)
        for category in {one.category for one in ranked}
    }
    to = [of_category[one.category] for one in ranked]
    mean = np.array([means[one.category] for one in ranked])
    near = np.array([anchor.near[one.anchor] * anchor.share for anchor, one in zip(to, ranked, strict=True)])
    style = np.array([anchor.style[one.anchor] * (1 - anchor.share) for anchor, one in zip(to, ranked, strict=True)])
    style /= spread_of(vectors, mean)[:, None]
    weight = np.float32(choice.weight)
    return weight * (near + style), weight * mean * style


class _Traits:
    """How many owned items share what a garment shows."""

    def __init__(self, worn: Wearables, heads: Heads) -> None:
        self._heads, self._worn = heads, worn
        told = worn.attributes if worn.attributes.shape[1] else np.zeros((len(worn.ids), 0), np.uint8)
        self._likeliest = {head: _likeliest(told[:, part]) for head, part in parts(heads).items() if told.shape[1]}

    def clause(self, head: str, attributes: Packed) -> str | None:
        """``navy blue like 5 of your 14 items``, where enough of them are."""
        if head not in self._likeliest:
            return None
        label = int(_likeliest(attributes[None, parts(self._heads)[head]])[0])
        alike = int((self._likeliest[head] == label).sum()) if label >= 0 else 0
        if alike < min(LEAST_ALIKE, len(self._worn.ids)):
            return None
        return f"{self._heads[head][label].lower()} like {_of_yours(alike, len(self._worn.ids))}"


def _sentence(
    one: Ranked, nearest: int, cosine: float, aspect: str | None, told: Packed, worn: Wearables, traits: _Traits
) -> str:
    named = f"your {worn.titles[nearest] or 'own ' + worn.categories[nearest].lower()}"
    if one.own_similar:
        return f"Nearly the same as {named}."
    if one.category not in worn.rows_by_category:
        first = f"You own no {one.category.lower()} yet"
    elif cosine >= CLOSE:
        first = f"Close{f' in {aspect}' if aspect else ''} to {named}"
    else:
        first = f"In the style of {named}"
    trait = None if aspect == ASPECTS["colour"] else traits.clause(COLOUR, told)
    second = trait or traits.clause(USAGE, told) or traits.clause(COLOUR, told)
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
