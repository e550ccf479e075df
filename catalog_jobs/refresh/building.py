"""From a snapshot and kept vectors to an index in a folder."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.refresh.embedding_store import EmbeddingStore, Known
from closetspace.domain.index.bundle import BundleContents, Manifest
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import FailedPrecondition
from closetspace.services.build_index import bundle_contents


@dataclass(frozen=True)
class IndexBuilder:
    """``write`` makes a bundle in an empty folder, ``url`` says where a browser finds a stored picture."""

    kept: EmbeddingStore
    write: Callable[[Path, BundleContents, datetime], Manifest]
    url: Callable[[str], str]

    def build(self, snapshot: str, items: Sequence[CatalogItem], folder: Path, now: datetime) -> Manifest:
        """Build an index of the items that have vectors. The same vectors, however they came, give the same bytes."""
        known = self.kept.known()
        usable = _usable(items, known)
        if not usable:
            raise FailedPrecondition("No item of the catalog has a picture that can be read: look at its pictures.")
        encodings = self.kept.load([item.content_key for item in usable], known)
        indexed = [self._indexed(item) for item in usable]
        return self.write(folder, bundle_contents(indexed, encodings, self.kept.encoder, snapshot), now)

    def usable(self, items: Sequence[CatalogItem]) -> list[CatalogItem]:
        """The items that an index has: those with a vector."""
        return _usable(items, self.kept.known())

    def _indexed(self, item: CatalogItem) -> IndexedItem:
        return IndexedItem(
            id=item.id,
            name=item.name,
            brand=item.brand,
            category=item.category,
            gender=item.gender,
            price=item.price,
            currency=item.currency,
            src=item.image_urls[0] if item.image_urls else self.url(item.image),
            url=item.url,
            group=item.group,
            in_stock=item.available,
        )


def _usable(items: Sequence[CatalogItem], known: Known) -> list[CatalogItem]:
    return [item for item in items if item.content_key in known.part_of]
