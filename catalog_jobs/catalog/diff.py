"""The differences between two states of the catalog. Pure."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from catalog_jobs.catalog.item import CatalogItem

TEXT_FIELDS = ("source", "name", "brand", "group", "variant", "category", "gender", "colours", "url")
OFFER_FIELDS = ("price", "list_price", "currency", "in_stock", "sizes")


class Change(StrEnum):
    """How an item differs. An item with several changes counts as the first of them in this order."""

    PICTURE = "changed_picture"
    TEXT = "changed_text"
    PRICE = "changed_price"


@dataclass(frozen=True)
class CatalogDiff:
    """Item ids, each in one field: ``gone`` in the order of the earlier state, all others in that of the later one."""

    new: tuple[str, ...] = ()
    changed_picture: tuple[str, ...] = ()
    changed_text: tuple[str, ...] = ()
    changed_price: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return the number of ids in each field."""
        return {name: len(ids) for name, ids in asdict(self).items()}


def compare(before: Iterable[CatalogItem], after: Iterable[CatalogItem]) -> CatalogDiff:
    """Compare two states. Missing items count as absent: they are not gone twice, and new when they return."""
    earlier = {item.id: item for item in before if item.missing_since is None}
    later = {item.id: item for item in after if item.missing_since is None}
    ids: dict[str, list[str]] = {name: [] for name in CatalogDiff().counts()}
    for item in later.values():
        if item.id in earlier:
            ids[change_of(earlier[item.id], item) or "unchanged"].append(item.id)
        else:
            ids["new"].append(item.id)
    ids["gone"] = [item_id for item_id in earlier if item_id not in later]
    return CatalogDiff(**{name: tuple(found) for name, found in ids.items()})


def change_of(before: CatalogItem, after: CatalogItem) -> Change | None:
    """Return the first change between two states of an item, None if its source describes it as before."""
    if before.image != after.image:
        return Change.PICTURE
    if _differ(before, after, TEXT_FIELDS):
        return Change.TEXT
    return Change.PRICE if _differ(before, after, OFFER_FIELDS) else None


def _differ(before: CatalogItem, after: CatalogItem, fields: Iterable[str]) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in fields)
