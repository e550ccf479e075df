"""Explain recommendations: the contributions that add up to each score, and one sentence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from closetspace.domain.encoder.attributes import Heads, PackedAttributes, head_slices, unpack_row
from closetspace.domain.encoder.descriptor import COLOUR, USAGE, block_slice
from closetspace.domain.encoder.vectors import FloatArray, spread_of, unit
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.ranking.query import DEFAULT_WEIGHTS, FEEDBACK, SIMILARITY, Ranked, UserProfile, Weights
from closetspace.domain.taste.interests import EMBEDDING_SHARE, Interest
from closetspace.domain.wardrobe.closet import ClosetArrays
from closetspace.domain.wardrobe.suggested_name import suggest_name

IMAGE, TEXT = "image", "text"
"""Contributions of the photo alone and of name and brand, without colour."""

ASPECTS = {"article": "cut", "colour": "colour", "look": "look"}
"""Words for a vector's blocks in sentences."""

CLOSE = 0.6
"""Cosine from which on a sentence calls two garments close."""

MIN_SHARE = 0.3
"""Share from which on a garment counts as having a colour or a usage."""

MIN_ALIKE = 2
"""Minimum number of owned items that share a trait for a sentence to mention it."""

LIKED = 0.2
"""Contribution of likes, in nats, from which on a sentence mentions them."""


@dataclass(frozen=True)
class Reason:
    """``owned`` are rows of the closet with cosines, nearest first; ``contributions`` add up to the score."""

    owned: Sequence[tuple[int, float]]
    interest: Interest
    contributions: Mapping[str, float]
    sentence: str


def explain(
    ranked: Sequence[Ranked], profile: UserProfile, index: Index, weights: Weights = DEFAULT_WEIGHTS
) -> list[Reason]:
    """Return a reason for each ranked item, in order."""
    if not ranked:
        return []
    rows = np.array([one.row for one in ranked], np.int64)
    vectors = index.vectors(rows)
    owned = nearest_owned(profile.closet, vectors)
    traits = _Traits(index.attributes(rows), profile.closet, index.heads)
    contributions = _contributions(ranked, rows, vectors, profile, index, weights)
    aspects = _aspects(vectors, profile.closet.vectors[[near[0][0] for near in owned]], index.blocks)
    return [
        Reason(
            near,
            profile.taste.interests[one.interest],
            contributed,
            _sentence(one, place, near[0], aspect, profile.closet, traits),
        )
        for place, (one, near, contributed, aspect) in enumerate(
            zip(ranked, owned, contributions, aspects, strict=True)
        )
    ]


def _contributions(
    ranked: Sequence[Ranked], rows: Rows, vectors: FloatArray, profile: UserProfile, index: Index, weights: Weights
) -> list[dict[str, float]]:
    """Return the parts of each score, with the similarity split into photo, text and colour.

    A similarity is the inner product of the embedding with one direction, minus the part of the category's mean.
    Colour is the colour block's part of it. Of the rest, the photo's part is that of its own vector, and text is the
    remainder.
    """
    direction, offset = _directions(ranked, vectors, profile, index, weights.similarity)
    colour = block_slice(index.blocks, COLOUR)
    whole, by_photo = vectors * direction - offset, index.photo_vectors(rows) * direction - offset
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
    """Return the direction of each embedding's similarity, and the offset of its category's mean, ``(k, d)``."""
    anchors = [profile.anchor(one.category, index) for one in ranked]
    mean = np.array([index.category_means[one.category] for one in ranked])
    near, style = np.array([anchor.embedding for anchor in anchors]), np.array([anchor.style for anchor in anchors])
    style *= np.float32(weight * (1 - EMBEDDING_SHARE)) / spread_of(vectors, mean)[:, None]
    return np.float32(weight * EMBEDDING_SHARE) * near + style, mean * style


class _Traits:
    """The likeliest labels of recommendations, and the number of owned items with the same ones."""

    def __init__(self, attributes: PackedAttributes, closet: ClosetArrays, heads: Heads) -> None:
        self._heads, self._count = heads, len(closet.ids)
        known = head_slices(heads) if closet.attributes.shape[1] else {}
        self._shown = {head: _likeliest(attributes[:, part]).tolist() for head, part in known.items()}
        self._owned = {head: Counter(_likeliest(closet.attributes[:, part]).tolist()) for head, part in known.items()}

    def name_of(self, row: int, closet: ClosetArrays) -> str:
        """Return what a sentence calls an owned item: ``your Arket Jumper``, or ``your red top`` if it has no title."""
        if closet.titles[row]:
            return f"your {closet.titles[row]}"
        known = self._heads if closet.attributes.shape[1] else {}
        return f"your {suggest_name(closet.categories[row], unpack_row(closet.attributes[row], known)).lower()}"

    def clause(self, head: str, place: int) -> str | None:
        """Return ``navy blue like 5 of your 14 items``, or None if fewer owned items share the trait."""
        label = self._shown[head][place] if head in self._shown else -1
        alike = self._owned[head][label] if label >= 0 else 0
        if alike < min(MIN_ALIKE, self._count):
            return None
        return f"{self._heads[head][label].lower()} like {_of_yours(alike, self._count)}"


def _sentence(
    one: Ranked, place: int, near: tuple[int, float], aspect: str | None, closet: ClosetArrays, traits: _Traits
) -> str:
    if one.own_item_id:
        # Not always the nearest one: a variant in another colour may look more like something else.
        return f"Nearly the same as {traits.name_of(closet.ids.index(one.own_item_id), closet)}."
    nearest, cosine = near
    named = traits.name_of(nearest, closet)
    owned = one.category in closet.rows_by_category
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
    """Return the word for the block in which each pair of garments is most alike."""
    named = {aspect: block_slice(blocks, name) for name, aspect in ASPECTS.items() if name in blocks}
    if not named:
        return [None] * len(vectors)
    alike = [(unit(vectors[:, part]) * unit(owned[:, part])).sum(axis=1) for part in named.values()]
    return [list(named)[place] for place in np.argmax(alike, axis=0)]


def _likeliest(shares: PackedAttributes) -> np.ndarray:
    best = shares.argmax(axis=1)
    return np.where(shares[np.arange(len(shares)), best] >= MIN_SHARE * 255, best, -1)


def _of_yours(count: int, total: int) -> str:
    if total == 1:
        return "the one item you own"
    return f"all of your {total} items" if count == total else f"{count} of your {total} items"


def nearest_owned(closet: ClosetArrays, embeddings: FloatArray, most: int = 3) -> list[list[tuple[int, float]]]:
    """Return the owned items nearest to each recommendation as ``(row, cosine)``, nearest first."""
    cosines = embeddings @ closet.vectors.T
    few = min(most, len(closet.ids))
    nearest = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
    return [
        sorted(((int(i), float(row[i])) for i in places), key=lambda owned: (-owned[1], closet.ids[owned[0]]))
        for row, places in zip(cosines, nearest, strict=True)
    ]
