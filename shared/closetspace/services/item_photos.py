"""The photo of an item: find it, load it, and delete it with the item."""

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.item import Item
from closetspace.domain.wardrobe.photo import ObjectPhoto, PhotoStat, UrlPhoto, owner_of_photo, photo_folder
from closetspace.domain.wardrobe.thumbnails import Thumbnails
from closetspace.errors import Conflict
from closetspace.ports import ObjectStat, ObjectStore, PhotoFetcher


@dataclass(frozen=True)
class ItemPhotos:
    """Photos in Cloud Storage and on allowed hosts."""

    objects: ObjectStore
    fetcher: PhotoFetcher

    def find(self, item: Item | None) -> PhotoStat | None:
        """Return what is known of an item's photo; None if there is none yet.

        An item that names no photo has the last one that was uploaded into its folder.
        """
        if item is None or item.fault:
            return None
        match item.photo:
            case UrlPhoto(url):
                return PhotoStat(hashlib.sha256(url.encode()).hexdigest(), None, item.photo)
            case ObjectPhoto(path):
                found = self.objects.stat(path)
            case None:
                found = self._last_upload(photo_folder(item.uid, item.id))
        if found is None:
            return None
        return PhotoStat(found.fingerprint, found.size, ObjectPhoto(found.name), found.generation)

    def load(self, photo: PhotoStat) -> bytes:
        """Return the photo's bytes.

        Raises `NotFound` if it is gone, `Conflict` if it was replaced since it was found, and the errors of
        `PhotoFetcher`.
        """
        match photo.source:
            case ObjectPhoto(path):
                return self.objects.read(path, if_generation=photo.generation)
            case UrlPhoto(url):
                return self.fetcher.fetch(url)

    def discard(self, item_id: str, deletion: Deletion) -> None:
        """Delete the photos that a deleted item had."""
        for photo in list(self.objects.list(photo_folder(deletion.uid, item_id))):
            if deletion.includes_photo(photo.created):
                self.objects.delete(photo.name, if_generation=photo.generation)

    def write_thumbnails(self, names: Thumbnails, thumbnails: Sequence[bytes]) -> None:
        """Store thumbnails, in the order of their names; those that are there already are the same.

        They are not written again, because that would end the download addresses that clients have of them.
        """
        for name, data in zip(names.values(), thumbnails, strict=True):
            with suppress(Conflict):
                self.objects.write(name, data, if_generation=0)

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are gone are no error."""
        for name in names:
            self.objects.delete(name)

    def _last_upload(self, folder: str) -> ObjectStat | None:
        uploads = [found for found in self.objects.list(folder) if owner_of_photo(found.name)]
        return max(uploads, key=lambda found: (found.created, found.generation), default=None)
