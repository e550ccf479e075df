"""``closetspace cloud status``: compare what is deployed with the repository."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.cloud_options import EnvOption, ProjectOption, RegionOption, read_target
from catalog_jobs.cli.console import exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog_jobs.operations.cloud_status.differences import Finding
    from catalog_jobs.operations.cloud_status.report import Status

_MARKS = {True: "[green]ok[/green]", False: "[red]differs[/red]"}


def status(
    context: typer.Context,
    env: EnvOption = None,
    project: ProjectOption = None,
    region: RegionOption = None,
    store: Annotated[
        str | None,
        typer.Option(
            envvar="CLOSETSPACE_STORE",
            metavar="gs://BUCKET",
            help="The catalog's store. Default: that of the job.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare what is deployed with this repository, and show how the last refresh ended.

    Compares the functions with functions/main.py, also who may call them, and checks the refresh's job and last
    execution, the schedules, the index in use and the record of the last run. Exits with 0 if everything is as it
    should be, else with 1. Changes nothing. Needs roles/cloudfunctions.viewer, roles/run.viewer,
    roles/cloudscheduler.viewer, and roles/storage.objectViewer on the store's bucket.
    """
    # Google's admin clients take a second to import, which the other commands can do without.
    from catalog_jobs.operations.cloud_status.deployed import AdminApis, read_deployed
    from catalog_jobs.operations.cloud_status.report import Status
    from closetspace.bootstrap import open_store

    now = datetime.now(UTC)
    with exit_on_error():
        expected = read_target(context, env, project, region, store)
        found = Status.compare(expected, read_deployed(expected, AdminApis.connect(), open_store), now)
    print_status(found, now, as_json)


def print_status(status: "Status", now: datetime, as_json: bool) -> None:
    """Print a status; exit with 1 if something differs."""
    from catalog_jobs.operations.cloud_status.report import as_json as status_as_json

    if as_json:
        print_json(status_as_json(status))
    else:
        _print(status, now)
    if status.findings:
        raise typer.Exit(1)


def _print(status: "Status", now: datetime) -> None:
    from catalog_jobs.operations.cloud_status.report import rows

    console = Console(highlight=False)
    table = Table("", "what", "is", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for row in rows(status, now):
        table.add_row(_MARKS[row.ok], escape(row.thing), escape(row.state))
    console.print(table)
    print_findings(status.findings)
    if status.deployed.catalog is None:
        notes.print("The catalog was not checked: name its --store.")
    if not status.findings:
        console.print(f"{escape(status.expected.project)} is deployed as the repository expects.")


def print_findings(findings: "Iterable[Finding]") -> None:
    """Print each finding with its advice."""
    console = Console(highlight=False)
    for finding in findings:
        colour = "red" if finding.severity == "broken" else "yellow"
        what = f"{escape(finding.thing)}: {escape(finding.what)} should be {escape(finding.expected)}"
        console.print(f"[{colour}]{finding.severity}[/] {what}, is {escape(finding.found)}", soft_wrap=True)
        console.print(f"  -> {escape(finding.advice)}", soft_wrap=True)
