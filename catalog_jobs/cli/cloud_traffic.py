"""``closetspace cloud traffic`` and ``rollback``: which release of the functions answers."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from catalog_jobs.cli.cloud_options import EnvOption, ProjectOption, RegionOption, read_target
from catalog_jobs.cli.console import exit_on_error, notes
from closetspace.errors import FailedPrecondition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog_jobs.operations.cloud_releases import ServiceReleases
    from catalog_jobs.operations.cloud_status.deployed import AdminApis
    from catalog_jobs.operations.cloud_status.expected import Expected


def traffic(
    context: typer.Context,
    env: EnvOption = None,
    project: ProjectOption = None,
    region: RegionOption = None,
    newest: Annotated[
        int | None,
        typer.Option(
            min=0, max=100, metavar="PERCENT", help="The newest release's share; the one before gets the rest."
        ),
    ] = None,
) -> None:
    """Show which release of the functions answers which share of the requests, or change the shares.

    A release is the commit that was deployed. Changes take seconds, fail no request, and are for all functions.
    Needs roles/run.viewer and roles/cloudfunctions.viewer, and to change shares roles/run.developer.
    """
    from catalog_jobs.operations.cloud_status.deployed import AdminApis

    with exit_on_error():
        expected = read_target(context, env, project, region)
        set_newest(expected, AdminApis.connect(), newest)


def rollback(
    context: typer.Context,
    env: EnvOption = None,
    project: ProjectOption = None,
    region: RegionOption = None,
    to: Annotated[
        str | None, typer.Option(metavar="RELEASE", help="The release. Default: the one before the newest.")
    ] = None,
) -> None:
    """Let an earlier release of the functions answer all requests, at once.

    It stays so until the next deployment, or until `closetspace cloud traffic --newest 100`. The index has a rollback
    of its own (`closetspace index rollback`). Needs roles/run.developer and roles/cloudfunctions.viewer.
    """
    from catalog_jobs.operations.cloud_status.deployed import AdminApis

    with exit_on_error():
        expected = read_target(context, env, project, region)
        roll_back(expected, AdminApis.connect(), to)


def set_newest(expected: "Expected", apis: "AdminApis", percent: int | None) -> None:
    """Give the newest release a share, if one is named; then print the shares."""
    from catalog_jobs.operations.cloud_releases import split

    services = _services(expected, apis)
    if percent is not None:
        newest = {service.traffic.service: service.revisions[0].name for service in services}
        apis.services.share(expected.project, split(services, percent), newest)
        services = _services(expected, apis)
    _print(services)


def roll_back(expected: "Expected", apis: "AdminApis", release: str | None) -> None:
    """Give a release everything; then print the shares."""
    from catalog_jobs.operations.cloud_releases import only

    apis.services.share(expected.project, only(_services(expected, apis), release), {})
    _print(_services(expected, apis))


def _services(expected: "Expected", apis: "AdminApis") -> "list[ServiceReleases]":
    from catalog_jobs.operations.cloud_releases import ServiceReleases
    from catalog_jobs.operations.cloud_status.deployed import our_services

    functions, _ = apis.functions(expected.project)
    services = our_services(expected, functions)
    read = [
        ServiceReleases(
            name,
            apis.services.revisions(expected.project, service),
            apis.services.traffic(expected.project, service),
        )
        for name, service in services.items()
    ]
    if not read:
        raise FailedPrecondition(f"No function is deployed to {expected.project}, {expected.region}.")
    return [service for service in read if service.revisions]


def _print(services: "Sequence[ServiceReleases]") -> None:
    from catalog_jobs.operations.cloud_releases import releases

    known = releases(services)
    table = Table("function", *known[:3], box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for service in services:
        table.add_row(service.function, *(f"{service.shares().get(release, 0)} %" for release in known[:3]))
    Console(highlight=False).print(table)
    older = {release for service in services for release, share in service.shares().items() if share} - set(known[:3])
    if older:
        notes.print(f"Older releases answer, too: {', '.join(sorted(older))}.")
