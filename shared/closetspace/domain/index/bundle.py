"""The index bundle: the names of its files, and the manifest that ties them together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.pictures import ThumbnailUrls
from closetspace.errors import Incompatible

FORMAT, EARLIER_FORMAT = 4, 3
"""The format that is written, and the one that is read until a refresh has replaced it."""

MANIFEST = "manifest.json"
VECTORS = "vectors.npy"
PHOTO_VECTORS = "photo_vectors.npy"
ATTRIBUTES = "attributes.npy"
MEANS = "category_means.npy"
COLUMNS = "columns.npz"
NAMES = "names.json"
ANSWERS = "answers.bin"
CELLS = "cells.npz"
CODES = "codes.npy"


@dataclass(frozen=True)
class CategoryPart:
    """The part of a bundle that holds one category: rows ``start`` to ``start + count`` and an Annoy file.

    ``annoy_file`` is empty in the bundle of a large catalog, which has cells instead.
    """

    name: str
    start: int
    count: int
    annoy_file: str


@dataclass(frozen=True)
class Canary:
    """A row with the rows near it: those that Annoy found nearest to its vector after the build, or its cell's."""

    category: str
    row: int
    nearest: tuple[int, ...]


@dataclass(frozen=True)
class Manifest:
    """The description of a bundle.

    ``dim`` is the length of an embedding; Annoy's vectors are twice as long (`closetspace.domain.encoder.vectors`).
    ``heads`` and ``blocks`` are those of the encoder. ``files`` maps each file to its sha256 in hex. ``recall`` is
    Annoy's recall@50 against an exact scan, None without Annoy's files.
    """

    version: str
    encoder: str
    dim: int
    trees: int
    seed: int
    source: str
    created: str
    count: int
    recall: float | None
    categories: tuple[CategoryPart, ...]
    canaries: tuple[Canary, ...]
    files: Mapping[str, str]
    heads: Mapping[str, tuple[str, ...]]
    blocks: Mapping[str, int]
    metric: str = "angular"
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Return the content of the manifest's file."""
        # Heads and blocks are in the order of the columns that they name, so the keys are not sorted.
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_json(cls, data: bytes) -> "Manifest":
        """Parse a manifest's file. Raises `Incompatible` if it is no manifest or has another format."""
        try:
            fields: dict[str, Any] = json.loads(data)
            if fields["format"] not in (FORMAT, EARLIER_FORMAT):
                raise Incompatible(f"the index has format {fields['format']}, this release reads {FORMAT}")
            fields["categories"] = tuple(CategoryPart(**part) for part in fields["categories"])
            fields["heads"] = {head: tuple(labels) for head, labels in fields["heads"].items()}
            fields["canaries"] = tuple(Canary(c["category"], c["row"], tuple(c["nearest"])) for c in fields["canaries"])
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise Incompatible(f"not the manifest of an index: {exc}") from exc


@dataclass(frozen=True)
class BundleContents:
    """The input of a build: the items, their encodings by ``encoder``, and the name of the catalog's snapshot.

    ``thumbnail_urls`` are the addresses of the items' thumbnails, None if answers have none.
    """

    items: Sequence[IndexedItem]
    encodings: EncodingBatch
    encoder: EncoderDescriptor
    catalog: str
    thumbnail_urls: ThumbnailUrls | None = None


def bundle_folder(version: str) -> str:
    """Return the folder of a version in its store."""
    return f"index/{version}/"
