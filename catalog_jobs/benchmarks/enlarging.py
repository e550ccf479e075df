"""A large catalog made of a small one, and closets of a few of its items."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from closetspace.adapters.index.reader import Bundle
from closetspace.domain.encoder.attributes import PackedAttributes, head_slices
from closetspace.domain.encoder.descriptor import COLOUR, EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch, quantize_photo_vectors
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.index import Rows
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.ranking.mix import NOT_WORN
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry

LEAST_SHARE = 0.6
"""Least share of its own item in a copy's vector; the rest is of another item of the category."""

NOISE = 0.2
"""Length of what is random in a copy's vector."""

RECOLOURED = 0.3
"""Share of the copies that have another item's colours, so that colour and vector do not go together."""

PHOTO_NOISE = 0.4
"""Length of what is random in the vector of an owned item: people's photos differ from those of products."""

LEAST_OWNED, MOST_OWNED = 8, 15

DEAREST = 200.0
"""Prices are drawn from 5 to this."""

ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Enlargement:
    """Copies of the items of an index, each with a part of another item, and closets of a few of them.

    The same index gives the same copies and closets.
    """

    index: Bundle
    encoder: EncoderDescriptor

    def contents(self, count: int) -> BundleContents:
        """Return a catalog of ``count`` items."""
        random = np.random.default_rng(1)
        rows = np.arange(count) * self.index.manifest.count // count
        others = self._others(rows, random)
        attributes = self.index.attributes(rows)
        recoloured = np.flatnonzero(random.random(count) < RECOLOURED)
        self._recolour(attributes, recoloured, others)
        vectors = np.empty((count, self.index.dim), np.float32)
        for start in range(0, count, ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            vectors[part] = self._mixed(rows[part], others[part], random)
        items = list(self._items(rows, random.uniform(5, DEAREST, count)))
        encodings = EncodingBatch(
            vectors, quantize_photo_vectors(vectors), attributes, tuple(item.category for item in items)
        )
        return BundleContents(items, encodings, self.encoder, f"{self.index.manifest.source}, enlarged")

    def closets(self, count: int) -> list[Closet]:
        """Return closets of 8 to 15 items for one gender each, as their owners' photos would show them."""
        random = np.random.default_rng(2)
        every = self.index.items(np.arange(self.index.manifest.count))
        worn = [(row, item) for row, item in enumerate(every) if item.category.casefold() not in NOT_WORN]
        closets = []
        for number in range(count):
            gender = ("Women", "Men")[number % 2]
            rows = np.array([row for row, item in worn if item.gender == gender] or [row for row, _ in worn])
            owned = random.choice(
                rows, min(len(rows), int(random.integers(LEAST_OWNED, MOST_OWNED + 1))), replace=False
            )
            closets.append(Closet(f"person-{number}", dict(self._entries(owned, every, random)), 1))
        return closets

    def _others(self, rows: Rows, random: np.random.Generator) -> Rows:
        """Return another item of the same category for each row."""
        others = np.empty(len(rows), np.int64)
        for part in self.index.manifest.categories:
            inside = np.flatnonzero((rows >= part.start) & (rows < part.start + part.count))
            others[inside] = random.integers(part.start, part.start + part.count, len(inside))
        return others

    def _recolour(self, attributes: PackedAttributes, places: Rows, others: Rows) -> None:
        slices = head_slices(self.encoder.heads)
        if COLOUR in slices:
            attributes[places, slices[COLOUR]] = self.index.attributes(others[places])[:, slices[COLOUR]]

    def _mixed(self, rows: Rows, others: Rows, random: np.random.Generator) -> FloatArray:
        share = random.uniform(LEAST_SHARE, 1, (len(rows), 1)).astype(np.float32)
        return unit(
            share * self.index.vectors(rows)
            + (1 - share) * self.index.vectors(others)
            + self._noise(len(rows), NOISE, random)
        )

    def _noise(self, count: int, length: float, random: np.random.Generator) -> FloatArray:
        noise = random.standard_normal((count, self.index.dim), dtype=np.float32)
        return noise * np.float32(length / self.index.dim**0.5)

    def _items(self, rows: Rows, prices: NDArray[np.float64]) -> Iterator[IndexedItem]:
        base = self.index.items(np.arange(self.index.manifest.count))
        for number, (row, price) in enumerate(zip(rows.tolist(), prices.tolist(), strict=True)):
            item = base[row]
            # Other names, because items of one name are variants of one product.
            yield replace(
                item, id=f"{item.id}~{number}", name=f"{item.name} {number}", price=round(price, 2), pictures=None
            )

    def _entries(
        self, rows: Rows, items: Sequence[IndexedItem], random: np.random.Generator
    ) -> Iterator[tuple[str, dict[str, ClosetEntry]]]:
        vectors = unit(self.index.vectors(rows) + self._noise(len(rows), PHOTO_NOISE, random))
        for row, vector, attributes in zip(rows.tolist(), vectors, self.index.attributes(rows), strict=True):
            entry = ClosetEntry(self.encoder.id, vector, items[row].category, items[row].id, attributes)
            yield items[row].id, {self.encoder.id: entry}
