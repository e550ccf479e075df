"""The facets of an index bundle, counted from its columns and attributes."""

from collections.abc import Mapping

import numpy as np

from closetspace.adapters.index.files import BundleFiles
from closetspace.domain.encoder.attributes import FULL_SHARE, Heads, PackedAttributes, head_slices
from closetspace.domain.encoder.descriptor import COLOUR, USAGE
from closetspace.domain.index.facets import MAX_BRANDS, MIN_SHARE, Facets, PriceRange


def count_facets(files: BundleFiles) -> Facets:
    """Count the values of an index's fields."""
    manifest, named = files.manifest, {column: _count_names(files, column) for column in ("gender", "brand")}
    return Facets(
        categories=_most_first({part.name: part.count for part in manifest.categories}),
        genders=named["gender"],
        brands=dict(list(named["brand"].items())[:MAX_BRANDS]),
        colours=_count_labels(files.attributes, manifest.heads, COLOUR),
        usages=_count_labels(files.attributes, manifest.heads, USAGE),
        prices=_price_ranges(files),
    )


def _count_names(files: BundleFiles, column: str) -> dict[str, int]:
    names = files.names.columns[column]
    counts = np.bincount(files.columns[column], minlength=len(names)).tolist()
    return _most_first({name: count for name, count in zip(names, counts, strict=True) if name})


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].casefold())))


def _price_ranges(files: BundleFiles) -> tuple[PriceRange, ...]:
    priced = ~np.isnan(files.columns["price"])
    prices, currency = files.columns["price"][priced], files.columns["currency"][priced]
    names = files.names.columns["currency"]
    low, high = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    np.minimum.at(low, currency, prices)
    np.maximum.at(high, currency, prices)
    counts = np.bincount(currency, minlength=len(names))
    ranges = map(PriceRange, names, low.tolist(), high.tolist(), counts.tolist())
    return tuple(sorted((found for found in ranges if found.count), key=lambda found: (-found.count, found.currency)))


def _count_labels(attributes: PackedAttributes, heads: Heads, head: str) -> dict[str, int]:
    columns = head_slices(heads).get(head)
    if columns is None or not len(attributes):
        return {}
    shares = attributes[:, columns]
    best = shares.argmax(axis=1)
    sure = shares[np.arange(len(shares)), best] >= MIN_SHARE * FULL_SHARE
    counts = np.bincount(best[sure], minlength=shares.shape[1]).tolist()
    return _most_first({label: count for label, count in zip(heads[head], counts, strict=True) if count})
