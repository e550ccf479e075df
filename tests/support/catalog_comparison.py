"""What `catalog_jobs.catalog.diff.compare` and `catalog_jobs.refresh.planning.merge` return, computed item by item."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from catalog_jobs.catalog.diff import KINDS
from catalog_jobs.catalog.item import CatalogItem

Ids = dict[str, list[str]]
"""The ids of the items with each kind of change."""


def compare_items(before: Sequence[CatalogItem], after: Sequence[CatalogItem]) -> Ids:
    earlier, later = ({item.id: item for item in state if item.missing_since is None} for state in (before, after))
    ids: Ids = {kind: [] for kind in ("new", *KINDS, "gone", "unchanged")}
    for item in later.values():
        ids[change_of(earlier[item.id], item) if item.id in earlier else "new"].append(item.id)
    return ids | {"gone": [item_id for item_id in earlier if item_id not in later]}


def change_of(before: CatalogItem, after: CatalogItem) -> str:
    """Return the first kind of change between two states of an item."""
    for kind, fields in KINDS.items():
        if any(getattr(before, field) != getattr(after, field) for field in fields):
            return kind
    return "unchanged"


def merge_items(
    before: Sequence[CatalogItem],
    found: Sequence[CatalogItem],
    sources: Collection[str],
    now: datetime,
    grace: timedelta,
) -> tuple[list[CatalogItem], list[str]]:
    """Return the catalog's next state and the ids that left it, both by id."""
    earlier = {item.id: item for item in before}
    items = {item.id: with_first_seen(item, earlier.get(item.id, item).first_seen) for item in found}
    left = []
    for item in before:
        missing_since = item.missing_since or now
        if item.id in items:
            continue
        if item.source not in sources:
            items[item.id] = item
        elif now - missing_since >= grace:
            left.append(item.id)
        else:
            items[item.id] = item.model_copy(update={"missing_since": missing_since})
    return [items[item_id] for item_id in sorted(items)], sorted(left)


def with_first_seen(item: CatalogItem, first_seen: datetime) -> CatalogItem:
    return item.model_copy(update={"first_seen": first_seen})
