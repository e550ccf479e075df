"""Lists of recommendations by the deployed code path, for closets that lie in memory."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.inventory import EmbeddedInventory, Lists
from closetspace.adapters.memory import MemoryDatabase
from closetspace.bootstrap import encoder_priors
from closetspace.domain.index.index import Filters, Index
from closetspace.domain.index.products import item_key
from closetspace.domain.ranking.paging import Cursor, index_mark, short
from closetspace.domain.wardrobe.closet import Closet
from closetspace.services.embed_catalog import Progress
from closetspace.services.recommend import Recommender, Request
from closetspace.settings import Settings

T = TypeVar("T")

RECOMMENDATIONS = 50


@dataclass(frozen=True)
class Caller:
    """Someone who asks for recommendations: their closet, the request, and the ids of products that they own.

    The index's copy of an owned product is not recommended.
    """

    closet: Closet
    request: Request
    owned: Sequence[str] = ()


def seed_of(name: str) -> int:
    """Return a seed that depends on nothing but the name."""
    return zlib.crc32(name.encode())


def persona_caller(persona: Persona, found: EmbeddedInventory) -> Caller:
    """Return a persona that asks without exploration; its closet lacks what has no picture."""
    request = Request(RECOMMENDATIONS, explore=0.0, seed=seed_of(persona.id))
    return Caller(found.closet_of(persona), request, persona.wardrobe)


def recommend(
    callers: Sequence[Caller], found: EmbeddedInventory, index: Index, settings: Settings, progress: Progress
) -> Lists:
    """Return `RECOMMENDATIONS` products for each caller, none of them owned, by the caller's id.

    A list that ends earlier goes on with the categories that it did not touch.
    """
    database = MemoryDatabase()
    recommender = Recommender(database, lambda _: index, encoder_priors(settings).get)
    result = {}
    for done, caller in enumerate(callers, start=1):
        uid = caller.closet.uid
        database.closets[uid] = {item_id: dict(entries) for item_id, entries in caller.closet.entries.items()}
        result[uid] = [found.written(item_id) for item_id in _recommend(recommender, caller, index)]
        progress(done, len(callers))
    return Lists(result, RECOMMENDATIONS, found.left_out)


def to_the_end(
    count: int, index: Index, page: Callable[[int, Filters, Sequence[T]], Sequence[T]], category: Callable[[T], str]
) -> list[T]:
    """Ask for pages, of so many items that pass the filters and come after others, until there are ``count``.

    Where nothing is left in the categories that a list keeps to, it goes on in all others.
    """
    items: list[T] = []
    for filters in (Filters(), None):
        others = frozenset(index.category_means) - {category(item) for item in items}
        while len(items) < count and others:
            found = page(count - len(items), filters or Filters(categories=others), items)
            items += found
            if not found:
                break
    return items


def _recommend(recommender: Recommender, caller: Caller, index: Index) -> list[str]:
    def page(count: int, filters: Filters, before: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        shown = [short(item_key(item_id)) for item_id in [*caller.owned, *(item["id"] for item in before)]]
        cursor = Cursor(caller.request.seed or 0, index_mark(index.version), tuple(shown))
        request = replace(caller.request, count=count, filters=filters, cursor=cursor)
        items: list[dict[str, Any]] = recommender.recommend(caller.closet.uid, request)["items"]
        return items

    items = to_the_end(RECOMMENDATIONS, index, page, lambda item: str(item["category"]))
    return [item["id"] for item in items]
