"""``closetspace cloud check``: find out whether quotas and policies allow a deployment."""

from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from catalog_jobs.cli.cloud_options import EnvOption, ProjectOption, RegionOption, read_target
from catalog_jobs.cli.cloud_status import print_findings
from catalog_jobs.cli.console import exit_on_error, notes

if TYPE_CHECKING:
    from catalog_jobs.operations.cloud_check import LimitApis
    from catalog_jobs.operations.cloud_status.expected import Expected


def check(
    context: typer.Context, env: EnvOption = None, project: ProjectOption = None, region: RegionOption = None
) -> None:
    """Check before a deployment whether quotas and policies allow it.

    Compares Cloud Run's quotas in the region with the sizes and instances of the functions in functions/main.py, and
    reads the two policies of an organisation that can keep browsers from calling them. Changes nothing. Exits with 1
    if the deployment would fail. Needs roles/cloudquotas.viewer; without roles/orgpolicy.policyViewer, policies are not
    checked.
    """
    from catalog_jobs.operations.cloud_check import LimitApis

    with exit_on_error():
        expected = read_target(context, env, project, region)
        compare(expected, LimitApis.connect())


def compare(expected: "Expected", apis: "LimitApis") -> None:
    """Print the limits and what exceeds them; exit with 1 if the deployment would fail."""
    from catalog_jobs.operations.cloud_limits import largest_sum, obstacles
    from catalog_jobs.operations.cloud_status.differences import Severity

    limits = apis.limits(expected.project, expected.region)
    cpu = "unlimited" if limits.cpu is None else f"{limits.cpu:g}"
    notes.print(
        f"The quota in {escape(expected.region)} is {cpu} vCPU. No function may exceed it alone. All instances of all"
        f" functions have {largest_sum(expected):g}: if they run at once, what exceeds the quota waits.",
        soft_wrap=True,
    )
    if limits.restricts_members is None:
        notes.print("The organisation's policies can't be read with these credentials; the step access shows the rest.")
    found = list(obstacles(expected, limits))
    print_findings(found)
    if any(finding.severity == Severity.BROKEN for finding in found):
        raise typer.Exit(1)
