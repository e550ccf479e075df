"""Where the catalog's refresh is not as it should be: its job, what starts it, and what came of it. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from catalog_jobs.operations.cloud_status.deployment import (
    REFRESH_JOB,
    STORE_VARIABLE,
    Catalog,
    Deployed,
    Execution,
    Expected,
    Schedule,
)
from catalog_jobs.operations.cloud_status.finding import Finding, broken, differs

OLDEST = timedelta(days=3)
"""Without a run that ended well for this long the catalog is old; the alert goes off after the same time."""


def job_differences(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """A job that is missing, works on another store, or whose last execution did not succeed."""
    job, thing = deployed.job, f"job {REFRESH_JOB}"
    where = f"--region {expected.region} --project {expected.project}"
    if job is None:
        yield broken(thing, "deployed in", expected.region, None, _deploy(expected))
        return
    if not job.store:
        yield broken(thing, STORE_VARIABLE, expected.store or "gs://BUCKET", None, _deploy(expected))
    elif expected.store not in (None, job.store):
        yield differs(thing, STORE_VARIABLE, expected.store, job.store, "check --store, or deploy again")
    if job.last is None:
        yield differs(thing, "last execution", "SUCCEEDED", None, f"gcloud run jobs execute {REFRESH_JOB} {where}")
    elif job.last.status in ("FAILED", "CANCELLED"):
        yield _failed(thing, job.last, f"gcloud run jobs executions describe {job.last.name} {where}")


def schedule_differences(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """What starts by the clock and is missing, at another time, paused, or failed."""
    by_name = {one.name: one for one in deployed.schedules}
    deploy = f"firebase deploy --only functions --project {expected.project}"
    for name, wanted in expected.schedules.items():
        found = by_name.get(name)
        if found is None:
            yield broken(f"schedule {name}", "deployed in", expected.region, None, deploy)
            continue
        if found.schedule != wanted:
            yield differs(f"schedule {name}", "schedule", wanted, found.schedule, deploy)
        yield from _works(found, expected)
    if deployed.refresh_schedule is None:
        yield broken("schedule of the refresh", "deployed in", expected.region, None, _deploy(expected))
    else:
        yield from _works(deployed.refresh_schedule, expected)


def catalog_differences(catalog: Catalog | None, now: datetime) -> Iterator[Finding]:
    """No index, an old one, or a last run that did not end well."""
    if catalog is None:
        return
    look = f"closetspace catalog status --store {catalog.store}"
    if catalog.version is None:
        yield broken("index", "in use", "a version", None, f"closetspace catalog refresh --store {catalog.store}")
        return
    latest = max(filter(None, (catalog.built, catalog.last_good)), default=None)
    if latest is None or now - latest > OLDEST:
        ago = "never" if latest is None else f"{(now - latest).days} days ago"
        yield broken("index", "last refreshed", f"within {OLDEST.days} days", ago, look)
    if catalog.last_run and catalog.last_run.error:
        yield differs("refresh", "last run", "ended well", catalog.last_run.error, look)


def _failed(thing: str, last: Execution, look: str) -> Finding:
    tasks = f", {last.failed_tasks} tasks failed" if last.failed_tasks else ""
    return broken(thing, "last execution", "SUCCEEDED", f"{last.status}{tasks}", f"read why: {last.log or look}")


def _works(found: Schedule, expected: Expected) -> Iterator[Finding]:
    thing = f"schedule {found.name}"
    place = f"{found.name} --location {expected.region} --project {expected.project}"
    if found.state != "ENABLED":
        yield broken(thing, "state", "ENABLED", found.state, f"gcloud scheduler jobs resume {place}")
    if found.failure:
        yield broken(thing, "last attempt", "answered", found.failure, f"gcloud scheduler jobs describe {place}")


def _deploy(expected: Expected) -> str:
    return f"closetspace cloud deploy --project {expected.project}"
