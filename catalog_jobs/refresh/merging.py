"""From what the sources said to the catalog's next state: pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_jobs.catalog.item import CatalogItem


@dataclass(frozen=True)
class Merged:
    """The next state, by id, and the ids that left it because their grace was over."""

    items: Sequence[CatalogItem]
    left: Sequence[str]


def merged(
    before: Iterable[CatalogItem],
    found: Iterable[CatalogItem],
    sources: frozenset[str],
    now: datetime,
    grace: timedelta,
) -> Merged:
    """What is in the catalog after ``sources`` were read whole and gave ``found``.

    Items of other sources stay as they are. An item that its source no longer has stays for ``grace`` after it was
    first missed: a shop that forgets a page for one night loses nothing.
    """
    earlier = {item.id: item for item in before}
    items = {item.id: _seen(item, earlier.get(item.id)) for item in found}
    left = []
    for item in earlier.values():
        if item.id in items:
            continue
        if item.source not in sources:
            items[item.id] = item
            continue
        missing = item.missing_since or now
        if now - missing >= grace:
            left.append(item.id)
        else:
            items[item.id] = item.model_copy(update={"missing_since": missing})
    return Merged([items[item_id] for item_id in sorted(items)], sorted(left))


def _seen(item: CatalogItem, before: CatalogItem | None) -> CatalogItem:
    return item.model_copy(update={"first_seen": before.first_seen}) if before else item


def with_predictions(items: Iterable[CatalogItem], categories: Mapping[str, str]) -> list[CatalogItem]:
    """The items with what the encoder made of them, as far as their content was embedded before."""
    return [item.model_copy(update={"predicted_category": categories.get(item.content_key, "")}) for item in items]
