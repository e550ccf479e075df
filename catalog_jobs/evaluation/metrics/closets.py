"""What is measured of lists for real closets, as pure functions of labels.

Every number is of the list's first `PAGE` places; a place that a list is too short to fill fits no closet.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.evaluation.datasets.closet_labels import COLOUR_GROUP, LabelledPhoto
from catalog_jobs.evaluation.metrics.encoders import Flags, Rows
from catalog_jobs.evaluation.metrics.personas import PAGE, Labels, Names, divergence, is_one_of, share, variety
from closetspace.domain.encoder.encoding import UNISEX

T = TypeVar("T")

METRICS = ("fit20", "adult", "gender", "worn", "kinds", "palette", "usage", "kl", "variety")
"""In the order of a table; the first is the headline. Lower is better for ``kl``, higher for the others."""

LEAST_COMMON = 0.1
"""The share of a closet that a colour or usage needs to belong to it."""

LEAST_OF_ONE_SEX = 0.8
"""The share of women's among women's and men's things from which on a closet is a woman's, and a man's likewise."""

KIND_OF_SUB_CATEGORY: Mapping[str, str] = {
    "Topwear": "topwear",
    "Innerwear": "topwear",
    "Bottomwear": "bottomwear",
    "Dress": "dress",
    "Shoes": "shoes",
    "Sandal": "shoes",
    "Flip Flops": "shoes",
    "Headwear": "headwear",
}

_SEXES = {"W": "Women", "M": "Men"}
_CHILDREN = ("Boys", "Girls")
_CHILD_IN_NAME = re.compile(r"\b(kids?|boys?'?s?|girls?'?s?|infants?|bab(y|ies)|toddlers?)\b", re.IGNORECASE)
_NOT_WORN = re.compile(
    r"shoe acc|shoe lace|perfume|deo|gift|bottle|umbrella|key ?chain|pouch|cleaner|cosmetic|nail|lip", re.IGNORECASE
)
_WORN = ("Apparel", "Footwear", "Accessories")


@dataclass(frozen=True)
class ClosetProfile:
    """What the labels of a closet's things say of its owner; ``kinds (n,)`` has an entry for each thing."""

    genders: frozenset[str]
    kinds: Names
    palette: frozenset[int]
    usages: frozenset[str]


@dataclass(frozen=True)
class ProductTraits:
    """What is known of ``n`` products: their labels, and what these mean for a closet, ``(n,)`` each."""

    labels: Labels
    child: Flags
    worn: Flags
    kind: Names
    colour: NDArray[np.int64]

    def only(self, rows: Rows | slice) -> "ProductTraits":
        """Return some rows, in order."""
        return ProductTraits(
            self.labels.only(rows), self.child[rows], self.worn[rows], self.kind[rows], self.colour[rows]
        )


def profile_of(things: Sequence[LabelledPhoto]) -> ClosetProfile:
    """Return what fits the owner of these things."""
    return ClosetProfile(
        genders=_genders(thing.gender for thing in things),
        kinds=np.array([thing.kind for thing in things], object),
        palette=_common(colour for thing in things for colour in thing.colours),
        usages=_common(thing.usage for thing in things),
    )


def traits_of(labels: Labels, master_categories: Sequence[str]) -> ProductTraits:
    """Return what labels and master categories ``(n,)`` of products mean for closets."""
    in_name = np.array([bool(_CHILD_IN_NAME.search(name)) for name in labels.name], np.bool_)
    useless = np.array([bool(_NOT_WORN.search(article)) for article in labels.article], np.bool_)
    return ProductTraits(
        labels=labels,
        child=is_one_of(labels.gender, _CHILDREN) | in_name,
        worn=is_one_of(master_categories, _WORN) & ~useless,
        kind=np.array([KIND_OF_SUB_CATEGORY.get(name, "") for name in labels.sub_category], object),
        colour=np.array([COLOUR_GROUP.get(name.lower(), -1) for name in labels.colour], np.int64),
    )


def measure(closet: ClosetProfile, listed: ProductTraits) -> dict[str, float]:
    """Return every one of `METRICS` of one closet's list, which is in order."""
    page = listed.only(slice(PAGE))
    fit = fits(closet, page)
    return {
        "fit20": share(np.logical_and.reduce(list(fit.values())), PAGE),
        "adult": share(~page.child, PAGE),
        **{trait: share(flags, PAGE) for trait, flags in fit.items()},
        "kl": divergence(closet.kinds, page.kind),
        "variety": variety(page.labels),
    }


def fits(closet: ClosetProfile, listed: ProductTraits) -> dict[str, Flags]:
    """Return whether each product fits the closet in each trait, ``(n,)``; children's things fit no gender."""
    return {
        "gender": is_one_of(listed.labels.gender, closet.genders) & ~listed.child,
        "worn": listed.worn,
        "kinds": is_one_of(listed.kind, frozenset(closet.kinds)),
        "palette": is_one_of(listed.colour.tolist(), closet.palette),
        "usage": is_one_of(listed.labels.usage, closet.usages),
    }


def concentration(lists: Sequence[Rows]) -> dict[str, float]:
    """Return how far lists are alike.

    ``hub`` is the share of lists that show the product that is shown most, ``distinct`` the number of different
    products as a share of all places.
    """
    shown = Counter(int(row) for rows in lists for row in rows[:PAGE])
    return {"hub": max(shown.values(), default=0) / len(lists), "distinct": len(shown) / (PAGE * len(lists))}


def _genders(labels: Iterable[str]) -> frozenset[str]:
    counts = Counter(label for label in labels if label in _SEXES)
    total = counts.total()
    wearers = [label for label in _SEXES if total and counts[label] >= LEAST_OF_ONE_SEX * total]
    return frozenset(_SEXES[label] for label in wearers or _SEXES) | {UNISEX}


def _common(values: Iterable[T]) -> frozenset[T]:
    counts = Counter(values)
    return frozenset(value for value, count in counts.items() if count >= max(1, LEAST_COMMON * counts.total()))
