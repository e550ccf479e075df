"""Embed a catalog's items, several at a time, with progress."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from closetspace.domain.catalog import IndexedItem
from closetspace.domain.encoding import Encoder, Encoding, FloatArray, Garment, Picture
from closetspace.errors import InvalidInput

BATCH = 16
"""Items embedded at once: the network is as fast as it gets, and a dozen pictures fit the processor's cache."""

Progress = Callable[[int, int], None]
"""Told how many are done, of how many."""


@dataclass(frozen=True)
class EmbeddedCatalog:
    """Items with the category they are indexed under, what the encoder says of each, and what was left out and why."""

    items: Sequence[IndexedItem]
    encodings: Sequence[Encoding]
    left_out: Sequence[tuple[str, str]]

    @property
    def embeddings(self) -> FloatArray:
        """The items' vectors, ``(n, d) float32``."""
        return np.array([encoding.vector for encoding in self.encodings], np.float32)

    @property
    def photo_embeddings(self) -> FloatArray:
        """Their vectors by the photo alone, ``(n, d) float32``; of an encoder that does not tell, the vectors."""
        return np.array([e.vector if e.by_photo is None else e.by_photo for e in self.encodings], np.float32)


@dataclass(frozen=True)
class CatalogEmbedder:
    """``read`` gives a picture's bytes by the name in `IndexedItem.image`."""

    read: Callable[[str], bytes]
    decode: Callable[[bytes], Picture]
    encoder: Encoder
    workers: int

    def embed(self, items: Sequence[IndexedItem], progress: Progress) -> EmbeddedCatalog:
        """Embed all items whose picture can be read; the others are reported, none is guessed."""
        batches = [items[start : start + BATCH] for start in range(0, len(items), BATCH)]
        done: list[tuple[IndexedItem, Encoding]] = []
        left_out: list[tuple[str, str]] = []
        with ThreadPoolExecutor(self.workers) as pool:
            for embedded, failed in pool.map(self._embed_batch, batches):
                done += embedded
                left_out += failed
                progress(len(done) + len(left_out), len(items))
        known = frozenset(self.encoder.descriptor.categories)
        return EmbeddedCatalog(
            [self._placed(item, encoding, known) for item, encoding in done],
            [encoding for _, encoding in done],
            left_out,
        )

    def _embed_batch(
        self, items: Sequence[IndexedItem]
    ) -> tuple[list[tuple[IndexedItem, Encoding]], list[tuple[str, str]]]:
        readable: list[tuple[IndexedItem, Garment]] = []
        failed: list[tuple[str, str]] = []
        for item in items:
            try:
                picture = self.decode(self.read(item.image))
            except InvalidInput as error:
                failed.append((item.id, error.message))
            else:
                readable.append((item, Garment(picture, item.name, item.brand)))
        encodings = self.encoder.encode([garment for _, garment in readable]) if readable else []
        return [(item, encoding) for (item, _), encoding in zip(readable, encodings, strict=True)], failed

    @staticmethod
    def _placed(item: IndexedItem, encoding: Encoding, known: frozenset[str]) -> IndexedItem:
        """A shop's own category counts where closets can have it too; any other is replaced by the predicted one."""
        return item if item.category in known else replace(item, category=encoding.category)
