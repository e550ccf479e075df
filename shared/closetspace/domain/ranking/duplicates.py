"""Near-duplicates: which items count as one garment, and which are left out of a list because of that.

Two items are one garment if they are variants of one product (`closetspace.domain.index.products`), or if the cosine of
their embeddings reaches a threshold.
"""

import numpy as np
from numpy.typing import NDArray

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.products import NO_PRODUCT
from closetspace.domain.wardrobe.closet import ClosetArrays

NEAR_DUPLICATE = 0.985
"""Cosine from which on two garments count as one; 2 % of products have a different product that near."""


def owned_products(closet: ClosetArrays) -> NDArray[np.uint64]:
    """Return the products that owned items are variants of."""
    owned: NDArray[np.uint64] = closet.products[closet.products != NO_PRODUCT]
    return owned


def owned_duplicate(closet: ClosetArrays, product: int, nearest: int, cosine: float, threshold: float) -> str | None:
    """Return the id of the owned item that a candidate duplicates: a variant first, else the nearest if it is near."""
    variants = np.flatnonzero(closet.products == np.uint64(product)).tolist()
    if not variants and cosine < threshold:
        return None
    return closet.ids[variants[0] if variants else nearest]


def resembles_any(vectors: FloatArray, others: FloatArray, threshold: float) -> NDArray[np.bool_]:
    """Return which of the ``vectors (n, d)`` are near-duplicates of any of the ``others (m, d)``."""
    resembles: NDArray[np.bool_] = (vectors @ others.T).max(axis=1, initial=-1) >= threshold
    return resembles
