"""Two snapshots side by side, told by shop and by example. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalog_jobs.catalog.diff import OFFER_FIELDS, TEXT_FIELDS, CatalogDiff, compare
from catalog_jobs.catalog.item import CatalogItem

Items = Mapping[str, CatalogItem]

_SHOWN_NAMES = {"in_stock": "available"}
"""The names of fields in answers, where they differ from those of items."""


@dataclass(frozen=True)
class Example:
    """An item that differs; ``changed`` has of each field what it was and what it is, none for new and gone items."""

    id: str
    name: str
    source: str
    changed: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Compared:
    """How many items of each kind of change there are, in all and in each shop, and a few of each kind."""

    counts: Mapping[str, int]
    shops: Mapping[str, Mapping[str, int]]
    examples: Mapping[str, Sequence[Example]]


def compared(before: Sequence[CatalogItem], after: Sequence[CatalogItem], most: int) -> Compared:
    """Compare two states of the catalog, with at most so many examples of each kind."""
    found = compare(before, after)
    earlier, later = {item.id: item for item in before}, {item.id: item for item in after}
    return Compared(found.counts(), _shops(found, earlier, later), _examples(found, earlier, later, most))


def changed_fields(before: CatalogItem, after: CatalogItem) -> dict[str, tuple[str, str]]:
    """What a shop says differently of an item, in words: of each field what it was and what it is."""
    changed = {
        _SHOWN_NAMES.get(name, name): (_word(getattr(before, name)), _word(getattr(after, name)))
        for name in (*TEXT_FIELDS, *OFFER_FIELDS)
        if getattr(before, name) != getattr(after, name)
    }
    return changed if before.image == after.image else {"picture": (_picture(before), _picture(after)), **changed}


def _shops(found: CatalogDiff, earlier: Items, later: Items) -> dict[str, dict[str, int]]:
    kinds = list(found.counts())
    counted = {kind: Counter((later.get(i) or earlier[i]).source for i in getattr(found, kind)) for kind in kinds}
    shops = sorted({shop for counter in counted.values() for shop in counter})
    return {shop: {kind: counted[kind][shop] for kind in kinds} for shop in shops}


def _examples(found: CatalogDiff, earlier: Items, later: Items, most: int) -> dict[str, list[Example]]:
    alone = {
        "new": [_example(later[item_id]) for item_id in found.new[:most]],
        "gone": [_example(earlier[item_id]) for item_id in found.gone[:most]],
    }
    changed = {
        kind: [_example(later[i], changed_fields(earlier[i], later[i])) for i in getattr(found, kind)[:most]]
        for kind in ("changed_picture", "changed_text", "changed_price")
    }
    return {kind: shown for kind, shown in {**alone, **changed}.items() if shown}


def _example(item: CatalogItem, changed: Mapping[str, tuple[str, str]] | None = None) -> Example:
    return Example(item.id, item.name, item.source, changed or {})


def _picture(item: CatalogItem) -> str:
    return item.image_urls[0] if item.image_urls else item.image


def _word(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)
