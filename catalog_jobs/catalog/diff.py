"""The differences between two states of the catalog. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.item_table import TEXT, TEXTS, ItemRows, is_of

TEXT_FIELDS = ("source", "name", "brand", "group", "variant", "category", "gender", "colours", "url")
OFFER_FIELDS = ("price", "list_price", "currency", "in_stock", "sizes")

KINDS = {"changed_picture": ("image",), "changed_text": TEXT_FIELDS, "changed_price": OFFER_FIELDS}
"""The fields of each kind of change. An item with several changes counts as the first of them in this order."""


@dataclass(frozen=True)
class CatalogDiff:
    """Rows, each in one field and in ascending order: ``gone`` those of the earlier state, all others of the later."""

    new: pa.Array
    changed_picture: pa.Array
    changed_text: pa.Array
    changed_price: pa.Array
    gone: pa.Array
    unchanged: pa.Array

    def counts(self) -> dict[str, int]:
        """Return the number of rows in each field."""
        return {name: len(rows) for name, rows in vars(self).items()}


def compare(before: ItemRows, after: ItemRows, sources: Collection[str] | None = None) -> CatalogDiff:
    """Compare two states, each with unique ids; of the earlier one only the items of ``sources``, if they are given.

    Missing items count as absent: they are not gone twice, and new when they return.
    """
    was, now = _rows(before, sources), _rows(after)
    earlier_ids, later_ids = before["id"].take(was), after["id"].take(now)
    places = pc.index_in(later_ids, value_set=earlier_ids)
    kept = pc.is_valid(places)
    earlier, later = was.take(places.filter(kept)), now.filter(kept)
    changed: dict[str, pa.Array] = {}
    for kind, fields in KINDS.items():
        differs = _differ(before, after, fields, earlier, later)
        changed[kind] = later.filter(differs)
        earlier, later = earlier.filter(pc.invert(differs)), later.filter(pc.invert(differs))
    return CatalogDiff(
        new=now.filter(pc.invert(kept)),
        gone=was.filter(pc.invert(pc.is_in(earlier_ids, value_set=later_ids))),
        unchanged=later,
        **changed,
    )


def _rows(items: ItemRows, sources: Collection[str] | None = None) -> pa.Array:
    """Return the rows of items that are not missing."""
    present = pc.is_null(items["missing_since"])
    return pc.indices_nonzero(present if sources is None else pc.and_(present, is_of(items, sources)))


def _differ(
    before: ItemRows, after: ItemRows, fields: Iterable[str], earlier: pa.Array, later: pa.Array
) -> pa.ChunkedArray:
    """Return for each pair of rows whether a field differs."""
    differs = pa.chunked_array([pa.repeat(pa.scalar(False), len(later))])
    for name in fields:
        differs = pc.or_(differs, _values_differ(before[name].take(earlier), after[name].take(later)))
    return differs


def _values_differ(before: pa.ChunkedArray, after: pa.ChunkedArray) -> pa.ChunkedArray:
    if after.type == TEXTS:
        # Arrow compares no lists. No text of an item has a NUL.
        lengths = _values_differ(pc.list_value_length(before), pc.list_value_length(after))
        return pc.or_(
            lengths, _values_differ(*(pc.binary_join(lists, pa.scalar("\0", TEXT)) for lists in (before, after)))
        )
    differ = pc.fill_null(pc.not_equal(before, after), False)
    return pc.or_(differ, pc.xor(pc.is_null(before), pc.is_null(after)))
