"""Metrics of a list of recommendations for a real closet.

Every metric is of the first `PAGE` places of the list. Places that a short list does not fill count as misses.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.evaluation.datasets.closets import COLOUR_GROUP, LabelledPhoto
from catalog_jobs.evaluation.datasets.fashion_labels import CHILD_IN_NAME
from catalog_jobs.evaluation.metrics.personas import (
    PAGE,
    ProductLabels,
    TextArray,
    divergence,
    is_one_of,
    share,
    variety,
)
from closetspace.domain.encoder.descriptor import UNISEX
from closetspace.domain.index.index import Mask, Rows

T = TypeVar("T")

CLOSET_METRICS = ("fit20", "adult", "gender", "worn", "kinds", "palette", "usage", "kl", "variety")
"""In the order of a table, the headline first. Lower is better for ``kl``, higher for the others."""

LEAST_COMMON = 0.1
"""The share of a closet's items from which on a colour or usage counts as the closet's."""

LEAST_OF_ONE_GENDER = 0.8
"""The share of women's among women's and men's items from which on a closet is a woman's; for men likewise."""

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

_GENDER_OF_CODE = {"W": "Women", "M": "Men"}
_CHILDREN = ("Boys", "Girls")
_WORN = ("Apparel", "Footwear", "Accessories")
_NOT_WORN = re.compile(
    r"shoe acc|shoe lace|perfume|deo|gift|bottle|umbrella|key ?chain|pouch|cleaner|cosmetic|nail|lip", re.IGNORECASE
)


@dataclass(frozen=True)
class ClosetProfile:
    """What fits a closet's owner, by the labels of the closet's items. ``kinds (n,)`` has an entry per item."""

    genders: frozenset[str]
    kinds: TextArray
    palette: frozenset[int]
    usages: frozenset[str]


@dataclass(frozen=True)
class ProductTraits:
    """The labels of ``n`` products and what is derived from them, ``(n,)`` each."""

    labels: ProductLabels
    child: Mask
    worn: Mask
    kind: TextArray
    colour: NDArray[np.int64]

    def take(self, rows: Rows | slice) -> "ProductTraits":
        """Return the traits of some rows, in order."""
        return ProductTraits(
            self.labels.take(rows), self.child[rows], self.worn[rows], self.kind[rows], self.colour[rows]
        )


def closet_profile(items: Sequence[LabelledPhoto]) -> ClosetProfile:
    """Return what fits the owner of these items."""
    return ClosetProfile(
        genders=_genders(item.gender for item in items),
        kinds=np.array([item.kind for item in items], object),
        palette=_common(colour for item in items for colour in item.colours),
        usages=_common(item.usage for item in items),
    )


def product_traits(labels: ProductLabels, master_categories: Sequence[str]) -> ProductTraits:
    """Derive traits from the labels and master categories ``(n,)`` of products."""
    child_in_name = np.array([bool(CHILD_IN_NAME.search(name)) for name in labels.name], np.bool_)
    not_worn = np.array([bool(_NOT_WORN.search(article)) for article in labels.article], np.bool_)
    return ProductTraits(
        labels=labels,
        child=is_one_of(labels.gender, _CHILDREN) | child_in_name,
        worn=is_one_of(master_categories, _WORN) & ~not_worn,
        kind=np.array([KIND_OF_SUB_CATEGORY.get(name, "") for name in labels.sub_category], object),
        colour=np.array([COLOUR_GROUP.get(name.lower(), -1) for name in labels.colour], np.int64),
    )


def closet_metrics(closet: ClosetProfile, listed: ProductTraits) -> dict[str, float]:
    """Return `CLOSET_METRICS` of a closet's list, which is in order."""
    page = listed.take(slice(PAGE))
    fits = closet_fits(closet, page)
    return {
        "fit20": share(np.logical_and.reduce(list(fits.values())), PAGE),
        "adult": share(~page.child, PAGE),
        **{trait: share(flags, PAGE) for trait, flags in fits.items()},
        "kl": divergence(closet.kinds, page.kind),
        "variety": variety(page.labels),
    }


def closet_fits(closet: ClosetProfile, listed: ProductTraits) -> dict[str, Mask]:
    """Return which products ``(n,)`` fit the closet in each trait. Children's products fit no gender."""
    return {
        "gender": is_one_of(listed.labels.gender, closet.genders) & ~listed.child,
        "worn": listed.worn,
        "kinds": is_one_of(listed.kind, frozenset(closet.kinds)),
        "palette": is_one_of(listed.colour.tolist(), closet.palette),
        "usage": is_one_of(listed.labels.usage, closet.usages),
    }


def concentration(lists: Sequence[Rows]) -> dict[str, float]:
    """Return how similar lists are to each other.

    ``hub`` is the share of lists that contain the most frequent product, ``distinct`` the number of different products
    divided by the number of places.
    """
    counts = Counter(int(row) for rows in lists for row in rows[:PAGE])
    return {"hub": max(counts.values(), default=0) / len(lists), "distinct": len(counts) / (PAGE * len(lists))}


def _genders(codes: Iterable[str]) -> frozenset[str]:
    counts = Counter(code for code in codes if code in _GENDER_OF_CODE)
    total = counts.total()
    wearers = [code for code in _GENDER_OF_CODE if total and counts[code] >= LEAST_OF_ONE_GENDER * total]
    return frozenset(_GENDER_OF_CODE[code] for code in wearers or _GENDER_OF_CODE) | {UNISEX}


def _common(values: Iterable[T]) -> frozenset[T]:
    counts = Counter(values)
    return frozenset(value for value, count in counts.items() if count >= max(1, LEAST_COMMON * counts.total()))
