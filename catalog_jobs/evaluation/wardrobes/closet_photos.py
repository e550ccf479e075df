"""Photos of real closets, embedded as the functions embed them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from catalog_jobs.encoders.embedding import PhotoResult, embed_photos
from catalog_jobs.evaluation.datasets.closets import PhotographedCloset, photos_of_splits
from catalog_jobs.evaluation.embedded_products import stored_entry
from catalog_jobs.evaluation.wardrobes.recommending import RECOMMENDATIONS, EvaluationCase, seed_of
from closetspace.bootstrap import load_encoder
from closetspace.domain.encoder.descriptor import COLOUR, GENDER, PATTERN, USAGE, EncoderDescriptor
from closetspace.domain.encoder.encoding import MIN_COLOUR_SHARE, Encoding
from closetspace.domain.ranking.recommendation import Request
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.item import Item
from closetspace.domain.wardrobe.photo import ObjectPhoto
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from closetspace.settings import Settings


@dataclass(frozen=True)
class ClosetPhotos:
    """The results of embedding photos, by their paths relative to the folder of photos."""

    encoder: EncoderDescriptor
    results: Mapping[str, PhotoResult]

    @cached_property
    def encodings(self) -> dict[str, Encoding]:
        """The encoding of each photo that can be decoded."""
        return {photo: result.encoding for photo, result in self.results.items() if result.encoding}

    def left_out(self, closets: Sequence[PhotographedCloset]) -> list[tuple[str, str]]:
        """Return undecodable photos and the closets' photos that the functions reject, each with the reason."""
        owned = {photo for closet in closets for photo in closet.photos}
        return [
            (photo, result.rejection)
            for photo, result in self.results.items()
            if result.rejection and (photo in owned or not result.encoding)
        ]

    def case(self, closet: PhotographedCloset) -> EvaluationCase:
        """Return the closet with a request that uses the product's defaults and a seed derived from the closet's id.

        Raises `InvalidInput` if none of the photos is usable.
        """
        usable = [photo for photo in closet.photos if not self.results[photo].rejection]
        if not usable:
            raise InvalidInput("closets_invalid", f"None of the photos of {closet.id} can be used.")
        entries = {photo: self._entry(photo, closet.id) for photo in usable}
        return EvaluationCase(Closet(closet.id, entries), Request(RECOMMENDATIONS, seed=seed_of(closet.id)))

    def _entry(self, photo: str, uid: str) -> dict[str, ClosetEntry]:
        return stored_entry(Item(photo, uid, "", "", ObjectPhoto(photo)), self.encodings[photo], self.encoder)


def embed_closets(
    closets: Sequence[PhotographedCloset],
    folder: Path,
    settings: Settings,
    progress: Progress,
    *,
    whole_splits: bool,
) -> ClosetPhotos:
    """Embed the closets' photos, and with ``whole_splits`` all other photos of the same splits."""
    photos = [photo for closet in closets for photo in closet.photos]
    if whole_splits:
        photos += photos_of_splits(closets, folder)
    encoder = load_encoder(settings)
    files = {photo: folder / photo for photo in dict.fromkeys(photos)}
    return ClosetPhotos(encoder.descriptor, embed_photos(files, encoder, settings, progress))


def head_labels(encoding: Encoding) -> dict[str, Any]:
    """Return the likeliest label of each head, and every colour that is likely enough to be named.

    A label is empty if the encoder has no such head.
    """
    colours = encoding.attributes.get(COLOUR, {})
    named = [label for label, share in colours.items() if share >= MIN_COLOUR_SHARE]
    likeliest = {head: next(iter(encoding.attributes.get(head, {})), "") for head in (GENDER, USAGE, PATTERN)}
    return {"colours": named or list(colours)[:1], **likeliest, "category": encoding.category}
