"""Answer a person's request for clothes that fit their closet."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from closetspace.domain.catalog import CatalogItem, Filters, Index
from closetspace.domain.closet import Closet, Taste, Wearables, derive_taste
from closetspace.domain.paging import Cursor
from closetspace.domain.ranking import Ranked, Wish, nearest_owned, rank
from closetspace.errors import FailedPrecondition, InvalidInput, Transient
from closetspace.ports import Closets

EMPTY_CLOSET = "Your wardrobe has no finished items yet. Add photos of a few clothes first, then ask again."


@dataclass(frozen=True)
class Request:
    """A validated request; a cursor carries its own seed."""

    count: int
    filters: Filters
    explore: float
    seed: int | None = None
    cursor: Cursor | None = None


@dataclass(frozen=True)
class Recommender:
    """Reads closet and taste, ranks one version of the index, explains.

    ``index`` chooses the version by how many of the closet's items each encoder covers; vectors, taste and
    reasons are all of that version's encoder.
    """

    closets: Closets
    index: Callable[[Mapping[str, int]], Index]

    def recommend(self, uid: str, request: Request) -> dict[str, Any]:
        """The answer of the callable `recommend`, as plain values.

        Raises `FailedPrecondition` for an empty closet, `InvalidInput` for a filter that names what the index
        does not have, `Transient` while there is no index that the closet's vectors can be compared with.
        """
        closet, cached = self.closets.closet_with_taste(uid)
        if not closet.entries:
            raise FailedPrecondition(EMPTY_CLOSET)
        index = self.index(closet.coverage)
        worn = closet.encoded_by(index.encoder_id)
        if not worn.ids:
            raise Transient(f"no index in use is by {', '.join(closet.coverage)}: finish `closetspace encoder migrate`")
        _check_categories(request.filters, index)
        taste = _taste(closet, index.encoder_id, cached)
        cursor = request.cursor or Cursor(request.seed if request.seed is not None else secrets.randbits(48))
        wish = Wish(request.count, request.filters, cursor.seed, request.explore, frozenset(cursor.shown))
        return _answer(rank(worn, taste, index, wish), worn, index, cursor)


def _taste(closet: Closet, encoder_id: str, cached: Taste | None) -> Taste:
    """The cached taste where it is of this very closet, else one derived here."""
    if cached and (cached.closet_version, cached.encoder) == (closet.version, encoder_id):
        return cached
    return derive_taste(closet, encoder_id)


def _check_categories(filters: Filters, index: Index) -> None:
    unknown = sorted((filters.categories or frozenset()) - set(index.category_means))
    if unknown:
        allowed = ", ".join(index.category_means)
        raise InvalidInput("categories", f"categories: {', '.join(unknown)} is not among {allowed}.")


def _answer(ranked: list[Ranked], worn: Wearables, index: Index, cursor: Cursor) -> dict[str, Any]:
    rows = np.array([entry.row for entry in ranked], np.int64)
    because = nearest_owned(worn, index.embeddings(rows)) if ranked else []
    shown = index.items(rows)
    following = cursor.after(int(key) for key in index.keys(rows)) if ranked else None
    return {
        "items": [_item(item, entry, owned) for item, entry, owned in zip(shown, ranked, because, strict=True)],
        "cursor": following.encode() if following else None,
        "seed": cursor.seed,
        "index_version": index.version,
    }


def _item(item: CatalogItem, entry: Ranked, because: list[tuple[str, float]]) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "brand": item.brand,
        "src": item.src,
        "url": item.url,
        "price": item.price,
        "currency": item.currency,
        "category": item.category,
        "score": round(entry.score, 4),
        "because": [{"itemId": owned, "similarity": round(cosine, 4)} for owned, cosine in because],
    }
