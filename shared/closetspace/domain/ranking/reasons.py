"""Explain recommendations: the contributions that add up to each score, and one sentence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from closetspace.domain.encoder.attributes import UNKNOWN
from closetspace.domain.encoder.descriptor import COLOUR, USAGE, block_slice
from closetspace.domain.encoder.vectors import FloatArray, spread_of
from closetspace.domain.index.index import Index, Rows
from closetspace.domain.ranking.query import DEFAULT_WEIGHTS, FEEDBACK, SIMILARITY, Ranked, UserProfile, Weights
from closetspace.domain.ranking.traits import OwnedTraits
from closetspace.domain.taste.interests import EMBEDDING_SHARE, Interest
from closetspace.domain.wardrobe.closet import ClosetArrays

IMAGE, TEXT = "image", "text"
"""Contributions of the photo alone and of name and brand, without colour."""

ASPECTS = {"article": "cut", "colour": "colour", "look": "look"}
"""Words for a vector's blocks in sentences."""

CLOSE = 0.6
"""Cosine from which on a sentence calls two garments close."""

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
    ranked: Sequence[Ranked],
    profile: UserProfile,
    index: Index,
    weights: Weights = DEFAULT_WEIGHTS,
    traits: OwnedTraits | None = None,
) -> list[Reason]:
    """Return a reason for each ranked item, in order. ``traits`` are derived here if they are not given."""
    if not ranked:
        return []
    rows = np.array([one.row for one in ranked], np.int64)
    vectors = index.vectors(rows)
    owned = nearest_owned(profile.closet, vectors)
    contributions = _contributions(ranked, rows, vectors, profile, index, weights)
    aspects = _aspects(vectors, profile.closet.vectors[[near[0][0] for near in owned]], index.blocks)
    traits = traits or OwnedTraits(profile.closet, index.heads)
    labels = traits.labels(index.attributes(rows))
    return [
        Reason(
            near,
            profile.taste.interests[one.interest],
            contributed,
            _sentence(
                one, {head: of_all[place] for head, of_all in labels.items()}, near[0], aspect, profile.closet, traits
            ),
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
    in_colour = (vectors[:, colour] * direction[:, colour] - offset[:, colour]).sum(axis=1)
    by_photo = index.photo_vectors(rows) * direction - offset
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
    places = {category: place for place, category in enumerate({one.category: None for one in ranked})}
    anchors = [profile.anchor(category, index) for category in places]
    of_each = [places[one.category] for one in ranked]
    mean = np.array([index.category_means[category] for category in places])[of_each]
    near = np.array([anchor.embedding for anchor in anchors])[of_each]
    style = np.array([anchor.style for anchor in anchors])[of_each]
    style *= np.float32(weight * (1 - EMBEDDING_SHARE)) / spread_of(vectors, mean)[:, None]
    return np.float32(weight * EMBEDDING_SHARE) * near + style, mean * style


def _sentence(
    one: Ranked,
    labels: Mapping[str, int],
    near: tuple[int, float],
    aspect: str | None,
    closet: ClosetArrays,
    traits: OwnedTraits,
) -> str:
    if one.own_item_id:
        # Not always the nearest one: a variant in another colour may look more like something else.
        return f"Nearly the same as {traits.name_of(closet.ids.index(one.own_item_id))}."
    nearest, cosine = near
    owned = one.category in closet.rows_by_category
    close = owned and cosine >= CLOSE
    if not owned:
        first = f"You own no {one.category.lower()} yet"
    elif close:
        first = f"Close{f' in {aspect}' if aspect else ''} to {traits.name_of(nearest)}"
    else:
        first = f"In the style of {traits.name_of(nearest)}"
    colour, usage = (traits.clause(head, labels.get(head, UNKNOWN)) for head in (COLOUR, USAGE))
    second = usage or colour if close and aspect == ASPECTS["colour"] else colour or usage
    liked = "like what you liked" if one.parts[FEEDBACK] >= LIKED else None
    return "; ".join(clause for clause in (first, second, liked) if clause) + "."


def _aspects(vectors: FloatArray, owned: FloatArray, blocks: Mapping[str, int]) -> list[str | None]:
    """Return the word for the block in which each pair of garments is most alike."""
    named = [(list(blocks).index(name), aspect) for name, aspect in ASPECTS.items() if name in blocks]
    if not named:
        return [None] * len(vectors)
    starts = [0, *accumulate(blocks.values())][:-1]
    both, shown, worn = (
        np.add.reduceat(products, starts, axis=1)[:, [place for place, _ in named]]
        for products in (vectors * owned, np.square(vectors), np.square(owned))
    )
    alike = both / np.sqrt(np.maximum(shown * worn, np.finfo(np.float32).tiny))
    return [named[place][1] for place in alike.argmax(axis=1).tolist()]


def nearest_owned(closet: ClosetArrays, embeddings: FloatArray, most: int = 3) -> list[list[tuple[int, float]]]:
    """Return the owned items nearest to each recommendation as ``(row, cosine)``, nearest first."""
    cosines = embeddings @ closet.vectors.T
    few = min(most, len(closet.ids))
    nearest = np.argpartition(-cosines, few - 1, axis=1)[:, :few]
    near = np.take_along_axis(cosines, nearest, axis=1)
    ids = closet.ids
    return [
        sorted(zip(rows, of_rows, strict=True), key=lambda owned: (-owned[1], ids[owned[0]]))
        for rows, of_rows in zip(nearest.tolist(), near.tolist(), strict=True)
    ]
