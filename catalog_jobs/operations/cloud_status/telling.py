"""A status in words and in numbers. Pure."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from catalog_jobs.operations.cloud_status.deployment import REFRESH_JOB, Catalog, DeployedFunction, Job, Schedule
from catalog_jobs.operations.cloud_status.finding import word
from catalog_jobs.operations.cloud_status.status import Status
from catalog_jobs.operations.run_history.telling import outcome


@dataclass(frozen=True)
class Line:
    """One thing and how it is; ``ok`` when no finding is about it."""

    ok: bool
    thing: str
    told: str


def lines(status: Status, now: datetime) -> list[Line]:
    """A line for each function, the job, what starts by the clock, the index and the last run; then what is missing."""
    at_fault = {finding.thing: f"{finding.what}: {finding.found}" for finding in reversed(status.findings)}
    there = list(_there(status, now))
    named = {name for name, _ in there}
    missing = [(name, told) for name, told in reversed(at_fault.items()) if name not in named]
    return [Line(name not in at_fault, name, told) for name, told in (*there, *missing)]


def as_numbers(status: Status) -> dict[str, Any]:
    """The status for programs; times are in ISO 8601."""
    deployed = status.deployed
    catalog = deployed.catalog
    return {
        "ok": not status.findings,
        "project": status.expected.project,
        "region": status.expected.region,
        "findings": [asdict(finding) for finding in status.findings],
        "functions": [_plain(asdict(one)) for one in deployed.functions],
        "job": _plain(asdict(deployed.job)) if deployed.job else None,
        "schedules": [_plain(asdict(one)) for one in deployed.schedules],
        "catalog": _catalog_numbers(catalog) if catalog else None,
    }


def _there(status: Status, now: datetime) -> Iterator[tuple[str, str]]:
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
            yield "refresh", f"{run.run}, {ago(run.started, now)}: {outcome(run, newest=True)}"


def _function(one: DeployedFunction, now: datetime) -> str:
    what = one.function
    size = f"{word(what.memory_mb)} MiB, {word(what.cpu)} cpu, {word(what.concurrency)} at once"
    return f"{one.state} in {what.region}, {size}, deployed {ago(one.updated, now)}"


def _job(job: Job, now: datetime) -> str:
    last = f"{job.last.status} {ago(job.last.ended or job.last.began, now)}" if job.last else "never ran"
    return f"{last}; {job.image}"


def _schedule(schedule: Schedule, now: datetime) -> str:
    return f"{schedule.state}, {schedule.schedule}, last attempt {ago(schedule.last_attempt, now)}"


def _index(catalog: Catalog, now: datetime) -> str:
    built = f"built {ago(catalog.built, now)}" if catalog.built else "built by another release"
    return f"{catalog.version}, {built}" if catalog.version else "none in use"


def ago(then: datetime | None, now: datetime) -> str:
    """How long ago something was, in its largest unit."""
    if then is None:
        return "never"
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days ago"


def _catalog_numbers(catalog: Catalog) -> dict[str, Any]:
    run = catalog.last_run.model_dump(mode="json") if catalog.last_run else None
    return {**_plain(asdict(catalog)), "last_run": run}


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(value) for name, value in fields.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, dict):
        return _plain(value)
    return value.isoformat() if isinstance(value, datetime) else value
