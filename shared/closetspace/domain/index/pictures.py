"""The pictures of catalog items: where the catalog's store keeps them and their thumbnails, and their addresses."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

from closetspace.domain.wardrobe.thumbnails import SIDES

IMAGES_FOLDER, THUMBNAILS_FOLDER = "catalog/images/", "catalog/thumbnails/"

LAST_THUMBNAIL = f"{THUMBNAILS_FOLDER}{SIDES[-1]}-"
"""How the name begins of a picture's thumbnail that is written last: with it, the others are there."""


def thumbnail_key(image: str) -> str:
    """Return what the names of an image's thumbnails have in common: the image's name without folder and suffix."""
    name = image.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def thumbnail_names(image: str) -> list[str]:
    """Return where the thumbnails of an image are stored, in the order of `SIDES`."""
    return [f"{THUMBNAILS_FOLDER}{_file(side, thumbnail_key(image))}" for side in SIDES]


class ThumbnailUrls(NamedTuple):
    """What the addresses of all thumbnails of one store begin and end with."""

    start: str
    end: str

    @classmethod
    def of(cls, url: Callable[[str], str]) -> Self:
        """Return the addresses in a store that gives its objects these."""
        start, _, end = url(f"{THUMBNAILS_FOLDER}FILE").rpartition("FILE")
        return cls(start, end)

    def by_side(self, key: str) -> Mapping[str, str]:
        """Return the addresses of an image's thumbnails by their longest sides."""
        return {str(side): f"{self.start}{_file(side, key)}{self.end}" for side in SIDES}


def _file(side: int, key: str) -> str:
    return f"{side}-{key}.webp"
