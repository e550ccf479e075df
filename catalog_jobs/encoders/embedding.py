"""Embedding of pictures that are files: products, and photos that people took."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoder.encoding import Encoder, Encoding
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.wardrobe.item import Fault
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import CatalogEmbedder, Progress
from closetspace.services.embed_photo import PhotoEmbedder
from closetspace.settings import Settings


@dataclass(frozen=True)
class PhotoResult:
    """What became of a photo: its encoding if it can be decoded, and why a closet would not take it, if so."""

    encoding: Encoding | None
    refusal: str = ""


def file_embedder(encoder: Encoder, settings: Settings) -> CatalogEmbedder[IndexedItem]:
    """Of items whose ``image`` is a path, with a worker a processor."""
    return CatalogEmbedder(
        lambda item: Path(item.image).read_bytes(), photo_decoder(settings), encoder, os.cpu_count() or 1
    )


def embed_photos(
    files: Mapping[str, Path], encoder: Encoder, settings: Settings, progress: Progress
) -> dict[str, PhotoResult]:
    """Embed people's photos, which have no names or brands, as the functions do; results are by the photos' names."""
    embed = partial(_embed_file, PhotoEmbedder(photo_decoder(settings), encoder, settings))
    results: dict[str, PhotoResult] = {}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, result in zip(files, pool.map(embed, files.values()), strict=True):
            results[name] = result
            progress(len(results), len(files))
    return results


def _embed_file(embedder: PhotoEmbedder, path: Path) -> PhotoResult:
    try:
        photo = embedder.embed(_read(path))
    except InvalidInput as error:
        return PhotoResult(None, error.message)
    return PhotoResult(photo.encoding, photo.verdict.message if isinstance(photo.verdict, Fault) else "")


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise InvalidInput("photo_missing", "There is no such photo.")
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InvalidInput("photo_unreadable", "The photo's file cannot be read.") from exc
