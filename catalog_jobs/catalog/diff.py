"""What changed between two states of the catalog: pure, by what each item says of itself."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum

from catalog_jobs.catalog.item import CatalogItem

TEXT = ("source", "name", "brand", "group", "variant", "category", "gender", "colours", "url")
"""What a shop writes of an item, but for what it costs and whether it is there."""

OFFER = ("price", "currency", "available")


class Change(StrEnum):
    """How an item differs; of several changes the first of this order."""

    PICTURE = "changed_picture"
    TEXT = "changed_text"
    PRICE = "changed_price"


@dataclass(frozen=True)
class CatalogDiff:
    """Ids, each in one place: in the order of the later state, those that are gone in the order of the earlier."""

    new: tuple[str, ...] = ()
    changed_picture: tuple[str, ...] = ()
    changed_text: tuple[str, ...] = ()
    changed_price: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(ids) for name, ids in asdict(self).items()}


def compare(before: Iterable[CatalogItem], after: Iterable[CatalogItem]) -> CatalogDiff:
    """Compare what shops said. An item that was missing already is not gone once more; one that is back is new."""
    known = {item.id: item for item in before if item.missing_since is None}
    found: dict[str, list[str]] = {name: [] for name in CatalogDiff().counts()}
    here = set()
    for item in after:
        if item.missing_since is not None:
            continue
        here.add(item.id)
        earlier = known.get(item.id)
        change = change_of(earlier, item) if earlier else None
        found[change.value if change else "unchanged" if earlier else "new"].append(item.id)
    found["gone"] = [item_id for item_id in known if item_id not in here]
    return CatalogDiff(**{name: tuple(ids) for name, ids in found.items()})


def change_of(before: CatalogItem, after: CatalogItem) -> Change | None:
    """What of an item changed, None where nothing did that a shop says."""
    if before.image != after.image:
        return Change.PICTURE
    if _differ(before, after, TEXT):
        return Change.TEXT
    return Change.PRICE if _differ(before, after, OFFER) else None


def _differ(before: CatalogItem, after: CatalogItem, fields: Iterable[str]) -> bool:
    return any(getattr(before, name) != getattr(after, name) for name in fields)
