"""Builds an index of the catalog: of a snapshot and stored vectors, or from a folder of products."""

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.item import INDEXED_FIELDS, CatalogItem, indexed_item
from catalog_jobs.catalog.item_table import KEY, TEXT, count_by_value, rows_of, table_of, with_content_keys
from catalog_jobs.catalog.run_records import format_failures
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh import guards
from catalog_jobs.refresh.canaries import agreement
from catalog_jobs.refresh.embedding_store import EmbeddingStore, StoredKeys
from catalog_jobs.refresh.guards import Bounds
from catalog_jobs.refresh.images import CatalogImages, ImageDecoder, ImageDownloader, failing_alone, stored_thumbnails
from catalog_jobs.refresh.thumbnails import ThumbnailMaker
from catalog_jobs.refresh.worker import ShardEmbedder, failed_items, items_to_embed, without_keys
from catalog_jobs.sources.selection import FolderSource
from closetspace.adapters.index.writer import write_bundle
from closetspace.bootstrap import bundle_opener, decoding_pool, encoder_priors, load_encoder
from closetspace.domain.index.bundle import BundleContents, Manifest
from closetspace.domain.index.indexed_item import IndexedItem, LeftOut
from closetspace.domain.index.pictures import IMAGES_FOLDER, ThumbnailUrls, thumbnail_key
from closetspace.domain.wardrobe.thumbnails import SIDES
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput
from closetspace.ports import ObjectStore
from closetspace.services.build_index import bundle_contents
from closetspace.services.embed_catalog import CatalogEmbedder, Progress
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings


@dataclass(frozen=True)
class IndexBuilder:
    """``write`` writes a bundle to an empty folder. ``url`` returns the public URL of a stored image."""

    embeddings: EmbeddingStore
    write: Callable[[Path, BundleContents, datetime], Manifest]
    url: Callable[[str], str]

    def build(self, snapshot: str, items: pa.Table, folder: Path, now: datetime) -> Manifest:
        """Build an index of the items that have vectors. The same items and vectors give the same bytes."""
        stored = self.embeddings.stored_keys()
        items = self._in_order(items.select([*INDEXED_FIELDS, KEY]).filter(stored.has(items[KEY])), stored)
        if not len(items):
            raise FailedPrecondition("No item of the catalog has a readable image: look at its images.")
        keys, indexed = items[KEY], self._indexed_items(items)
        # Only the keys are needed from here on, and a catalog takes gigabytes.
        del items
        contents = bundle_contents(indexed, self.embeddings.load(keys, stored), self.embeddings.encoder, snapshot)
        return self.write(folder, replace(contents, thumbnail_urls=ThumbnailUrls.of(self.url)), now)

    def _indexed_items(self, items: pa.Table) -> list[IndexedItem]:
        thumbnails = stored_thumbnails(self.embeddings.store)
        # All images are in one folder. Asking for each item's URL took longer than everything else here.
        start, _, end = self.url(f"{IMAGES_FOLDER}FILE").rpartition("FILE")
        return [
            indexed_item(
                item,
                f"{start}{item.image.removeprefix(IMAGES_FOLDER)}{end}",
                key if (key := thumbnail_key(item.image)) in thumbnails else "",
            )
            for item in rows_of(items, INDEXED_FIELDS)
        ]

    def _in_order(self, items: pa.Table, stored: StoredKeys) -> pa.Table:
        """Return the items with the categories of an index, in its order: then nothing has to be moved to write it."""
        shop, predicted = items["category"], stored.categories_of(items[KEY]).cast(TEXT)
        is_known = pc.is_in(shop, value_set=pa.array(self.embeddings.encoder.categories, TEXT))
        place = items.schema.get_field_index("category")
        items = items.set_column(place, "category", pc.if_else(is_known, shop, predicted))
        return items.sort_by([("category", "ascending"), ("id", "ascending")])

    def count(self, items: pa.Table) -> int:
        """Return how many of the items have a vector: those that an index of them has."""
        return sum(self.shops(items)[0].values())

    def shops(self, *states: pa.Table) -> list[dict[str, int]]:
        """Return for each state how many items of each shop have a vector: those that the index has."""
        stored = self.embeddings.stored_keys()
        return [count_by_value(items["source"].filter(stored.has(items[KEY]))) for items in states]


@dataclass(frozen=True)
class BuiltIndex:
    """The version that was built, the agreement of its lists with a ranking of all items, and the items left out."""

    manifest: Manifest
    agreement: float
    left_out: list[LeftOut]


def import_folder(
    store: ObjectStore, folder: Path, progress: Progress, limit: int | None = None
) -> tuple[int, Mapping[str, int]]:
    """Replace the catalog by a folder's products. Return their number, and the number left out by reason.

    Raises `InvalidInput` if the folder is not a catalog.
    """
    now = datetime.now(UTC)
    result = FolderSource(folder, store, limit).read(now, dry_run=False, progress=progress)
    if not result.items:
        raise InvalidInput("catalog_empty", f"{folder} has no usable product.")
    Snapshots(store).import_(table_of(result.items), now)
    return len(result.items), result.left_out


def build_index(store: ObjectStore, progress: Progress, settings: Settings | None = None) -> BuiltIndex:
    """Embed the catalog's new content and make its thumbnails, then build, verify and upload a version.

    It is not published.
    """
    settings = settings or Settings.from_env()
    snapshots = Snapshots(store)
    snapshot = snapshots.require_current()
    items = with_content_keys(snapshots.read(snapshot))
    workers, downloader = os.cpu_count() or 1, ImageDownloader(settings.private_hosts)
    with image_decoder(settings, workers) as decoder:
        images = CatalogImages(store, downloader, decoder)
        embedder = shard_embedder(images, settings, lambda: None, workers)
        thumbnails = ThumbnailMaker(images, lambda: None)
        share = items_to_embed(items, embedder.embeddings.stored_keys())
        to_shrink = thumbnails.missing(without_keys(items, share[KEY]))
        total = len(share) + len(to_shrink)
        failed = embedder.run(share, lambda done, _: progress(done, total)).failed
        thumbnails.run(to_shrink, lambda done, _: progress(len(share) + done, total))
    with tempfile.TemporaryDirectory(prefix="closetspace-build-") as folder:
        manifest = index_builder(store, embedder.embeddings).build(snapshot, items, Path(folder), datetime.now(UTC))
        agreed = agreement(bundle_opener(settings)(Path(folder)), encoder_priors(settings).get)
        if failing := guards.failing(guards.search(manifest.recall, agreed, Bounds()), accept_change=False):
            raise Incompatible(f"the index finds too little: {format_failures(failing)}")
        IndexVersions(store).upload(Path(folder), manifest)
    return BuiltIndex(manifest, agreed, [LeftOut(item_id, reason) for item_id, reason in failed_items(items, failed)])


@contextmanager
def image_decoder(settings: Settings, workers: int) -> Iterator[ImageDecoder]:
    """Give a decoder of images, which come from strangers: in ``workers`` processes with limits of time and memory.

    They start with the first image: most nights have few, and some none.
    """
    with closing(decoding_pool(replace(settings, decoding_processes=workers), start=False)) as pool:
        yield ImageDecoder(failing_alone(pool), failing_alone(partial(pool.with_thumbnails, sides=SIDES)))


def shard_embedder(
    images: CatalogImages, settings: Settings, check_lease: Callable[[], None], workers: int
) -> ShardEmbedder:
    """Return an embedder of catalog items by the configured encoder, in ``workers`` threads."""
    encoder = load_encoder(settings)
    embedder = CatalogEmbedder[CatalogItem](images.read, encoder, workers)
    return ShardEmbedder(embedder, EmbeddingStore(images.store, encoder.descriptor), check_lease)


def index_builder(store: ObjectStore, embeddings: EmbeddingStore) -> IndexBuilder:
    """Return a builder of bundles of a store's catalog."""
    return IndexBuilder(embeddings, write_bundle, store.url)
