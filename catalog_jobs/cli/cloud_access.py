"""``closetspace cloud access``: let browsers call the callables, and events reach the other functions."""

from typing import TYPE_CHECKING

import typer

from catalog_jobs.cli.cloud_options import EnvOption, ProjectOption, RegionOption, read_target
from catalog_jobs.cli.console import exit_on_error, notes
from closetspace.errors import FailedPrecondition

if TYPE_CHECKING:
    from catalog_jobs.operations.cloud_status.deployed import AdminApis
    from catalog_jobs.operations.cloud_status.expected import Expected


def access(
    context: typer.Context, env: EnvOption = None, project: ProjectOption = None, region: RegionOption = None
) -> None:
    """Let browsers call the callables, and events reach the other functions.

    Turns off Cloud Run's check of who calls a callable, which needs no role for allUsers: organisations may forbid that
    role, and the callables check Firebase's tokens themselves. Every other function may be called only by the account
    that its own events arrive as. Changes only what is missing. Needs roles/run.admin and roles/cloudfunctions.viewer.
    """
    from catalog_jobs.operations.cloud_status.deployed import AdminApis

    with exit_on_error():
        grant(read_target(context, env, project, region), AdminApis.connect())


def grant(expected: "Expected", apis: "AdminApis") -> None:
    """Grant what is missing, and print it."""
    from catalog_jobs.operations.cloud_limits import WAYS_OUT
    from catalog_jobs.operations.cloud_status.access import ANYONE, missing_callers
    from catalog_jobs.operations.cloud_status.deployed import our_services

    functions, _ = apis.functions(expected.project)
    callers = apis.services.callers(expected.project, our_services(expected, functions).values())
    missing = list(missing_callers(expected, functions, callers))
    for lack in missing:
        notes.print(f"{lack.function} may be called by {lack.member}", markup=False, soft_wrap=True)
    for lack in missing:
        if lack.member != ANYONE:
            apis.services.allow(expected.project, lack.service, lack.member)
    try:
        apis.services.allow_anyone(expected.project, [lack.service for lack in missing if lack.member == ANYONE])
    except FailedPrecondition as error:
        raise FailedPrecondition(f"{error} If a policy of the organisation forbids it, {WAYS_OUT}.") from error
    notes.print(f"{len(callers)} of {len(expected.functions)} functions can be called by those who have to.")
