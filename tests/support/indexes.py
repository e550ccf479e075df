"""Small index bundles with random vectors."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.encoding_batch import EncodingBatch, quantize_photo_vectors
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.bundle import BundleContents, Manifest
from closetspace.domain.index.index import Index, Score
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.pictures import ThumbnailUrls
from closetspace.services.index_versions import IndexVersions
from tests.support.fakes import HashEncoder

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DIM = 16
THUMBNAIL_URLS = ThumbnailUrls("https://store.example/thumbnails%2F", "?alt=media")
ENCODER = replace(HashEncoder(DIM).descriptor, blocks={"article": 10, "colour": 6})


def contents(count: int = 300, catalog: str = "one") -> BundleContents:
    """Items of three categories and two brands, with random vectors; every seventh has no thumbnails."""
    random = np.random.default_rng(5)
    items = [
        IndexedItem(
            id=f"{catalog}-{i}",
            name=f"Item {i}",
            brand=["Stussy", "Arket"][i % 2],
            category=["Topwear", "Shoes", "Bottomwear"][i % 3],
            gender=["Men", "Women", "Unisex", ""][i % 4],
            price=float(i) if i % 5 else None,
            list_price=i + 10.0 if i % 10 == 1 else None,
            src=f"https://shop.example/{i}.jpg",
            thumbnail=f"{i:032x}" if i % 7 else "",
        )
        for i in range(count)
    ]
    vectors = unit(random.standard_normal((count, DIM)).astype(np.float32))
    shares = [{"colour": {"Red": i % 11 / 10, "Blue": 1 - i % 11 / 10}, "gender": {"Men": 0.5}} for i in range(count)]
    attributes = np.array([pack_attributes(row, ENCODER.heads) for row in shares], np.uint8)
    encodings = EncodingBatch(
        vectors, quantize_photo_vectors(vectors[::-1]), attributes, tuple(item.category for item in items)
    )
    return BundleContents(items, encodings, ENCODER, catalog, THUMBNAIL_URLS)


def query(seed: int = 1) -> FloatArray:
    """A random query of an index, ``(2d,)``."""
    return unit(np.random.default_rng(seed).standard_normal(2 * DIM).astype(np.float32))


def _not_scored(*_: object) -> FloatArray:
    raise NotImplementedError


no_score = Score(np.zeros((0, DIM), np.float32), _not_scored, _not_scored)
"""The score for an index that has no cells, and so does not need one."""


def upload(
    versions: IndexVersions,
    folder: Path,
    catalog: str,
    now: datetime = NOW,
    encoder: str = "hash-1",
    source: str | None = None,
) -> Manifest:
    """Build an index and upload it; ``source`` is the snapshot that its manifest names."""
    folder.mkdir()
    source_contents = replace(
        contents(catalog=catalog), encoder=replace(ENCODER, id=encoder), catalog=source or catalog
    )
    manifest = write_bundle(folder, source_contents, now)
    versions.upload(folder, manifest)
    return manifest


def open_bundle(folder: Path) -> Index:
    return Bundle(folder, exact_scan_items=10_000)


def truncate_annoy_file(folder: Path) -> None:
    """Cut the last nodes off a category's Annoy file."""
    file = folder / "category-000.ann"
    file.write_bytes(file.read_bytes()[: -4 * (2 * DIM + 3)])


def publish_with_candidate(versions: IndexVersions, folder: Path) -> tuple[Manifest, Manifest]:
    """Publish an index, and a candidate by another encoder."""
    one = upload(versions, folder / "one", "one")
    two = upload(versions, folder / "two", "two", NOW + timedelta(hours=1), "hash.2")
    versions.publish(one.version, NOW)
    versions.publish_candidate(two.version, NOW)
    return one, two
