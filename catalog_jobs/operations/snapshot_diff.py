"""The comparison of two snapshots, by shop and with examples. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from catalog_jobs.catalog.diff import OFFER_FIELDS, TEXT_FIELDS, CatalogDiff, compare
from catalog_jobs.catalog.item import CatalogItem
from closetspace.errors import FailedPrecondition, InvalidInput, NotFound

Items = Mapping[str, CatalogItem]

LAST, PREVIOUS = "last", "previous"

_ANSWER_NAMES = {"in_stock": "available"}
"""The names of fields in answers, where they differ from those of items."""

_MOST_NAMED = 5
"""Snapshots in an error message."""


@dataclass(frozen=True)
class Example:
    """An item that differs; ``changed`` has each field's earlier and later value, none for new and gone items."""

    id: str
    name: str
    source: str
    changed: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class SnapshotDiff:
    """The number of items with each kind of change, in all and by shop, and a few examples of each kind."""

    counts: Mapping[str, int]
    shops: Mapping[str, Mapping[str, int]]
    examples: Mapping[str, Sequence[Example]]


def find_snapshot(name: str, names: Sequence[str]) -> str:
    """Return the snapshot that ``name`` stands for: its name, a unique beginning of it, ``last`` or ``previous``.

    ``names`` are the oldest first. Raises `FailedPrecondition` if there is none yet, `NotFound` or `InvalidInput` with
    names to choose from.
    """
    if not names:
        raise FailedPrecondition("There is no snapshot yet: run `closetspace catalog refresh` first.")
    if name in (LAST, PREVIOUS):
        return _by_age(name, names)
    matches = [name] if name in names else [each for each in names if each.startswith(name)]
    if not matches:
        near = get_close_matches(name, names, n=_MOST_NAMED, cutoff=0.5) or names[::-1]
        raise NotFound(f"There is no snapshot {name} here. There are {_listed(near)}.")
    if len(matches) > 1:
        raise InvalidInput("snapshot_ambiguous", f"Several names begin with {name}: {_listed(matches)}. Add to it.")
    return matches[0]


def _by_age(name: str, names: Sequence[str]) -> str:
    if name == LAST:
        return names[-1]
    if len(names) == 1:
        raise FailedPrecondition(f"{names[0]} is the only snapshot here: there is none before it.")
    return names[-2]


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def compare_snapshots(before: Sequence[CatalogItem], after: Sequence[CatalogItem], examples: int) -> SnapshotDiff:
    """Compare two states of the catalog, with at most ``examples`` examples of each kind."""
    diff = compare(before, after)
    earlier, later = {item.id: item for item in before}, {item.id: item for item in after}
    return SnapshotDiff(diff.counts(), _shops(diff, earlier, later), _examples(diff, earlier, later, examples))


def changed_fields(before: CatalogItem, after: CatalogItem) -> dict[str, tuple[str, str]]:
    """Return the fields of a shop's item that differ, each with its earlier and later value as text."""
    changed = {
        _ANSWER_NAMES.get(name, name): (_format(getattr(before, name)), _format(getattr(after, name)))
        for name in (*TEXT_FIELDS, *OFFER_FIELDS)
        if getattr(before, name) != getattr(after, name)
    }
    return changed if before.image == after.image else {"picture": (_picture(before), _picture(after)), **changed}


def _shops(diff: CatalogDiff, earlier: Items, later: Items) -> dict[str, dict[str, int]]:
    kinds = list(diff.counts())
    counted = {kind: Counter((later.get(i) or earlier[i]).source for i in getattr(diff, kind)) for kind in kinds}
    shops = sorted({shop for counter in counted.values() for shop in counter})
    return {shop: {kind: counted[kind][shop] for kind in kinds} for shop in shops}


def _examples(diff: CatalogDiff, earlier: Items, later: Items, most: int) -> dict[str, list[Example]]:
    examples = {
        "new": [_example(later[item_id]) for item_id in diff.new[:most]],
        "gone": [_example(earlier[item_id]) for item_id in diff.gone[:most]],
    }
    for kind in ("changed_picture", "changed_text", "changed_price"):
        changed = getattr(diff, kind)[:most]
        examples[kind] = [_example(later[i], changed_fields(earlier[i], later[i])) for i in changed]
    return {kind: shown for kind, shown in examples.items() if shown}


def _example(item: CatalogItem, changed: Mapping[str, tuple[str, str]] | None = None) -> Example:
    return Example(item.id, item.name, item.source, changed or {})


def _picture(item: CatalogItem) -> str:
    return item.image_urls[0] if item.image_urls else item.image


def _format(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)
