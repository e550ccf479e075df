"""``closetspace cloud status``."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption

if TYPE_CHECKING:
    from catalog_jobs.operations.cloud_status.status import Status

_MARKS = {True: "[green]ok[/green]", False: "[red]differs[/red]"}


def status(
    project: Annotated[
        str, typer.Option(envvar="GOOGLE_CLOUD_PROJECT", metavar="ID", help="The Google Cloud project to look at.")
    ],
    region: Annotated[
        str | None, typer.Option(help="Where functions and job are; as functions/.env.PROJECT says, if not said.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            envvar="CLOSETSPACE_STORE",
            metavar="gs://BUCKET",
            help="Where the catalog lies; as the job says, if not said.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell whether what is deployed is what this repository says, and how the last refresh went.

    Compares the functions with functions/main.py, looks at the refresh's job and last execution, at what starts by the
    clock, at the index in use and at the last run's record. Ends with 0 when all is as it should be, else with 1.
    Reads only; needs roles/cloudfunctions.viewer, roles/run.viewer, roles/cloudscheduler.viewer and, on the store's
    bucket, roles/storage.objectViewer.
    """
    from catalog_jobs.operations.cloud_status.expected import expected
    from catalog_jobs.operations.cloud_status.status import Apis, read_status
    from closetspace.bootstrap import open_store

    now = datetime.now(UTC)
    with exit_on_error():
        found = read_status(expected(project, region, store), Apis.connect(), open_store, now)
    tell(found, now, as_json)


def tell(found: "Status", now: datetime, as_json: bool) -> None:
    """Print a status, and end with 1 when something differs."""
    from catalog_jobs.operations.cloud_status.telling import as_numbers

    if as_json:
        print_json(as_numbers(found))
    else:
        _print(found, now)
    if found.findings:
        raise typer.Exit(1)


def _print(found: "Status", now: datetime) -> None:
    from catalog_jobs.operations.cloud_status.telling import lines

    console = Console(highlight=False)
    table = Table("", "what", "is", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for line in lines(found, now):
        table.add_row(_MARKS[line.ok], escape(line.thing), escape(line.told))
    console.print(table)
    for finding in found.findings:
        colour = "red" if finding.severity == "broken" else "yellow"
        what = f"{escape(finding.thing)}: {escape(finding.what)} should be {escape(finding.expected)}"
        console.print(f"[{colour}]{finding.severity}[/] {what}, is {escape(finding.found)}", soft_wrap=True)
        console.print(f"  -> {escape(finding.advice)}", soft_wrap=True)
    if found.deployed.catalog is None:
        notes.print("Nothing is known of the catalog: give its --store.")
    if not found.findings:
        console.print(f"{escape(found.expected.project)} is as the repository says.")
