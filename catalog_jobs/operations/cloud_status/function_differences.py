"""Where functions are not as the repository says. Pure."""

from collections.abc import Iterator

from catalog_jobs.operations.cloud_status.deployment import Deployed, DeployedFunction, Expected, Function
from catalog_jobs.operations.cloud_status.finding import Finding, broken, differs

_OURS = ("", "default")
"""Codebases of the Firebase CLI that this repository deploys; functions of others are somebody else's."""

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

_PLATFORMS_OWN = ("bucket", "account")
"""What the platform chooses where no setting names it."""


def function_differences(expected: Expected, deployed: Deployed) -> Iterator[Finding]:
    """Functions that are missing, foreign, in another region or state, or of another configuration."""
    for region in deployed.unreachable:
        yield differs(f"region {region}", "answers", True, False, "try again: functions there can't be told")
    ours = {(f.function.name, f.function.region): f for f in deployed.functions if f.codebase in _OURS}
    for function in expected.functions:
        found = ours.pop((function.name, function.region), None)
        yield from _present(function, found, expected.project) if found else _absent(function, expected.project)
    for other in ours.values():
        yield _foreign(other.function, expected)
    yield from _index_store(deployed, expected)


def _present(function: Function, found: DeployedFunction, project: str) -> Iterator[Finding]:
    thing, deploy = f"function {function.name}", _deploy(function, project)
    if found.state != "ACTIVE":
        state = f"{found.state}: {found.message}" if found.message else found.state
        deploying = found.state == "DEPLOYING"
        yield (differs if deploying else broken)(thing, "state", "ACTIVE", state, "wait" if deploying else deploy)
    if function.retry != found.function.retry:
        # An event that is not delivered again is lost; one that is and should not be only costs.
        tell = broken if function.retry else differs
        yield tell(thing, "retry", function.retry, found.function.retry, deploy)
    for field, words in _COMPARED.items():
        wanted, there = getattr(function, field), getattr(found.function, field)
        if wanted != there and not (field in _PLATFORMS_OWN and wanted is None):
            yield differs(thing, words, wanted, there, deploy)


def _absent(function: Function, project: str) -> Iterator[Finding]:
    yield broken(f"function {function.name}", "deployed in", function.region, None, _deploy(function, project))


def _foreign(function: Function, expected: Expected) -> Finding:
    delete = f"firebase functions:delete {function.name} --region {function.region} --project {expected.project}"
    moved = function.name in {one.name for one in expected.functions}
    advice = delete if moved else f"if nothing needs it: {delete}"
    wanted = expected.region if moved else None
    return differs(f"function {function.name}", "deployed in", wanted, function.region, advice)


def _index_store(deployed: Deployed, expected: Expected) -> Iterator[Finding]:
    written = deployed.job.store if deployed.job else ""
    known = {function.name for function in expected.functions}
    read = {one.index_store for one in deployed.functions if one.function.name in known and one.index_store}
    for store in sorted(read):
        if written and store.rstrip("/") != written.rstrip("/"):
            advice = f"set INDEX_STORE={written} in functions/.env.{expected.project} and deploy the functions"
            yield broken("functions", "INDEX_STORE", written, store, advice)


def _deploy(function: Function, project: str) -> str:
    return f"firebase deploy --only functions:{function.name} --project {project}"
