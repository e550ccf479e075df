"""What is deployed, according to the admin APIs of Google Cloud and the catalog's store."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from google.api_core import exceptions
from google.api_core.retry import Retry
from google.cloud import functions_v2, run_v2, scheduler_v1

from catalog_jobs.catalog.run_records import RunRecord, RunRecords
from catalog_jobs.operations.cloud_status.expected import REFRESH_JOB, STORE_VARIABLE, Expected, Function
from catalog_jobs.operations.cloud_status.services import RUN, Callers, RunServices
from catalog_jobs.operations.google_apis import RETRY_SECONDS, Api, require_credentials, retry
from catalog_jobs.operations.run_history.table import ended_well
from closetspace.errors import Incompatible, NotFound
from closetspace.ports import ObjectStore
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings

_RECENT_RUNS = 10
"""Runs among which to look for one that ended well."""

_MIB = {"": 1 / 2**20, "k": 1e3 / 2**20, "M": 1e6 / 2**20, "G": 1e9 / 2**20, "Ki": 1 / 2**10, "Mi": 1, "Gi": 2**10}


@dataclass(frozen=True)
class DeployedFunction:
    """A deployed function.

    ``message`` explains its state, ``codebase`` is the Firebase CLI's name of its source, ``index_store`` the store
    that it reads the index from, empty if its environment has none, and ``service`` its service of Cloud Run.
    """

    function: Function
    state: str
    message: str = ""
    codebase: str = ""
    index_store: str = ""
    service: str = ""
    updated: datetime | None = None


@dataclass(frozen=True)
class Schedule:
    """A job of Cloud Scheduler; ``target`` is the URL it calls, ``failure`` the reason why its last attempt failed."""

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
    """The Cloud Run job with its store and its last execution."""

    name: str
    image: str
    store: str
    last: Execution | None


@dataclass(frozen=True)
class Catalog:
    """The index in use, when it was built, and the last run, whether or not it has ended.

    ``last_good`` is when the latest run began that ended well, None if no recent one did.
    """

    store: str
    version: str | None
    built: datetime | None
    last_run: RunRecord | None
    last_good: datetime | None


@dataclass(frozen=True)
class Deployed:
    """What is deployed.

    ``catalog`` is None if its store is unknown, ``unreachable`` has regions without an answer, and ``callers`` who may
    call each service.
    """

    functions: tuple[DeployedFunction, ...]
    schedules: tuple[Schedule, ...]
    job: Job | None
    catalog: Catalog | None
    unreachable: tuple[str, ...] = ()
    callers: Mapping[str, Callers] = field(default_factory=dict)

    @property
    def refresh_schedule(self) -> Schedule | None:
        """The schedule that starts the refresh, whatever its name."""
        return next((it for it in self.schedules if it.target.endswith(f"/jobs/{REFRESH_JOB}:run")), None)


FUNCTIONS = Api("cloudfunctions.googleapis.com", "roles/cloudfunctions.viewer")
SCHEDULER = Api("cloudscheduler.googleapis.com", "roles/cloudscheduler.viewer")


@dataclass(frozen=True)
class AdminApis:
    """Reads what is deployed from the admin APIs; retries each request for ``seconds``."""

    functions_client: functions_v2.FunctionServiceClient
    jobs_client: run_v2.JobsClient
    executions_client: run_v2.ExecutionsClient
    scheduler_client: scheduler_v1.CloudSchedulerClient
    services: RunServices
    seconds: float = RETRY_SECONDS

    @classmethod
    def connect(cls) -> "AdminApis":
        """Return the real APIs with the user's credentials. Raises `FailedPrecondition` if there are none."""
        # REST, not gRPC: there are few requests, and its errors name the API that is disabled.
        with require_credentials():
            return cls(
                functions_v2.FunctionServiceClient(transport="rest"),
                run_v2.JobsClient(transport="rest"),
                run_v2.ExecutionsClient(transport="rest"),
                scheduler_v1.CloudSchedulerClient(transport="rest"),
                RunServices.connect(),
            )

    def functions(self, project: str) -> tuple[list[DeployedFunction], list[str]]:
        """Return the project's functions in all regions, and the regions that did not answer."""
        functions: list[DeployedFunction] = []
        unreachable: set[str] = set()
        with FUNCTIONS.translated_errors(project):
            parent = f"projects/{project}/locations/-"
            pager = self.functions_client.list_functions(parent=parent, retry=self._retry, timeout=self.seconds)
            for page in pager.pages:
                functions += map(_function, page.functions)
                unreachable.update(page.unreachable)
        return functions, sorted(unreachable)

    def job(self, project: str, region: str) -> Job | None:
        """Return the refresh's job, None if there is none."""
        name = f"projects/{project}/locations/{region}/jobs/{REFRESH_JOB}"
        with RUN.translated_errors(project):
            try:
                answer = self.jobs_client.get_job(name=name, retry=self._retry, timeout=self.seconds)
            except exceptions.NotFound:
                return None
            container = answer.template.template.containers[0]
            store = next((variable.value for variable in container.env if variable.name == STORE_VARIABLE), "")
            return Job(REFRESH_JOB, container.image, store, self._execution(answer.latest_created_execution))

    def schedules(self, project: str, region: str) -> list[Schedule]:
        """Return the scheduler's jobs in a region."""
        with SCHEDULER.translated_errors(project):
            parent = f"projects/{project}/locations/{region}"
            jobs = self.scheduler_client.list_jobs(parent=parent, retry=self._retry, timeout=self.seconds)
            return [_schedule(job) for job in jobs]

    @property
    def _retry(self) -> Retry:
        return retry(self.seconds)

    def _execution(self, reference: run_v2.ExecutionReference) -> Execution | None:
        if not reference.name:
            return None
        try:
            details = self.executions_client.get_execution(name=reference.name, retry=self._retry, timeout=self.seconds)
        except exceptions.NotFound:  # executions are deleted after a while, the job still names its last one
            details = run_v2.Execution()
        status = run_v2.ExecutionReference.CompletionStatus(reference.completion_status).name
        return Execution(
            name=reference.name.rsplit("/", 1)[-1],
            status=status.removeprefix("EXECUTION_"),
            began=reference.create_time,
            ended=reference.completion_time,
            failed_tasks=details.failed_count,
            log=details.log_uri,
        )


def read_deployed(expected: Expected, apis: AdminApis, open_store: Callable[[str], ObjectStore]) -> Deployed:
    """Read what is deployed. The catalog is read from the expected store, else from the job's."""
    functions, unreachable = apis.functions(expected.project)
    callers = apis.services.callers(expected.project, our_services(expected, functions).values())
    job = apis.job(expected.project, expected.region)
    schedules = apis.schedules(expected.project, expected.region)
    store = expected.store or (job.store if job else "")
    catalog = _catalog(store, open_store(store)) if store else None
    return Deployed(tuple(functions), tuple(schedules), job, catalog, tuple(unreachable), callers)


def our_services(expected: Expected, functions: Iterable[DeployedFunction]) -> dict[str, str]:
    """Return the service of each function that is expected and deployed, by the function's name."""
    names = {(function.name, function.region) for function in expected.functions}
    deployed = {f.function.name: f.service for f in functions if (f.function.name, f.function.region) in names}
    return {name: service for name, service in deployed.items() if service}


def _function(answer: functions_v2.Function) -> DeployedFunction:
    _, _, _, region, _, name = answer.name.split("/")
    service, trigger = answer.service_config, answer.event_trigger
    filters = {each.attribute: each.value for each in trigger.event_filters}
    return DeployedFunction(
        Function(
            name=name,
            region=region,
            runtime=answer.build_config.runtime or None,
            memory_mb=mebibytes(service.available_memory),
            cpu=float(service.available_cpu) if service.available_cpu else None,
            concurrency=service.max_instance_request_concurrency or None,
            timeout_seconds=service.timeout_seconds or None,
            max_instances=service.max_instance_count or None,
            event=trigger.event_type or None,
            document=filters.get("document"),
            bucket=filters.get("bucket"),
            account=service.service_account_email or None,
            retry=trigger.retry_policy == functions_v2.EventTrigger.RetryPolicy.RETRY_POLICY_RETRY,
        ),
        state=functions_v2.Function.State(answer.state).name,
        message="; ".join(message.message for message in answer.state_messages),
        codebase=answer.labels.get("firebase-functions-codebase", ""),
        index_store=_index_store(service.environment_variables),
        service=service.service,
        updated=answer.update_time,
    )


def _index_store(environment: Mapping[str, str]) -> str:
    """Return the store that a function with this environment reads the index from."""
    settings = Settings.from_env(environment)
    # The Firebase CLI puts the default bucket there.
    default = json.loads(environment.get("FIREBASE_CONFIG", "{}")).get("storageBucket")
    bucket = settings.photo_bucket or default
    return settings.index_store or (f"gs://{bucket}" if bucket else "")


def mebibytes(quantity: str) -> int | None:
    """Return a quantity in the notation of Kubernetes, such as ``2Gi``, in MiB; None if it is not one."""
    match = re.fullmatch(r"([0-9.]+)(k|M|G|Ki|Mi|Gi)?", quantity)
    return round(float(match[1]) * _MIB[match[2] or ""]) if match else None


def _schedule(job: scheduler_v1.Job) -> Schedule:
    return Schedule(
        name=job.name.rsplit("/", 1)[-1],
        schedule=job.schedule,
        state=scheduler_v1.Job.State(job.state).name,
        target=job.http_target.uri,
        last_attempt=job.last_attempt_time,
        failure=(job.status.message or f"code {job.status.code}") if job.status.code else "",
    )


def _catalog(address: str, store: ObjectStore) -> Catalog:
    versions = IndexVersions(store)
    current, runs = versions.current(), RunRecords(store).newest(_RECENT_RUNS)
    good = [record.started for record in runs if ended_well(record) and not record.dry_run]
    return Catalog(
        store=address,
        version=current.version if current else None,
        built=_built(versions, current.version) if current else None,
        last_run=runs[0] if runs else None,
        last_good=max(good, default=None),
    )


def _built(versions: IndexVersions, version: str) -> datetime | None:
    try:
        created = datetime.fromisoformat(versions.manifest(version).created)
    except (NotFound, Incompatible):  # an index of another release has no readable date
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)
