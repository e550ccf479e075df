"""Real closets: photos of what people own, embedded as the functions would embed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from catalog_jobs.encoders.embedding import PhotoResult, embed_photos
from catalog_jobs.evaluation.datasets.json_records import as_list, as_text, read_records
from catalog_jobs.evaluation.inventory import stored_entry
from catalog_jobs.evaluation.wardrobes.recommending import RECOMMENDATIONS, Caller, seed_of
from closetspace.bootstrap import load_encoder
from closetspace.domain.encoder.encoding import COLOUR, GENDER, LEAST_NAMED, PATTERN, USAGE, EncoderDescriptor, Encoding
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.item import Item, ObjectPhoto
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from closetspace.services.recommend import Request
from closetspace.settings import Settings


@dataclass(frozen=True)
class PhotographedCloset:
    """What someone owns; ``photos`` are paths below the photos' folder."""

    id: str
    photos: tuple[str, ...]


@dataclass(frozen=True)
class ClosetPhotos:
    """What the encoder says of photos, by their paths below the photos' folder."""

    encoder: EncoderDescriptor
    results: Mapping[str, PhotoResult]

    @cached_property
    def encodings(self) -> dict[str, Encoding]:
        """What is known of each photo that can be decoded."""
        return {photo: result.encoding for photo, result in self.results.items() if result.encoding}

    def left_out(self, closets: Sequence[PhotographedCloset]) -> list[tuple[str, str]]:
        """Return the photos that cannot be decoded and those of closets that the functions refuse, each with why."""
        owned = {photo for closet in closets for photo in closet.photos}
        return [
            (photo, result.refusal)
            for photo, result in self.results.items()
            if result.refusal and (photo in owned or not result.encoding)
        ]

    def caller(self, closet: PhotographedCloset) -> Caller:
        """Return the closet's owner, who asks with the product's defaults and a seed of their own.

        Raises `InvalidInput` if none of the photos can be used.
        """
        taken = [photo for photo in closet.photos if not self.results[photo].refusal]
        if not taken:
            raise InvalidInput("closets_invalid", f"None of the photos of {closet.id} can be used.")
        entries = {photo: self._entry(photo, closet.id) for photo in taken}
        return Caller(Closet(closet.id, entries), Request(RECOMMENDATIONS, seed=seed_of(closet.id)))

    def _entry(self, photo: str, uid: str) -> dict[str, ClosetEntry]:
        return stored_entry(Item(photo, uid, "", "", ObjectPhoto(photo)), self.encodings[photo], self.encoder)


def read_closets(path: Path) -> list[PhotographedCloset]:
    """Read a JSON list of ``{id, photos}``.

    Raises `InvalidInput` for anything else, for an id that occurs twice, for a closet without photos, and for a photo
    outside of the photos' folder.
    """
    closets = read_records(path, _closet, noun="closet", shape="{id, photos}", code="closets_invalid")
    for closet in closets:
        if not closet.photos:
            raise InvalidInput("closets_invalid", f"{closet.id} in {path} has no photos.")
        for photo in closet.photos:
            _check_inside(photo, closet, path)
    return closets


def embed_closets(
    closets: Sequence[PhotographedCloset], folder: Path, settings: Settings, progress: Progress, *, splits: bool
) -> ClosetPhotos:
    """Embed the closets' photos; with ``splits`` also all others of the splits that these belong to."""
    names = [photo for closet in closets for photo in closet.photos]
    if splits:
        names += photos_of_splits(closets, folder)
    encoder = load_encoder(settings)
    files = {name: folder / name for name in dict.fromkeys(names)}
    return ClosetPhotos(encoder.descriptor, embed_photos(files, encoder, settings, progress))


def photos_of_splits(closets: Sequence[PhotographedCloset], folder: Path) -> list[str]:
    """Return all photos ``SPLIT/CLASS/ID.jpg`` of the splits that closets have photos of."""
    splits = sorted({PurePosixPath(photo).parts[0] for closet in closets for photo in closet.photos})
    found = (path for split in splits for path in sorted((folder / split).glob("*/*.jpg")))
    return [path.relative_to(folder).as_posix() for path in found]


def head_labels(encoding: Encoding) -> dict[str, Any]:
    """Return the likeliest label of each head, of colours all that are likely enough to be named; empty if unknown."""
    colours = encoding.attributes.get(COLOUR, {})
    named = [label for label, share in colours.items() if share >= LEAST_NAMED]
    likeliest = {head: next(iter(encoding.attributes.get(head, {})), "") for head in (GENDER, USAGE, PATTERN)}
    return {"colours": named or list(colours)[:1], **likeliest, "category": encoding.category}


def _closet(fields: Any) -> PhotographedCloset:
    photos = [as_text(photo, "a photo") for photo in as_list(fields["photos"], "photos")]
    return PhotographedCloset(as_text(str(fields["id"]), "id"), tuple(photos))


def _check_inside(photo: str, closet: PhotographedCloset, path: Path) -> None:
    parts = PurePosixPath(photo)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise InvalidInput(
            "closets_invalid",
            f"{closet.id} in {path} has the photo {photo!r}, which is not a path below the folder of --photos.",
        )
