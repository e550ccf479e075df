"""Makes the thumbnails of the catalog's images, which the store keeps beside them.

An image whose last thumbnail is stored has all of them, so a killed run keeps what it made.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import items_of, with_unique
from closetspace.domain.index.pictures import LAST_THUMBNAIL, thumbnail_key, thumbnail_names
from closetspace.errors import InvalidInput
from closetspace.ports import ObjectStore
from closetspace.services.embed_catalog import FETCHERS, Progress

log = logging.getLogger(__name__)

PART = 256
"""Images between two checks of the lease, which are queued at once."""


def stored_thumbnails(store: ObjectStore) -> frozenset[str]:
    """Return the keys of all images with thumbnails, by one listing."""
    names = (stat.name for stat in store.list(LAST_THUMBNAIL))
    return frozenset(thumbnail_key(name.removeprefix(LAST_THUMBNAIL)) for name in names)


@dataclass(frozen=True)
class ThumbnailMaker:
    """``read`` returns the bytes of an item's image, ``make`` its thumbnails; both may raise `InvalidInput`.

    ``check_lease`` raises after a part if the run has to stop.
    """

    store: ObjectStore
    read: Callable[[CatalogItem], bytes]
    make: Callable[[bytes], Sequence[bytes]]
    check_lease: Callable[[], None]

    def missing(self, items: pa.Table) -> pa.Table:
        """Return an item for each image without thumbnails."""
        stored, images = stored_thumbnails(self.store), items["image"].to_pylist()
        return with_unique(
            items.filter(pa.array([thumbnail_key(image) not in stored for image in images], pa.bool_())), "image"
        )

    def run(self, items: pa.Table, progress: Progress) -> None:
        """Make the thumbnails of items with distinct images."""
        failed: list[str] = []
        with ThreadPoolExecutor(FETCHERS) as pool:
            for start in range(0, len(items), PART):
                failed += filter(None, pool.map(self._make, items_of(items.slice(start, PART))))
                self.check_lease()
                progress(min(start + PART, len(items)), len(items))
        if failed:
            log.warning("images without thumbnails: %d, for example %s", len(failed), failed[0])

    def _make(self, item: CatalogItem) -> str:
        """Store the thumbnails of an item's image; return why there are none, ``""`` if there are."""
        try:
            thumbnails = self.make(self.read(item))
        except InvalidInput as error:
            return f"{item.id}: {error.message}"
        for name, data in zip(thumbnail_names(item.image), thumbnails, strict=True):
            self.store.write(name, data)
        return ""
