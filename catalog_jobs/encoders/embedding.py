"""Embed pictures from files: products, and people's photos."""

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
    """The result for a photo: its encoding if it can be decoded, and why a closet rejects it, ``""`` if it does not."""

    encoding: Encoding | None
    rejection: str = ""


def file_embedder(encoder: Encoder, settings: Settings) -> CatalogEmbedder[IndexedItem]:
    """Return an embedder of items whose ``image`` is a path. It uses a worker per processor."""
    decode = photo_decoder(settings)
    return CatalogEmbedder(lambda item: decode(Path(item.image).read_bytes()), encoder, os.cpu_count() or 1)


def embed_photos(
    files: Mapping[str, Path], encoder: Encoder, settings: Settings, progress: Progress
) -> dict[str, PhotoResult]:
    """Embed photos without names or brands, as the functions do. Results have the keys of ``files``."""
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
        raise InvalidInput("photo_missing", "The file does not exist.")
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InvalidInput("photo_unreadable", "The file cannot be read.") from exc
