"""The status of a deployment as rows for people and as JSON. Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from catalog_jobs.operations.cloud_status.deployed import Catalog, Deployed, DeployedFunction, Job, Schedule
from catalog_jobs.operations.cloud_status.differences import Finding, differences, format_value
from catalog_jobs.operations.cloud_status.expected import REFRESH_JOB, Expected
from catalog_jobs.operations.run_history.table import outcome


@dataclass(frozen=True)
class Status:
    """What should be deployed, what is, and how they differ."""

    expected: Expected
    deployed: Deployed
    findings: tuple[Finding, ...]

    @classmethod
    def compare(cls, expected: Expected, deployed: Deployed, now: datetime) -> "Status":
        """Compare what is deployed with what should be."""
        return cls(expected, deployed, tuple(differences(expected, deployed, now)))


@dataclass(frozen=True)
class Row:
    """One thing and its state; ``ok`` if no finding is about it."""

    ok: bool
    thing: str
    state: str


def rows(status: Status, now: datetime) -> list[Row]:
    """Return a row for each function, the job, the schedules, the index and the last run, then one for all missing."""
    problems = {finding.thing: f"{finding.what}: {finding.found}" for finding in reversed(status.findings)}
    states = list(_states(status, now))
    listed = {thing for thing, _ in states}
    missing = [(thing, problem) for thing, problem in reversed(problems.items()) if thing not in listed]
    return [Row(thing not in problems, thing, state) for thing, state in (*states, *missing)]


def as_json(status: Status) -> dict[str, Any]:
    """Return the status for programs; times are in ISO 8601."""
    deployed = status.deployed
    catalog = deployed.catalog
    return {
        "ok": not status.findings,
        "project": status.expected.project,
        "region": status.expected.region,
        "findings": [asdict(finding) for finding in status.findings],
        "functions": [_plain(asdict(function)) for function in deployed.functions],
        "job": _plain(asdict(deployed.job)) if deployed.job else None,
        "schedules": [_plain(asdict(schedule)) for schedule in deployed.schedules],
        "catalog": _catalog_json(catalog) if catalog else None,
    }


def _states(status: Status, now: datetime) -> Iterator[tuple[str, str]]:
    deployed = status.deployed
    for function in deployed.functions:
        yield f"function {function.function.name}", _function(function, now)
    if deployed.job:
        yield f"job {REFRESH_JOB}", _job(deployed.job, now)
    for schedule in deployed.schedules:
        if schedule.name in status.expected.schedules or schedule == deployed.refresh_schedule:
            yield f"schedule {schedule.name}", _schedule(schedule, now)
    if deployed.catalog:
        yield "index", _index(deployed.catalog, now)
        if run := deployed.catalog.last_run:
            yield "refresh", f"{run.run}, {_ago(run.started, now)}: {outcome(run, newest=True)}"


def _function(deployed: DeployedFunction, now: datetime) -> str:
    function = deployed.function
    memory, cpu, concurrency = map(format_value, (function.memory_mb, function.cpu, function.concurrency))
    size = f"{memory} MiB, {cpu} cpu, {concurrency} at once"
    return f"{deployed.state} in {function.region}, {size}, deployed {_ago(deployed.updated, now)}"


def _job(job: Job, now: datetime) -> str:
    last = f"{job.last.status} {_ago(job.last.ended or job.last.began, now)}" if job.last else "never ran"
    return f"{last}; {job.image}"


def _schedule(schedule: Schedule, now: datetime) -> str:
    return f"{schedule.state}, {schedule.schedule}, last attempt {_ago(schedule.last_attempt, now)}"


def _index(catalog: Catalog, now: datetime) -> str:
    built = f"built {_ago(catalog.built, now)}" if catalog.built else "built by another release"
    return f"{catalog.version}, {built}" if catalog.version else "none in use"


def _ago(then: datetime | None, now: datetime) -> str:
    """Return how long ago something was, in its largest unit."""
    if then is None:
        return "never"
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"


def _catalog_json(catalog: Catalog) -> dict[str, Any]:
    run = catalog.last_run.model_dump(mode="json") if catalog.last_run else None
    return {**_plain(asdict(catalog)), "last_run": run}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in fields.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    return value.isoformat() if isinstance(value, datetime) else value
