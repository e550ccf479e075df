"""Makes the thumbnails that embedding did not: of images whose items had vectors already."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import items_of, with_unique
from catalog_jobs.refresh.images import CatalogImages
from closetspace.domain.index.pictures import thumbnail_key
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import READERS, Progress

log = logging.getLogger(__name__)

PART = 256
"""Images between two checks of the lease, which are queued at once."""


@dataclass(frozen=True)
class ThumbnailMaker:
    """``check_lease`` raises after a part if the run has to stop."""

    images: CatalogImages
    check_lease: Callable[[], None]

    def missing(self, items: pa.Table) -> pa.Table:
        """Return an item for each image without thumbnails."""
        images, stored = items["image"].to_pylist(), self.images.with_thumbnails
        return with_unique(
            items.filter(pa.array([thumbnail_key(image) not in stored for image in images], pa.bool_())), "image"
        )

    def run(self, items: pa.Table, progress: Progress) -> None:
        """Make the thumbnails of items with distinct images."""
        failed: list[str] = []
        with ThreadPoolExecutor(READERS) as pool:
            for start in range(0, len(items), PART):
                failed += filter(None, pool.map(self._make, items_of(items.slice(start, PART))))
                self.check_lease()
                progress(min(start + PART, len(items)), len(items))
        if failed:
            log.warning("images without thumbnails: %d, for example %s", len(failed), failed[0])

    def _make(self, item: CatalogItem) -> str:
        """Store the thumbnails of an item's image; return why there are none, ``""`` if there are."""
        try:
            self.images.make_thumbnails(item)
        except InvalidInput as error:
            return f"{item.id}: {error.message}"
        return ""
