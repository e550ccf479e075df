"""A catalog that is refreshed in one process, by the encoder without a network."""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.item import CatalogItem, read_item
from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Progress, Source
from catalog_jobs.catalog.source_result import Scraped
from catalog_jobs.refresh.coordinator import Choices, Coordinator
from catalog_jobs.refresh.embedding import ShardEmbedder
from catalog_jobs.refresh.embedding_store import EmbeddingStore
from catalog_jobs.refresh.index_jobs import index_builder
from catalog_jobs.refresh.lease import Lease
from catalog_jobs.refresh.pictures import Pictures
from catalog_jobs.refresh.pruning import Pruner, Retention
from catalog_jobs.refresh.publishing import Publisher
from catalog_jobs.refresh.run_store import RunStore
from catalog_jobs.refresh.worker import Worker
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.publication import Current
from closetspace.errors import InvalidInput
from closetspace.ports import ObjectStore
from closetspace.services.embed_catalog import CatalogEmbedder
from closetspace.services.index_versions import IndexVersions
from tests.conftest import ignore_progress
from tests.support.fakes import HEADS, HashEncoder, decode_anything

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = timedelta(days=1)


def item(number: int, shop: str = "north", **fields: Any) -> CatalogItem:
    """What a shop has under a number."""
    told = {
        "name": f"Shirt {number}",
        "brand": "Ono",
        "price": 20.0,
        "currency": "EUR",
        "image_urls": (f"https://{shop}.example/{number}.jpg",),
        **fields,
    }
    return read_item(told.pop("seen", NOW), id=f"{shop}:{number}", source=shop, **told)


def stock(count: int, shop: str = "north", **fields: Any) -> list[CatalogItem]:
    """So many items of a shop."""
    return [item(number, shop, **fields) for number in range(count)]


def missing(one: CatalogItem, since: datetime = NOW) -> CatalogItem:
    """The item as it is in the catalog once its shop no longer has it."""
    return one.model_copy(update={"missing_since": since})


@dataclass
class Inventory:
    """A source that has what it is given; ``read_dry`` says of each time it was read whether that was in a dry run."""

    items: Sequence[CatalogItem]
    name: str = "north"
    least_yield: float = 0.8
    trouble: str = ""
    read_dry: list[bool] = field(default_factory=list)

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> Scraped:
        self.read_dry.append(dry_run)
        progress(len(self.items), len(self.items))
        seen = {"first_seen": now, "last_seen": now}
        return Scraped(self.name, [one.model_copy(update=seen) for one in self.items], trouble=self.trouble)


@dataclass
class Clock:
    """A second later each time it is asked."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@contextmanager
def nobody_watches(_: str) -> Iterator[Progress]:
    yield ignore_progress


@dataclass
class Refreshed:
    """A store, and refreshes of it.

    ``gone_pictures`` are addresses where no picture is any more; ``embedded`` lists the names of what was encoded.
    """

    store: ObjectStore = field(default_factory=MemoryObjects)
    clock: Clock = field(default_factory=Clock)
    encoder: HashEncoder = field(default_factory=HashEncoder)
    gone_pictures: set[str] = field(default_factory=set)
    open_bundle: Callable[[Path], Bundle] = lambda folder: Bundle(folder, exact_scan_items=10_000)
    _keys: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def run(self, *sources: Source, key: str = "", count: int = 1, **choices: Any) -> RunRecord:
        """A whole run, or the leading task of one that has several."""
        key = key or f"run-{next(self._keys)}"
        lease = Lease(self.store, key)
        task, chosen = self.task(0, count, key, sources), Choices(**{"grace": timedelta(days=3), **choices})
        publisher = Publisher(
            versions=self.versions,
            builder=index_builder(self.store, task.shard.kept),
            open_bundle=self.open_bundle,
            priors=lambda _: EncoderPriors(HEADS),
            bounds=chosen.bounds,
            accept_change=chosen.accept_change,
            check_lease=lease.check,
        )
        pruner, records = Pruner(self.store, Retention()), RunRecords(self.store)
        return Coordinator(task, chosen, lease, publisher, pruner, records, self.clock).run()

    def task(self, number: int, count: int, key: str, sources: Sequence[Source]) -> Worker:
        """One task of a run."""
        lease = Lease(self.store, key)
        return Worker(
            number=number,
            count=count,
            sources=sources,
            workplace=RunStore(self.store, key, pause=lambda _: time.sleep(0.002)),
            check_lease=lease.check,
            snapshots=Snapshots(self.store),
            shard=ShardEmbedder(self.embedder, self.kept, lease.check),
            bar=nobody_watches,
        )

    @property
    def embedder(self) -> CatalogEmbedder[CatalogItem]:
        return CatalogEmbedder(Pictures(self.store, self._download).of, decode_anything, self.encoder, workers=1)

    @property
    def kept(self) -> EmbeddingStore:
        return EmbeddingStore(self.store, self.encoder.descriptor)

    @property
    def versions(self) -> IndexVersions:
        return IndexVersions(self.store)

    @property
    def current(self) -> Current:
        """The index in use, of which there has to be one."""
        found = self.versions.current()
        assert found is not None
        return found

    def over(self, store: ObjectStore) -> "Refreshed":
        """The same, by way of another store."""
        return replace(self, store=store)

    def copied(self) -> "Refreshed":
        """The same with a store, a clock and an encoder of its own."""
        assert isinstance(self.store, MemoryObjects)
        store = replace(self.store, _objects=dict(self.store._objects))
        return replace(self, store=store, clock=Clock(self.clock.now), encoder=replace(self.encoder))

    def index(self) -> dict[str, tuple[object, bytes, bytes, bytes]]:
        """What the index in use says of each item, once it is verified as an instance does."""
        with tempfile.TemporaryDirectory() as name:
            self.versions.fetch(self.current.version, Path(name), self.current.manifest_sha256)
            bundle = Bundle(Path(name), exact_scan_items=10_000)
            rows = bundle.rows_of(self._ids(bundle))
            told = zip(
                bundle.items(rows),
                bundle.vectors(rows),
                bundle.photo_vectors(rows),
                bundle.attributes(rows),
                strict=True,
            )
            return {shown.id: (shown, *(row.tobytes() for row in rest)) for shown, *rest in told}

    def _ids(self, bundle: Bundle) -> list[str]:
        items = Snapshots(self.store).read(bundle.manifest.source)
        return [one.id for one, row in zip(items, bundle.rows_of([i.id for i in items]), strict=True) if row >= 0]

    def _download(self, url: str) -> bytes:
        if url in self.gone_pictures:
            raise InvalidInput("picture_not_found", "The picture's server answered 404.")
        return url.encode()


def counting(encoder: HashEncoder) -> list[str]:
    """A list that the name of everything which is encoded from now on is added to."""
    names: list[str] = []
    encoder.before = lambda garment: names.append(garment.name)
    return names


def contents(store: ObjectStore) -> dict[str, tuple[int, bytes]]:
    """Every object of a store with its generation and its bytes."""
    return {stat.name: (stat.generation, store.read(stat.name)) for stat in store.list("")}
