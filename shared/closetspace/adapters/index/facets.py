"""The facets of an index bundle, counted from its items and their attributes."""

import numpy as np

from closetspace.adapters.index.files import ItemTable
from closetspace.domain.encoder.attributes import FULL_SHARE, Heads, PackedAttributes, head_slices
from closetspace.domain.encoder.descriptor import COLOUR, USAGE
from closetspace.domain.index.facets import MAX_BRANDS, MIN_SHARE, Facets, PriceRange


def count_facets(items: ItemTable, attributes: PackedAttributes, heads: Heads) -> Facets:
    """Count the values of an index's fields; ``items`` is its table."""
    prices = items.rows(
        "SELECT currency, MIN(price), MAX(price), COUNT(price) FROM items WHERE price IS NOT NULL"
        " GROUP BY currency ORDER BY COUNT(price) DESC, currency"
    )
    return Facets(
        categories=_count_names(items, "category"),
        genders=_count_names(items, "gender"),
        brands=dict(list(_count_names(items, "brand").items())[:MAX_BRANDS]),
        colours=_count_labels(attributes, heads, COLOUR),
        usages=_count_labels(attributes, heads, USAGE),
        prices=tuple(PriceRange(*row) for row in prices),
    )


def _count_names(items: ItemTable, column: str) -> dict[str, int]:
    """Count a column's names, whatever their case; the first spelling of each is shown."""
    found = items.rows(
        f"SELECT MIN({column}), COUNT(*) FROM items WHERE {column} != ''"  # noqa: S608
        f" GROUP BY LOWER({column}) ORDER BY COUNT(*) DESC, LOWER({column})"
    )
    return dict(found)


def _count_labels(attributes: PackedAttributes, heads: Heads, head: str) -> dict[str, int]:
    columns = head_slices(heads).get(head)
    if columns is None or not len(attributes):
        return {}
    shares = attributes[:, columns]
    best = shares.argmax(axis=1)
    sure = shares[np.arange(len(shares)), best] >= MIN_SHARE * FULL_SHARE
    counts = np.bincount(best[sure], minlength=shares.shape[1]).tolist()
    named = {label: count for label, count in zip(heads[head], counts, strict=True) if count}
    return dict(sorted(named.items(), key=lambda pair: (-pair[1], pair[0])))
