"""Makes the thumbnails of the catalog's images, which the store keeps beside them.

An image whose last thumbnail is stored has all of them, so a killed run keeps what it made.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from closetspace.domain.index.pictures import LAST_THUMBNAIL, thumbnail_key, thumbnail_names
from closetspace.errors import InvalidInput, NotFound
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
    """``make`` turns an image's bytes into its thumbnails, or raises `InvalidInput`.

    ``check_lease`` raises after a part if the run has to stop.
    """

    store: ObjectStore
    make: Callable[[bytes], Sequence[bytes]]
    check_lease: Callable[[], None]

    def missing(self, images: Iterable[str]) -> list[str]:
        """Return those images that have no thumbnails."""
        stored = stored_thumbnails(self.store)
        return sorted(image for image in set(images) if thumbnail_key(image) not in stored)

    def run(self, images: Sequence[str], progress: Progress) -> None:
        """Make the thumbnails of those images that are in the store."""
        failed: list[str] = []
        with ThreadPoolExecutor(FETCHERS) as pool:
            for start in range(0, len(images), PART):
                failed += filter(None, pool.map(self._make, images[start : start + PART]))
                self.check_lease()
                progress(min(start + PART, len(images)), len(images))
        if failed:
            log.warning("%d images have no thumbnails, for example %s", len(failed), failed[0])

    def _make(self, image: str) -> str:
        """Store an image's thumbnails; return why there are none, ``""`` if there are."""
        try:
            thumbnails = self.make(self.store.read(image))
        except NotFound:
            return ""  # neither has it a vector, which says why
        except InvalidInput as error:
            return f"{image}: {error.message}"
        for name, data in zip(thumbnail_names(image), thumbnails, strict=True):
            self.store.write(name, data)
        return ""
