"""Whether a project's quotas and its organisation's policies allow a deployment. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog_jobs.operations.cloud_status.differences import Finding, Severity
from catalog_jobs.operations.cloud_status.expected import Expected, Function

MEMBERS = "iam.allowedPolicyMemberDomains"
"""The policy that forbids roles for ``allUsers``: domain-restricted sharing."""

INVOKER_CHECK = "run.managed.requireInvokerIam"
"""The policy that forbids services without a check of who calls them."""

RESUME = (
    'the step functions ends once with "Unable to set the invoker" for new callables: continue with --from functions,'
    " and the step access lets browsers call them"
)
WAYS_OUT = (
    f"ask the organisation's administrator to exempt the project from {INVOKER_CHECK}, which is enough, or from"
    f" {MEMBERS}, and then let allUsers call each callable: gcloud run services add-iam-policy-binding SERVICE"
    " --member=allUsers --role=roles/run.invoker"
)


@dataclass(frozen=True)
class Limits:
    """What a project may have in a region: vCPU and MiB, None for no limit.

    ``restricts_members`` and ``requires_invoker_check`` are None if the organisation's policies may not be read.
    """

    cpu: float | None
    memory_mb: float | None
    restricts_members: bool | None = None
    requires_invoker_check: bool | None = None


def obstacles(expected: Expected, limits: Limits) -> Iterator[Finding]:
    """Yield what would make the deployment fail, with what to ask for and where."""
    for function in expected.functions:
        yield from _over_quota(function, "vCPU", function.cpu or 0, limits.cpu, expected.project)
        yield from _over_quota(function, "MiB", function.memory_mb or 0, limits.memory_mb, expected.project)
    if limits.restricts_members and limits.requires_invoker_check:
        found = f"nobody, because of {MEMBERS} and {INVOKER_CHECK}"
        yield Finding("callables", "may be called by", "anyone", found, Severity.BROKEN, WAYS_OUT)
    elif limits.restricts_members:
        yield Finding("callables", "role of allUsers", "allowed", f"forbidden by {MEMBERS}", Severity.DIFFERS, RESUME)


def largest_sum(expected: Expected) -> float:
    """Return the vCPU of all functions with all their instances."""
    return sum((function.cpu or 0) * (function.max_instances or 0) for function in expected.functions)


def _over_quota(function: Function, unit: str, each: float, limit: float | None, project: str) -> Iterator[Finding]:
    instances = function.max_instances or 0
    needed = instances * each
    if limit is not None and needed > limit:
        found = f"{needed:g} ({instances} instances of {each:g})"
        page = f"https://console.cloud.google.com/iam-admin/quotas?project={project}"
        quota = {"vCPU": "Total CPU allocation", "MiB": "Total memory allocation"}[unit]
        advice = (
            f'ask for {needed:g} {unit} of "{quota}, per project per region" in {function.region} at {page}, or set'
            ' fewer instances (docs/operating.md, "Instances and quotas")'
        )
        yield Finding(
            f"function {function.name}", f"{unit} of all instances", f"<= {limit:g}", found, Severity.BROKEN, advice
        )
