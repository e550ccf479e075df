"""The whole status: what should be, what is, and where they differ."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from google.cloud import functions_v2, run_v2, scheduler_v1

from catalog_jobs.operations.cloud_status.catalog import read_catalog
from catalog_jobs.operations.cloud_status.deployment import Deployed, Expected
from catalog_jobs.operations.cloud_status.differences import differences
from catalog_jobs.operations.cloud_status.finding import Finding
from catalog_jobs.operations.cloud_status.functions_api import FunctionsApi
from catalog_jobs.operations.cloud_status.google_errors import credentials_needed
from catalog_jobs.operations.cloud_status.run_api import RunApi
from catalog_jobs.operations.cloud_status.scheduler_api import SchedulerApi
from closetspace.ports import ObjectStore

PATIENCE = 20.0
"""Seconds for each question: a person is waiting, and a fault that lasts longer is worth telling."""


@dataclass(frozen=True)
class Apis:
    """The admin APIs that are asked."""

    functions: FunctionsApi
    run: RunApi
    scheduler: SchedulerApi

    @classmethod
    def connect(cls, seconds: float = PATIENCE) -> "Apis":
        """Real ones, with the credentials of who runs this. Raises `FailedPrecondition` where there are none."""
        # REST, not gRPC: a few questions, and its errors name the API that is off.
        with credentials_needed():
            return cls(
                FunctionsApi(functions_v2.FunctionServiceClient(transport="rest"), seconds),
                RunApi(run_v2.JobsClient(transport="rest"), run_v2.ExecutionsClient(transport="rest"), seconds),
                SchedulerApi(scheduler_v1.CloudSchedulerClient(transport="rest"), seconds),
            )


@dataclass(frozen=True)
class Status:
    """What should be, what is, and where they differ."""

    expected: Expected
    deployed: Deployed
    findings: tuple[Finding, ...]


def read_status(expected: Expected, apis: Apis, open_store: Callable[[str], ObjectStore], now: datetime) -> Status:
    """Ask the APIs and the store, and compare.

    The store is the expected one, else the one that the job works on; without either nothing is said of the catalog.
    """
    functions, unreachable = apis.functions.read(expected.project)
    job = apis.run.read(expected.project, expected.region)
    schedules = apis.scheduler.read(expected.project, expected.region)
    store = expected.store or (job.store if job else "")
    catalog = read_catalog(store, open_store(store)) if store else None
    deployed = Deployed(tuple(functions), tuple(schedules), job, catalog, tuple(unreachable))
    return Status(expected, deployed, tuple(differences(expected, deployed, now)))
