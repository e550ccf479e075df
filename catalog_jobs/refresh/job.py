"""A refresh put together: which sources, how many tasks, and what each is made of."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.catalog.source import Source
from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log
from catalog_jobs.refresh.coordinator import Choices, Coordinator
from catalog_jobs.refresh.index_jobs import index_builder, shard_embedder
from catalog_jobs.refresh.lease import Lease
from catalog_jobs.refresh.pictures import Downloads
from catalog_jobs.refresh.pruning import Pruner, Retention
from catalog_jobs.refresh.publishing import Publisher
from catalog_jobs.refresh.run_store import RunStore
from catalog_jobs.refresh.worker import Bar, Worker
from catalog_jobs.sources.shops import read_shops
from catalog_jobs.sources.sources import FeedSource, FolderSource, ShopSource
from closetspace.bootstrap import bundle_opener, encoder_priors, open_store
from closetspace.errors import InvalidInput, Transient
from closetspace.ports import ObjectStore
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings

KEY = "CLOSETSPACE_RUN"
"""Names the run to the tasks that a local one starts; Cloud Run has names of its own."""


@dataclass(frozen=True)
class TaskContext:
    """Which task of which run this process is, and how many tasks share this machine's processors."""

    key: str
    number: int
    count: int
    sharing: int

    @classmethod
    def of(cls, env: Mapping[str, str], tasks: int | None) -> "TaskContext":
        """What Cloud Run says, else the leading one of a run of so many. Raises `InvalidInput` for what is none."""
        if "CLOUD_RUN_TASK_INDEX" not in env:
            return cls(secrets.token_hex(8), 0, tasks or 1, tasks or 1)
        key = env.get(KEY) or env.get("CLOUD_RUN_EXECUTION", "")
        try:
            number, count = int(env["CLOUD_RUN_TASK_INDEX"]), int(env.get("CLOUD_RUN_TASK_COUNT", ""))
        except ValueError:
            number, count = -1, 0
        if not key or not 0 <= number < count:
            raise InvalidInput(
                "tasks_invalid",
                "A task has to be told CLOUD_RUN_TASK_INDEX, CLOUD_RUN_TASK_COUNT and CLOUD_RUN_EXECUTION, as Cloud Run"
                " does; unset all three for a run on this machine.",
            )
        return cls(key, number, count, count if KEY in env else 1)


@dataclass(frozen=True)
class SourceSelection:
    """What a refresh is to read, from where to where; ``shop`` and ``source`` exclude each other."""

    store: str
    shops: Path
    shop: str | None = None
    source: str | None = None

    def sources(self, store: ObjectStore) -> list[Source]:
        """What to read. Raises `InvalidInput` when there is nothing, and says what to do."""
        if self.source is not None:
            return [_given(self.source, store)]
        shops = read_shops(self.shops)
        chosen = [shop for shop in shops.values() if (shop.name == self.shop if self.shop else shop.enabled)]
        if self.shop and not chosen:
            raise InvalidInput(
                "shop_unknown", f"{self.shops} has no shop {self.shop}: it has {', '.join(shops) or 'none at all'}."
            )
        if not chosen:
            raise InvalidInput(
                "shops_missing",
                f"No shop is enabled in {self.shops}: configure one (docs/sources.md says how), or give a folder or a"
                " feed by --source.",
            )
        # A bucket is no folder: there CLOSETSPACE_PAGE_CACHE may name one that is mounted.
        page_cache = None if self.store.startswith("gs://") else Path(self.store, "page-cache").absolute()
        return [ShopSource(shop, store, page_cache) for shop in chosen]

    def configured(self) -> list[str] | None:
        """All shops that there are, when all of them are read."""
        return None if self.source or self.shop else list(read_shops(self.shops))

    def trusted_hosts(self) -> set[str]:
        """Hosts that the operator has named: pictures may come from there even where they are not public."""
        if self.source:
            addresses = [self.source]
        else:
            shops = read_shops(self.shops).values()
            addresses = [url for shop in shops for url in (*shop.start_urls, *shop.sitemap_urls, shop.feed)]
        return {host for address in addresses if (host := urlsplit(address).hostname)}


def refresh(wanted: SourceSelection, choices: Choices, place: TaskContext, bar: Bar, log: Log) -> RunRecord | None:
    """Run this process's task; the leading one, which returns the record, starts the others where Cloud Run has not.

    Raises `ClosetspaceError` for what is wrong before the run begins, and in other tasks than the leading one.
    """
    settings, store = Settings.from_env(), open_store(wanted.store)
    sources, lease = wanted.sources(store), Lease(store, place.key)
    with _others(wanted, place, log) if _starts_others(place, choices) else nullcontext(()) as others:

        def check_lease() -> None:
            lease.check()
            for other in others:
                _check(other)

        workers = max(1, (os.cpu_count() or 1) // place.sharing)
        downloads = Downloads(wanted.trusted_hosts(), place.count)
        task = Worker(
            number=place.number,
            count=place.count,
            sources=sources,
            workplace=RunStore(store, place.key),
            check_lease=check_lease,
            snapshots=Snapshots(store),
            shard=shard_embedder(store, settings, downloads, check_lease, workers),
            bar=bar,
        )
        if place.number:
            # A dry run leaves nothing in the store by which tasks could share it: the leading one does it alone.
            if not choices.dry_run:
                task.help()
            return None
        return Coordinator(
            task=task,
            choices=choices,
            lease=lease,
            publisher=_publisher(task, choices, store, settings),
            pruner=Pruner(store, Retention()),
            records=RunRecords(store),
            clock=lambda: datetime.now(UTC),
        ).run()


def _publisher(task: Worker, choices: Choices, store: ObjectStore, settings: Settings) -> Publisher:
    return Publisher(
        versions=IndexVersions(store),
        builder=index_builder(store, task.shard.kept),
        open_bundle=bundle_opener(settings),
        priors=encoder_priors(settings).get,
        bounds=choices.bounds,
        accept_change=choices.accept_change,
        check_lease=task.check_lease,
    )


def _given(address: str, store: ObjectStore) -> Source:
    """A folder, or else a feed: a file or an address. Raises `InvalidInput` for a path where nothing is."""
    path = Path(address)
    if path.is_dir():
        return FolderSource(path, store)
    if urlsplit(address).scheme not in ("http", "https") and not path.is_file():
        raise InvalidInput("source_missing", f"{address} is neither a folder nor a feed: there is nothing.")
    return FeedSource(address)


def _starts_others(place: TaskContext, choices: Choices) -> bool:
    return place.count > 1 and "CLOUD_RUN_TASK_INDEX" not in os.environ and not choices.dry_run


@contextmanager
def _others(wanted: SourceSelection, place: TaskContext, log: Log) -> Iterator[Sequence[Child]]:
    """The other tasks, as processes that end with this one, however it ends."""
    given = [("--source", wanted.source), ("--shop", wanted.shop), ("--shops", str(wanted.shops))]
    options = [word for option, value in given if value is not None for word in (option, value)]
    command = [sys.executable, "-m", "catalog_jobs", "catalog", "refresh", "--store", wanted.store, *options]
    with ExitStack() as stack:
        others = []
        for number in range(1, place.count):
            environment = os.environ | {
                KEY: place.key,
                "CLOUD_RUN_TASK_INDEX": str(number),
                "CLOUD_RUN_TASK_COUNT": str(place.count),
            }
            others.append(Child(f"task {number}", command, environment=environment, folder=Path.cwd(), log=log))
            stack.callback(others[-1].stop)
        yield others


def _check(other: Child) -> None:
    if other.exit_status:
        why = other.last_lines or f"it ended with {other.exit_status} and said nothing"
        raise Transient(f"{other.name} has failed: {why}. Run the refresh again: it goes on where it was.")
