"""What a deployment consists of, as it should be and as it is, in the same words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog_jobs.catalog.run_records import RunRecord

REFRESH_JOB = "catalog-refresh"
"""The Cloud Run job that refreshes the catalog, as Terraform calls it."""

STORE_VARIABLE = "CLOSETSPACE_STORE"
"""The variable by which the job knows its store."""


@dataclass(frozen=True)
class Function:
    """A function's configuration; None stands for what is not said. ``document`` is the pattern of the Firestore
    documents that it listens to, ``bucket`` that of objects, ``account`` the service account that it runs as, ``retry``
    whether a failed event is delivered again."""

    name: str
    region: str
    runtime: str | None
    memory_mb: int | None
    cpu: float | None
    concurrency: int | None
    timeout_seconds: int | None
    max_instances: int | None
    event: str | None = None
    document: str | None = None
    bucket: str | None = None
    account: str | None = None
    retry: bool = False


@dataclass(frozen=True)
class DeployedFunction:
    """A function as it is; ``message`` is what the platform says of its state, ``codebase`` whose it is, and
    ``index_store`` where it looks for the index, empty where its environment does not say."""

    function: Function
    state: str
    message: str = ""
    codebase: str = ""
    index_store: str = ""
    updated: datetime | None = None


@dataclass(frozen=True)
class Schedule:
    """A job of Cloud Scheduler; ``target`` is the address it calls, ``failure`` why its last attempt failed."""

    name: str
    schedule: str
    state: str
    target: str = ""
    last_attempt: datetime | None = None
    failure: str = ""


@dataclass(frozen=True)
class Execution:
    """A run of the Cloud Run job; ``status`` is SUCCEEDED, FAILED, RUNNING, PENDING or CANCELLED."""

    name: str
    status: str
    began: datetime | None
    ended: datetime | None
    failed_tasks: int = 0
    log: str = ""


@dataclass(frozen=True)
class Job:
    """The Cloud Run job; ``store`` is where it was told the catalog lies."""

    name: str
    image: str
    store: str
    last: Execution | None


@dataclass(frozen=True)
class Catalog:
    """What the store says: the index in use, when it was built, and the last run, whether or not it ended.

    ``last_good`` is when a run that ended well began, None where none of the recent ones did.
    """

    store: str
    version: str | None
    built: datetime | None
    last_run: RunRecord | None
    last_good: datetime | None


@dataclass(frozen=True)
class Expected:
    """What the repository says; ``schedules`` has the schedule of each scheduled function by its job's name."""

    project: str
    region: str
    functions: tuple[Function, ...]
    schedules: Mapping[str, str]
    store: str | None = None


@dataclass(frozen=True)
class Deployed:
    """What is there; ``catalog`` is None where nobody says where it lies, ``unreachable`` are silent regions."""

    functions: tuple[DeployedFunction, ...]
    schedules: tuple[Schedule, ...]
    job: Job | None
    catalog: Catalog | None
    unreachable: tuple[str, ...] = ()

    @property
    def refresh_schedule(self) -> Schedule | None:
        """What starts the refresh, by whichever name."""
        return next((one for one in self.schedules if one.target.endswith(f"/jobs/{REFRESH_JOB}:run")), None)
