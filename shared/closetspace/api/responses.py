"""The callables' responses."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from closetspace.domain.index.facets import Facets
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.person.data_export import DataExport
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.ranking.recommendation import Recommendation, RecommendedItem

DIGITS = 4
"""Decimals of scores and similarities."""


class CallableResponse(BaseModel):
    """Base of the callables' responses; fields may be filled by their names and are sent under their aliases."""

    model_config = ConfigDict(populate_by_name=True)


class ProductResponse(CallableResponse):
    """What a card shows of a catalog item. ``list_price`` is the higher price that ``price`` is reduced from."""

    id: str
    name: str
    src: str | None
    pictures: dict[str, str] | None
    url: str | None
    price: float | None
    list_price: float | None
    currency: str | None


class OwnedMatchResponse(CallableResponse):
    """An owned item that a recommendation resembles, with their cosine."""

    item_id: str = Field(alias="itemId")
    similarity: float


class InterestResponse(CallableResponse):
    """The interest of the closet that a recommendation serves: a category and the number of owned items in it."""

    category: str
    count: int


class RecommendedItemResponse(ProductResponse):
    """One recommendation; see `closetspace.domain.ranking.recommendation.RecommendedItem`.

    ``own_similar`` says whether it is nearly the same as an owned item, whose id is ``own_item_id``.
    """

    brand: str | None
    category: str
    in_stock: bool
    score: float
    because: list[OwnedMatchResponse]
    interest: InterestResponse
    contributions: dict[str, float]
    reason: str
    variants: list[ProductResponse]
    unlock: int
    own_similar: bool
    own_item_id: str | None


class RecommendResponse(CallableResponse):
    """Response of ``recommend``: one page of a list. ``cursor`` asks for the next page, null at the list's end.

    The first page has the number of the person's items that are still being processed; it is null on later pages.
    """

    items: list[RecommendedItemResponse]
    cursor: str | None
    seed: int
    index_version: str
    moved_on: bool
    processing: int | None

    @staticmethod
    def data(page: Recommendation) -> dict[str, Any]:
        """Return a page as it is sent. To build and validate the models of its parts would take five times as long."""
        return {
            "items": [_item(recommended) for recommended in page.items],
            "cursor": page.cursor.encode() if page.cursor else None,
            "seed": page.seed,
            "index_version": page.index_version,
            "moved_on": page.moved_on,
            "processing": page.processing,
        }


def _item(recommended: RecommendedItem) -> dict[str, Any]:
    interest = recommended.interest
    return {
        **_product(recommended.item),
        "brand": recommended.item.brand or None,
        "category": recommended.category,
        "in_stock": recommended.item.in_stock,
        "score": round(recommended.score, DIGITS),
        "because": [
            {"itemId": match.item_id, "similarity": round(match.similarity, DIGITS)} for match in recommended.because
        ],
        "interest": {"category": interest.category, "count": interest.count},
        "contributions": {name: round(nats, DIGITS) for name, nats in recommended.contributions.items()},
        "reason": recommended.reason,
        "variants": [_product(variant) for variant in recommended.variants],
        "unlock": recommended.unlock,
        "own_similar": recommended.own_item_id is not None,
        "own_item_id": recommended.own_item_id,
    }


def _product(item: IndexedItem) -> dict[str, Any]:
    # An index has empty text where a product lacks a field.
    return {
        "id": item.id,
        "name": item.name,
        "src": item.src or None,
        "pictures": item.pictures,
        "url": item.url or None,
        "price": item.price,
        "list_price": item.list_price,
        "currency": item.currency or None,
    }


class FacetResponse(CallableResponse):
    """A name that a filter may have, and the number of items that have it."""

    name: str
    count: int


class PriceRangeResponse(CallableResponse):
    """The lowest and the highest price in one currency, and the number of items that have one."""

    currency: str | None
    low: float
    high: float
    count: int


class FacetsResponse(CallableResponse):
    """Response of ``facets``: what the filters of ``recommend`` may name, most items first."""

    categories: list[FacetResponse]
    genders: list[FacetResponse]
    brands: list[FacetResponse]
    colours: list[FacetResponse]
    usages: list[FacetResponse]
    prices: list[PriceRangeResponse]
    index_version: str

    @classmethod
    def of(cls, facets: Facets, index_version: str) -> Self:
        """Return the response for an index's facets."""
        return cls.model_validate(
            {
                "categories": _facets(facets.categories),
                "genders": _facets(facets.genders),
                "brands": _facets(facets.brands),
                "colours": _facets(facets.colours),
                "usages": _facets(facets.usages),
                "prices": [asdict(prices) | {"currency": prices.currency or None} for prices in facets.prices],
                "index_version": index_version,
            }
        )


def _facets(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"name": name, "count": count} for name, count in counts.items()]


class DeletionResponse(CallableResponse):
    """Response of ``deleteAccount``."""

    status: Literal["deleting"]


class ExportResponse(CallableResponse):
    """Response of ``exportMyData``; the document ``exports/{uid}`` has the same fields, and changes later.

    ``path`` is null until the status is ``ready``; the file is there until ``expires_at``.
    """

    status: Literal["preparing", "ready", "failed"]
    path: str | None
    expires_at: str
    message: str | None

    @classmethod
    def of(cls, export: DataExport) -> Self:
        """Return the response for an export."""
        return cls.model_construct(
            status=export.status.value,
            path=export.path,
            expires_at=export.expires_at.isoformat(),
            message=export.message,
        )


class FeedbackResponse(CallableResponse):
    """Response of ``feedback``: the opinion that is stored now, null if there is none."""

    item_id: str = Field(alias="itemId")
    kind: Literal["like", "dismiss", "own"] | None

    @classmethod
    def of(cls, item_id: str, kind: OpinionKind | None) -> Self:
        """Return the response for a stored opinion."""
        return cls.model_construct(item_id=item_id, kind=kind.value if kind else None)
