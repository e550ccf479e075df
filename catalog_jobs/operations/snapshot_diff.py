"""The comparison of two snapshots, by shop and with examples. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.diff import KINDS, OFFER_FIELDS, TEXT_FIELDS, compare
from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import count_by_value, items_of
from closetspace.errors import FailedPrecondition, InvalidInput, NotFound

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


def compare_snapshots(before: pa.Table, after: pa.Table, examples: int) -> SnapshotDiff:
    """Compare two states of the catalog, with at most ``examples`` examples of each kind."""
    diff = compare(before, after)
    rows = {kind: (before if kind == "gone" else after).take(found) for kind, found in vars(diff).items()}
    return SnapshotDiff(diff.counts(), _shops(rows), _examples(rows, before, examples))


def changed_fields(before: CatalogItem, after: CatalogItem) -> dict[str, tuple[str, str]]:
    """Return the fields of a shop's item that differ, each with its earlier and later value as text."""
    changed = {
        _ANSWER_NAMES.get(name, name): (_format(getattr(before, name)), _format(getattr(after, name)))
        for name in (*TEXT_FIELDS, *OFFER_FIELDS)
        if getattr(before, name) != getattr(after, name)
    }
    return changed if before.image == after.image else {"picture": (_picture(before), _picture(after)), **changed}


def _shops(rows: Mapping[str, pa.Table]) -> dict[str, dict[str, int]]:
    counted = {kind: count_by_value(items["source"]) for kind, items in rows.items()}
    shops = sorted({shop for counts in counted.values() for shop in counts})
    return {shop: {kind: counts.get(shop, 0) for kind, counts in counted.items()} for shop in shops}


def _examples(rows: Mapping[str, pa.Table], before: pa.Table, most: int) -> dict[str, list[Example]]:
    shown = {kind: rows[kind].slice(0, most) for kind in ("new", "gone", *KINDS)}
    ids = pa.chunked_array([shown[kind]["id"].combine_chunks() for kind in KINDS])
    earlier = {item.id: item for item in items_of(before.filter(pc.is_in(before["id"], value_set=ids)))}
    examples = {
        kind: [
            _example(item, changed_fields(earlier[item.id], item) if kind in KINDS else None)
            for item in items_of(items)
        ]
        for kind, items in shown.items()
    }
    return {kind: found for kind, found in examples.items() if found}


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
