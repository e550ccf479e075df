"""How what is deployed differs from what should be. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from catalog_jobs.operations.cloud_status.access import ANYONE, missing_callers
from catalog_jobs.operations.cloud_status.deployed import Catalog, Deployed, DeployedFunction, Execution, Schedule
from catalog_jobs.operations.cloud_status.expected import REFRESH_JOB, STORE_VARIABLE, Expected, Function

OLDEST = timedelta(days=3)
"""The age at which an index without a good run is too old; the alert fires after the same time."""

_OUR_CODEBASES = ("", "default")
"""Codebases of the Firebase CLI that this repository deploys. Others may have functions in the same project."""

_COMPARED = {
    "runtime": "runtime",
    "memory_mb": "memory (MiB)",
    "cpu": "cpu",
    "concurrency": "concurrency",
    "timeout_seconds": "timeout (s)",
    "max_instances": "most instances",
    "event": "event",
    "document": "documents",
    "bucket": "bucket",
    "account": "service account",
}

_CHOSEN_BY_PLATFORM = ("bucket", "account")
"""Fields that the platform sets if no setting does."""


class Severity(StrEnum):
    """Whether something does not work, or works but is configured differently."""

    BROKEN = "broken"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Finding:
    """One difference: the ``thing``, ``what`` of it differs, and the advice."""

    thing: str
    what: str
    expected: str
    found: str
    severity: Severity
    advice: str


def differences(expected: Expected, deployed: Deployed, now: datetime) -> list[Finding]:
    """Return all differences; none if everything is as it should be."""
    return [
        *_functions(expected, deployed),
        *_callers(expected, deployed),
        *_job(expected, deployed),
        *_schedules(expected, deployed),
        *catalog_differences(deployed.catalog, now, refreshes=expected.refreshes),
    ]


def format_value(value: object) -> str:
    """Return a value as text for people."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value in (None, "") else str(value)


def _broken(thing: str, what: str, expected: object, found: object, advice: str) -> Finding:
    return Finding(thing, what, format_value(expected), format_value(found), Severity.BROKEN, advice)


def _differs(thing: str, what: str, expected: object, found: object, advice: str) -> Finding:
    return Finding(thing, what, format_value(expected), format_value(found), Severity.DIFFERS, advice)


def _functions(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """Compare functions: missing, unknown, in another region or state, or configured differently."""
    for region in deployed.unreachable:
        yield _differs(f"region {region}", "answers", True, False, "try again: its functions are unknown")
    ours = {(f.function.name, f.function.region): f for f in deployed.functions if f.codebase in _OUR_CODEBASES}
    for function in expected.functions:
        found = ours.pop((function.name, function.region), None)
        if found:
            yield from _function(function, found, expected.project)
        else:
            advice = _deploy_function(function, expected.project)
            yield _broken(f"function {function.name}", "deployed in", function.region, None, advice)
    for other in ours.values():
        yield _unknown_function(other.function, expected)
    yield from _index_stores(expected, deployed)


def _function(function: Function, found: DeployedFunction, project: str) -> Iterator[Finding]:
    thing, deploy = f"function {function.name}", _deploy_function(function, project)
    if found.state != "ACTIVE":
        state = f"{found.state}: {found.message}" if found.message else found.state
        if found.state == "DEPLOYING":
            yield _differs(thing, "state", "ACTIVE", state, "wait")
        else:
            yield _broken(thing, "state", "ACTIVE", state, deploy)
    if function.retry != found.function.retry:
        # Without retries events get lost; with needless ones they only cost.
        finding = _broken if function.retry else _differs
        yield finding(thing, "retry", function.retry, found.function.retry, deploy)
    for field, what in _COMPARED.items():
        wanted, actual = getattr(function, field), getattr(found.function, field)
        if wanted != actual and not (field in _CHOSEN_BY_PLATFORM and wanted is None):
            yield _differs(thing, what, wanted, actual, deploy)


def _unknown_function(function: Function, expected: Expected) -> Finding:
    delete = f"firebase functions:delete {function.name} --region {function.region} --project {expected.project}"
    moved = function.name in {each.name for each in expected.functions}
    advice = delete if moved else f"if nothing needs it: {delete}"
    wanted = expected.region if moved else None
    return _differs(f"function {function.name}", "deployed in", wanted, function.region, advice)


def _index_stores(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """Compare the stores that functions read the index from with the one that the job writes it to."""
    written = deployed.job.store if deployed.job else ""
    names = {function.name for function in expected.functions}
    read = {each.index_store for each in deployed.functions if each.function.name in names and each.index_store}
    for store in sorted(read):
        if written and store.rstrip("/") != written.rstrip("/"):
            advice = f"set INDEX_STORE={written} in functions/.env.{expected.project} and deploy the functions"
            yield _broken("functions", "INDEX_STORE", written, store, advice)


def _callers(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """Compare who may call the functions: browsers the callables, and no one else's events the others."""
    for lack in missing_callers(expected, deployed.functions, deployed.callers):
        advice = f"closetspace cloud access --project {expected.project}"
        yield _broken(f"function {lack.function}", "may be called by", lack.member, None, advice)
    for found in deployed.functions:
        callers, name = deployed.callers.get(found.service), found.function.name
        if callers and callers.anyone and name not in expected.callables:
            update = f"gcloud run services update {found.service.rsplit('/', 1)[-1]} --region {expected.region}"
            advice = f"{update} --project {expected.project} --invoker-iam-check, and take allUsers out of its policy"
            yield _differs(f"function {name}", "may be called by", "its own events", ANYONE, advice)


def _deploy_function(function: Function, project: str) -> str:
    return f"firebase deploy --only functions:{function.name} --project {project}"


def _job(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """Compare the refresh's job: missing, with another store, or with a last execution that did not succeed."""
    job, thing = deployed.job, f"job {REFRESH_JOB}"
    where = f"--region {expected.region} --project {expected.project}"
    if job is None:
        yield _broken(thing, "deployed in", expected.region, None, _deploy(expected))
        return
    if not job.store:
        yield _broken(thing, STORE_VARIABLE, expected.store or "gs://BUCKET", None, _deploy(expected))
    elif expected.store not in (None, job.store):
        yield _differs(thing, STORE_VARIABLE, expected.store, job.store, "check --store, or deploy again")
    # A job that never ran is no fault: its schedule starts it, and without an index that is found.
    if job.last and job.last.status in ("FAILED", "CANCELLED"):
        yield _failed_execution(thing, job.last, f"gcloud run jobs executions describe {job.last.name} {where}")


def _failed_execution(thing: str, last: Execution, describe: str) -> Finding:
    tasks = f", {last.failed_tasks} tasks failed" if last.failed_tasks else ""
    return _broken(thing, "last execution", "SUCCEEDED", f"{last.status}{tasks}", f"read why: {last.log or describe}")


def _schedules(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """Compare schedules: missing, at another time, paused, or with a failed last attempt."""
    by_name = {schedule.name: schedule for schedule in deployed.schedules}
    deploy = f"firebase deploy --only functions --project {expected.project}"
    for name, wanted in expected.schedules.items():
        found = by_name.get(name)
        if found is None:
            yield _broken(f"schedule {name}", "deployed in", expected.region, None, deploy)
            continue
        if found.schedule != wanted:
            yield _differs(f"schedule {name}", "schedule", wanted, found.schedule, deploy)
        yield from _schedule_state(found, expected)
    if deployed.refresh_schedule is None:
        yield _broken("schedule of the refresh", "deployed in", expected.region, None, _deploy(expected))
    else:
        yield from _schedule_state(deployed.refresh_schedule, expected, runs=expected.refreshes)


def _schedule_state(found: Schedule, expected: Expected, *, runs: bool = True) -> Iterator[Finding]:
    thing = f"schedule {found.name}"
    place = f"{found.name} --location {expected.region} --project {expected.project}"
    if runs and found.state != "ENABLED":
        yield _broken(thing, "state", "ENABLED", found.state, f"gcloud scheduler jobs resume {place}")
    if found.failure:
        yield _broken(thing, "last attempt", "answered", found.failure, f"gcloud scheduler jobs describe {place}")


def catalog_differences(catalog: Catalog | None, now: datetime, *, refreshes: bool = True) -> Iterator[Finding]:
    """Check the catalog: no index, an old one if there are refreshes, or a last run that did not end well."""
    if catalog is None:
        return
    look = f"closetspace catalog status --store {catalog.store}"
    if catalog.version is None:
        yield _broken("index", "in use", "a version", None, f"closetspace catalog refresh --store {catalog.store}")
        return
    latest = max(filter(None, (catalog.built, catalog.last_good)), default=None)
    if refreshes and (latest is None or now - latest > OLDEST):
        ago = "never" if latest is None else f"{(now - latest).days} days ago"
        yield _broken("index", "last refreshed", f"within {OLDEST.days} days", ago, look)
    if catalog.last_run and catalog.last_run.error:
        yield _differs("refresh", "last run", "ended well", catalog.last_run.error, look)


def _deploy(expected: Expected) -> str:
    return f"closetspace cloud deploy --project {expected.project}"
