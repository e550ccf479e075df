"""Lists of recommendations, made by the deployed code for closets in memory."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.embedded_products import EmbeddedProducts, ProductLists
from closetspace.bootstrap import encoder_priors
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.filters import Filters
from closetspace.domain.index.index import Index
from closetspace.domain.index.products import item_key
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.paging import Cursor, index_mark, short
from closetspace.domain.ranking.recommend import recommend
from closetspace.domain.ranking.recommendation import RecommendedItem, Request
from closetspace.domain.wardrobe.closet import Closet
from closetspace.services.embed_catalog import Progress
from closetspace.settings import Settings

T = TypeVar("T")

RECOMMENDATIONS = 50


@dataclass(frozen=True)
class EvaluationCase:
    """A closet, the request for it, and the ids of products that its owner has. Owned products are not recommended."""

    closet: Closet
    request: Request
    owned: Sequence[str] = ()


def seed_of(name: str) -> int:
    """Return a seed that depends on the name alone."""
    return zlib.crc32(name.encode())


def persona_case(persona: Persona, embedded: EmbeddedProducts) -> EvaluationCase:
    """Return a persona's closet with a request without exploration."""
    request = Request(RECOMMENDATIONS, explore=0.0, seed=seed_of(persona.id))
    return EvaluationCase(embedded.closet_of(persona), request, persona.wardrobe)


def recommend_products(
    cases: Sequence[EvaluationCase], embedded: EmbeddedProducts, index: Index, settings: Settings, progress: Progress
) -> ProductLists:
    """Return `RECOMMENDATIONS` products for each case, none of them owned, by the closet's uid. See `fill_list`."""
    priors = encoder_priors(settings).get(index.encoder_id)
    result = {}
    for done, case in enumerate(cases, start=1):
        result[case.closet.uid] = [embedded.table_id(item_id) for item_id in _list(case, index, priors)]
        progress(done, len(cases))
    return ProductLists(result, RECOMMENDATIONS, embedded.left_out)


def fill_list(
    count: int, index: Index, page: Callable[[int, Filters, Sequence[T]], Sequence[T]], category: Callable[[T], str]
) -> list[T]:
    """Request pages until the list has ``count`` items.

    ``page`` gets the number of items, the filters, and the items that the list has already. A list whose categories are
    exhausted continues with all other categories.
    """
    items: list[T] = []
    for filters in (Filters(), None):
        others = frozenset(index.category_means) - {category(item) for item in items}
        while len(items) < count and others:
            more = page(count - len(items), filters or Filters(categories=others), items)
            items += more
            if not more:
                break
    return items


def _list(case: EvaluationCase, index: Index, priors: EncoderPriors | None) -> list[str]:
    person = Person(case.closet)

    def page(count: int, filters: Filters, before: Sequence[RecommendedItem]) -> Sequence[RecommendedItem]:
        shown = [short(item_key(item_id)) for item_id in [*case.owned, *(one.item.id for one in before)]]
        cursor = Cursor(case.request.seed, index_mark(index.version), tuple(shown))
        request = replace(case.request, count=count, filters=filters, cursor=cursor)
        return recommend(person, request, index, priors).items

    items = fill_list(RECOMMENDATIONS, index, page, lambda recommended: recommended.category)
    return [recommended.item.id for recommended in items]
