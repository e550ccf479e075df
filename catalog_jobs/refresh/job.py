"""Builds and runs one task of a refresh from the command's options and the environment."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime

from catalog_jobs.catalog.run_records import RunRecord, RunRecords
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log
from catalog_jobs.refresh.coordinator import Coordinator, RefreshOptions
from catalog_jobs.refresh.images import CatalogImages, ImageDownloader
from catalog_jobs.refresh.index_builder import image_decoder, index_builder, shard_embedder
from catalog_jobs.refresh.pruning import Pruner, Retention
from catalog_jobs.refresh.publishing import Publisher
from catalog_jobs.refresh.run_store import Lease, RunStore
from catalog_jobs.refresh.thumbnails import ThumbnailMaker
from catalog_jobs.refresh.worker import ProgressBar, Worker
from catalog_jobs.sources.selection import SourceSelection
from closetspace.bootstrap import bundle_opener, encoder_priors, open_store
from closetspace.errors import InvalidInput, Transient
from closetspace.ports import ObjectStore
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings

KEY = "CLOSETSPACE_RUN"
"""The environment variable with the run's key for tasks on this machine. Cloud Run has its own."""


@dataclass(frozen=True)
class TaskContext:
    """This process's task: number ``task`` of ``tasks`` in the run ``key``.

    ``tasks_on_machine`` is how many tasks share this machine's processors.
    """

    key: str
    task: int
    tasks: int
    tasks_on_machine: int

    @classmethod
    def from_env(cls, env: Mapping[str, str], tasks: int | None) -> "TaskContext":
        """Return Cloud Run's task, else the first of ``tasks``. Raises `InvalidInput` if a variable is invalid."""
        if "CLOUD_RUN_TASK_INDEX" not in env:
            return cls(secrets.token_hex(8), 0, tasks or 1, tasks or 1)
        key = env.get(KEY) or env.get("CLOUD_RUN_EXECUTION", "")
        try:
            task, count = int(env["CLOUD_RUN_TASK_INDEX"]), int(env.get("CLOUD_RUN_TASK_COUNT", ""))
        except ValueError:
            task, count = -1, 0
        if not key or not 0 <= task < count:
            raise InvalidInput(
                "tasks_invalid",
                "A task needs CLOUD_RUN_TASK_INDEX, CLOUD_RUN_TASK_COUNT and CLOUD_RUN_EXECUTION, as Cloud Run sets"
                " them; unset all three for a run on this machine.",
            )
        return cls(key, task, count, count if KEY in env else 1)


def refresh(
    selection: SourceSelection, options: RefreshOptions, context: TaskContext, progress_bar: ProgressBar, log: Log
) -> RunRecord | None:
    """Run this process's task. The first task returns the run's record and, outside Cloud Run, starts the others.

    Raises `ClosetspaceError` for errors before the run begins and, in tasks other than the first, for all errors.
    """
    settings, store = Settings.from_env(), open_store(selection.store)
    sources, lease = selection.sources(store), Lease(store, context.key)
    workers = max(1, (os.cpu_count() or 1) // context.tasks_on_machine)
    with (
        _other_tasks(selection, context, log) if _starts_tasks(context, options) else nullcontext(()) as others,
        image_decoder(settings, workers) as decoder,
    ):

        def check_lease() -> None:
            lease.check()
            for other in others:
                _check_running(other)

        images = CatalogImages(store, ImageDownloader(settings.private_hosts, context.tasks), decoder)
        worker = Worker(
            task=context.task,
            tasks=context.tasks,
            sources=sources,
            run_store=RunStore(store, context.key),
            check_lease=check_lease,
            snapshots=Snapshots(store),
            embedder=shard_embedder(images, settings, check_lease, workers),
            thumbnails=ThumbnailMaker(images, check_lease),
            progress_bar=progress_bar,
        )
        if context.task:
            # A dry run stores nothing that tasks could share, so the first task does it alone.
            if not options.dry_run:
                worker.run()
            return None
        return Coordinator(
            worker=worker,
            options=options,
            lease=lease,
            publisher=_publisher(worker, options, store, settings),
            pruner=Pruner(store, Retention()),
            records=RunRecords(store),
            clock=lambda: datetime.now(UTC),
        ).run()


def _publisher(worker: Worker, options: RefreshOptions, store: ObjectStore, settings: Settings) -> Publisher:
    return Publisher(
        versions=IndexVersions(store),
        builder=index_builder(store, worker.embedder.embeddings),
        open_bundle=bundle_opener(settings),
        priors=encoder_priors(settings).get,
        bounds=options.bounds,
        accept_change=options.accept_change,
        check_lease=worker.check_lease,
    )


def _starts_tasks(context: TaskContext, options: RefreshOptions) -> bool:
    return context.tasks > 1 and "CLOUD_RUN_TASK_INDEX" not in os.environ and not options.dry_run


@contextmanager
def _other_tasks(selection: SourceSelection, context: TaskContext, log: Log) -> Iterator[Sequence[Child]]:
    """Start the other tasks as child processes; they end with this one."""
    values = [("--source", selection.source), ("--shop", selection.shop), ("--shops", str(selection.shops))]
    arguments = [argument for option, value in values if value is not None for argument in (option, value)]
    command = [sys.executable, "-m", "catalog_jobs", "catalog", "refresh", "--store", selection.store, *arguments]
    with ExitStack() as stack:
        others = []
        for task in range(1, context.tasks):
            environment = os.environ | {
                KEY: context.key,
                "CLOUD_RUN_TASK_INDEX": str(task),
                "CLOUD_RUN_TASK_COUNT": str(context.tasks),
            }
            others.append(Child(f"task {task}", command, environment=environment, log=log))
            stack.callback(others[-1].stop)
        yield others


def _check_running(task: Child) -> None:
    if task.exit_status:
        reason = task.last_lines or f"exit status {task.exit_status} without output"
        raise Transient(f"{task.name} has failed: {reason}. Run the refresh again: it continues where it stopped.")
