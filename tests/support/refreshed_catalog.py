"""A catalog that is refreshed in this process, by an encoder without a network."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.item import CatalogItem, ScrapedProduct, catalog_item
from catalog_jobs.catalog.run_records import RunRecord, RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Source, SourceResult
from catalog_jobs.refresh.coordinator import Coordinator, RefreshOptions
from catalog_jobs.refresh.embedding_store import EmbeddingStore
from catalog_jobs.refresh.images import CatalogImages, ImageDecoder
from catalog_jobs.refresh.index_builder import index_builder
from catalog_jobs.refresh.pruning import Pruner, Retention
from catalog_jobs.refresh.publishing import Publisher
from catalog_jobs.refresh.run_store import Lease, RunStore
from catalog_jobs.refresh.thumbnails import ThumbnailMaker
from catalog_jobs.refresh.worker import ShardEmbedder, Worker
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import ANNOY_ITEMS, write_bundle
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.publication import Current
from closetspace.domain.wardrobe.thumbnails import SIDES
from closetspace.errors import InvalidInput
from closetspace.ports import ObjectStore
from closetspace.services.embed_catalog import CatalogEmbedder, Progress
from closetspace.services.index_versions import IndexVersions
from tests.conftest import ignore_progress
from tests.support.fakes import HEADS, HashEncoder, decode_anything, shrink_anything

DECODER = ImageDecoder(decode_anything, lambda data: (decode_anything(data), shrink_anything(data, SIDES)))
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def item(number: int, shop: str = "north", **fields: Any) -> CatalogItem:
    """Return an item of a shop. Fields that a product does not have (``seen``, ``image``) are `catalog_item`'s."""
    product = {
        "name": f"Shirt {number}",
        "brand": "Ono",
        "price": 20.0,
        "currency": "EUR",
        "image_urls": (f"https://{shop}.example/{number}.jpg",),
        **fields,
    }
    seen, image = product.pop("seen", NOW), product.pop("image", "")
    return catalog_item(ScrapedProduct(id=f"{shop}:{number}", **product), shop, seen, image)


def stock(count: int, shop: str = "north", **fields: Any) -> list[CatalogItem]:
    """Return the items 0 to ``count - 1`` of a shop."""
    return [item(number, shop, **fields) for number in range(count)]


def missing(present: CatalogItem, since: datetime = NOW) -> CatalogItem:
    """Return the item as the catalog has it after its shop no longer had it."""
    return present.model_copy(update={"missing_since": since})


@dataclass
class FakeSource:
    """A source with fixed items; ``dry_runs`` has for each read whether it was in a dry run."""

    items: Sequence[CatalogItem]
    name: str = "north"
    least_yield: float = 0.8
    failure: str = ""
    dry_runs: list[bool] = field(default_factory=list)

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> SourceResult:
        self.dry_runs.append(dry_run)
        progress(len(self.items), len(self.items))
        seen = {"first_seen": now, "last_seen": now}
        return SourceResult(self.name, [entry.model_copy(update=seen) for entry in self.items], failure=self.failure)


@dataclass
class Clock:
    """A clock that advances by a second with each call."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@contextmanager
def no_progress_bar(_: str) -> Iterator[Progress]:
    yield ignore_progress


@dataclass
class RefreshedCatalog:
    """A store, and refreshes of its catalog.

    Downloads of ``missing_images`` fail. ``encoder`` can be given a hook that is called before each encoding. Catalogs
    of more than ``annoy_items`` get cells.
    """

    store: ObjectStore = field(default_factory=MemoryObjects)
    clock: Clock = field(default_factory=Clock)
    encoder: HashEncoder = field(default_factory=HashEncoder)
    missing_images: set[str] = field(default_factory=set)
    open_bundle: Callable[[Path], Bundle] = lambda folder: Bundle(folder, exact_scan_items=10_000)
    annoy_items: int = ANNOY_ITEMS
    _keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, *sources: Source, key: str = "", tasks: int = 1, **options: Any) -> RunRecord:
        """Run a whole refresh, or the first of several tasks."""
        key = key or f"run-{next(self._keys)}"
        lease = Lease(self.store, key)
        worker = self.worker(0, tasks, key, sources)
        refresh_options = RefreshOptions(**{"grace": timedelta(days=3), **options})
        publisher = Publisher(
            versions=self.versions,
            builder=replace(
                index_builder(self.store, worker.embedder.embeddings),
                write=partial(write_bundle, annoy_items=self.annoy_items),
            ),
            open_bundle=self.open_bundle,
            priors=lambda _: EncoderPriors(HEADS),
            bounds=refresh_options.bounds,
            accept_change=refresh_options.accept_change,
            check_lease=lease.check,
        )
        pruner, records = Pruner(self.store, Retention()), RunRecords(self.store)
        return Coordinator(worker, refresh_options, lease, publisher, pruner, records, self.clock).run()

    def worker(self, task: int, tasks: int, key: str, sources: Sequence[Source]) -> Worker:
        """Return one task of a run."""
        lease, images = Lease(self.store, key), self.images
        return Worker(
            task=task,
            tasks=tasks,
            sources=sources,
            run_store=RunStore(self.store, key, sleep=lambda _: time.sleep(0.002)),
            check_lease=lease.check,
            snapshots=Snapshots(self.store),
            embedder=ShardEmbedder(CatalogEmbedder(images.read, self.encoder, 1), self.embeddings, lease.check),
            thumbnails=ThumbnailMaker(images, lease.check),
            progress_bar=no_progress_bar,
        )

    @property
    def images(self) -> CatalogImages:
        """The images, and the thumbnails that are stored by now."""
        return CatalogImages(self.store, self._download, DECODER)

    @property
    def embeddings(self) -> EmbeddingStore:
        return EmbeddingStore(self.store, self.encoder.descriptor)

    @property
    def versions(self) -> IndexVersions:
        return IndexVersions(self.store)

    @property
    def current(self) -> Current:
        """The publication; asserts that there is one."""
        current = self.versions.current()
        assert current is not None
        return current

    def over(self, store: ObjectStore) -> "RefreshedCatalog":
        """Return the same catalog, accessed through another store."""
        return replace(self, store=store)

    def copy(self) -> "RefreshedCatalog":
        """Return an independent copy: store, clock and encoder."""
        assert isinstance(self.store, MemoryObjects)
        store = replace(self.store, _objects=dict(self.store._objects))
        return replace(self, store=store, clock=Clock(self.clock.now), encoder=replace(self.encoder))

    def index(self) -> dict[str, tuple[IndexedItem, bytes, bytes, bytes]]:
        """Verify the index in use as an instance does, and return each item with its vectors and attributes."""
        with tempfile.TemporaryDirectory() as name:
            self.versions.fetch(self.current.version, Path(name), self.current.manifest_sha256)
            bundle = Bundle(Path(name), exact_scan_items=10_000)
            rows = bundle.rows_of(self._ids(bundle))
            columns = zip(
                bundle.items(rows),
                bundle.vectors(rows),
                bundle.photo_vectors(rows),
                bundle.attributes(rows),
                strict=True,
            )
            return {
                indexed.id: (indexed, vector.tobytes(), photo_vector.tobytes(), attributes.tobytes())
                for indexed, vector, photo_vector, attributes in columns
            }

    def _ids(self, bundle: Bundle) -> list[str]:
        ids = Snapshots(self.store).read(bundle.manifest.source)["id"].to_pylist()
        return [item_id for item_id, row in zip(ids, bundle.rows_of(ids), strict=True) if row >= 0]

    def _download(self, url: str) -> bytes:
        if url in self.missing_images:
            raise InvalidInput("picture_not_found", "The image's server answered 404.")
        return url.encode()


def record_encoded(encoder: HashEncoder) -> list[str]:
    """Return a list to which the name of every garment is added that is encoded from now on."""
    names: list[str] = []
    encoder.before = lambda garment: names.append(garment.name)
    return names


def contents(store: ObjectStore) -> dict[str, tuple[int, bytes]]:
    """Return the generation and the bytes of every object of a store."""
    return {stat.name: (stat.generation, store.read(stat.name)) for stat in store.list("")}
