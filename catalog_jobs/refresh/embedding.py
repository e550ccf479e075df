"""One task's share of what has to be embedded."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.refresh.embedding_store import EmbeddingStore
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.services.embed_catalog import CatalogEmbedder, Progress

LEAST_PART, MOST_PART, PARTS = 16, 1_024, 64
"""Vectors kept at a time are a sixty-fourth of a task's share: a killed task repeats little, and the parts are few."""


@dataclass(frozen=True)
class Embedded:
    """Which content has no vector, each key with why."""

    failed: dict[str, str]


@dataclass(frozen=True)
class ShardEmbedder:
    """Embeds and keeps; ``check_lease`` is asked after each part and raises when the run is not to go on."""

    embedder: CatalogEmbedder[CatalogItem]
    kept: EmbeddingStore
    check_lease: Callable[[], None]

    def run(self, items: Sequence[CatalogItem], progress: Progress) -> Embedded:
        """Embed these items, one for each content key, and keep each part as soon as it is done."""
        keys = {item.id: item.content_key for item in items}
        failed: dict[str, str] = {}
        waiting: list[tuple[str, Encoding]] = []
        done, part = 0, min(max(LEAST_PART, -(-len(items) // PARTS)), MOST_PART)
        for batch in self.embedder.stream(items):
            waiting += [(keys[item.id], encoding) for item, encoding in batch.embedded]
            failed |= {keys[item_id]: why for item_id, why in batch.left_out}
            done += len(batch)
            while len(waiting) >= part:
                self._keep(waiting[:part])
                waiting = waiting[part:]
            progress(done, len(items))
        self._keep(waiting)
        return Embedded(failed)

    def _keep(self, made: Sequence[tuple[str, Encoding]]) -> None:
        if made:
            encodings = EncodingBatch.from_encodings([encoding for _, encoding in made], self.kept.encoder)
            self.kept.add([key for key, _ in made], encodings)
            self.check_lease()


def to_embed(items: Iterable[CatalogItem], known: Iterable[str], task: int = 0, tasks: int = 1) -> list[CatalogItem]:
    """A task's share of the content that has no vector yet, an item for each, in the order of the keys.

    A key decides whose it is, so that a task which starts again has the same share.
    """
    have = set(known)
    missing = {item.content_key: item for item in items if item.content_key not in have}
    return [missing[key] for key in sorted(missing) if int(key[:8], 16) % tasks == task]
