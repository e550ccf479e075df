"""From a catalog to a published index, over any store: what the jobs are made of."""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Progress
from catalog_jobs.refresh.building import IndexBuilder
from catalog_jobs.refresh.embedding import ShardEmbedder, to_embed
from catalog_jobs.refresh.embedding_store import EmbeddingStore
from catalog_jobs.refresh.guards import Bounds
from catalog_jobs.refresh.pictures import Downloads, Pictures
from catalog_jobs.sources.sources import FolderSource
from closetspace.adapters.index.writer import write_bundle
from closetspace.bootstrap import bundle_opener, load_encoder, photo_decoder
from closetspace.domain.index.bundle import Manifest
from closetspace.errors import Incompatible, InvalidInput
from closetspace.ports import ObjectStore
from closetspace.services.embed_catalog import CatalogEmbedder
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings


@dataclass(frozen=True)
class BuiltIndex:
    """The version that was built, and the items that were left out, each with the reason."""

    manifest: Manifest
    left_out: list[tuple[str, str]]


def import_folder(
    store: ObjectStore, folder: Path, progress: Progress, limit: int | None = None
) -> tuple[int, Mapping[str, int]]:
    """Make a folder's products the store's catalog; returns how many there are, and how many were left out by reason.

    Raises `InvalidInput` for a folder that is no catalog.
    """
    now = datetime.now(UTC)
    scraped = FolderSource(folder, store, limit).read(now, dry_run=False, progress=progress)
    if not scraped.items:
        raise InvalidInput("catalog_empty", f"{folder} has no usable product.")
    Snapshots(store).import_(scraped.items, now)
    return len(scraped.items), scraped.left_out


def build_index(store: ObjectStore, progress: Progress, settings: Settings | None = None) -> BuiltIndex:
    """Embed what the catalog has of new content, then build, verify and upload a version; it is not in use yet."""
    settings = settings or Settings.from_env()
    snapshots = Snapshots(store)
    name = snapshots.required()
    items = snapshots.read(name)
    shard = shard_embedder(store, settings, Downloads(), lambda: None)
    failed = shard.run(to_embed(items, shard.kept.known().part_of), progress).failed
    with tempfile.TemporaryDirectory(prefix="closetspace-build-") as folder:
        manifest = index_builder(store, shard.kept).build(name, items, Path(folder), datetime.now(UTC))
        if manifest.recall < Bounds.least_recall:
            raise Incompatible(f"recall@50 is {manifest.recall:.3f}, at least {Bounds.least_recall} is needed")
        bundle_opener(settings)(Path(folder))
        IndexVersions(store).upload(Path(folder), manifest)
    return BuiltIndex(manifest, [(i.id, failed[i.content_key]) for i in items if i.content_key in failed])


def shard_embedder(
    store: ObjectStore,
    settings: Settings,
    download: Callable[[str], bytes],
    check_lease: Callable[[], None],
    workers: int | None = None,
) -> ShardEmbedder:
    """Embeds a catalog's items by the encoder in use, with a worker a processor where nothing else is said."""
    encoder = load_encoder(settings)
    embedder = CatalogEmbedder[CatalogItem](
        read=Pictures(store, download).of,
        decode=photo_decoder(settings),
        encoder=encoder,
        workers=workers or os.cpu_count() or 1,
    )
    return ShardEmbedder(embedder, EmbeddingStore(store, encoder.descriptor), check_lease)


def index_builder(store: ObjectStore, kept: EmbeddingStore) -> IndexBuilder:
    """Builds bundles of a store's catalog."""
    return IndexBuilder(kept, write_bundle, store.url)
