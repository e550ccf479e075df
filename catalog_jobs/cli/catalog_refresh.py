"""``closetspace catalog refresh``."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.processes.logs import Log
from catalog_jobs.refresh.coordinator import Choices
from catalog_jobs.refresh.job import SourceSelection, TaskContext, refresh
from catalog_jobs.sources.shops import SHIPPED
from closetspace.errors import InvalidInput

COUNTED = ("new", "changed_picture", "changed_text", "changed_price", "gone", "unchanged", "embedded", "failed")


def refresh_catalog(
    store: StoreOption,
    shop: Annotated[str | None, typer.Option(metavar="NAME", help="Read only this shop of the shops' file.")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="DIR_OR_FEED",
            help="Read a folder with products.csv and images/, or a product feed (XML, TSV, CSV; a file or an address),"
            " in place of the shops.",
        ),
    ] = None,
    shops: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            envvar="CLOSETSPACE_SHOPS",
            help="The shops and how each is read.",
            show_default="the one of this release",
        ),
    ] = SHIPPED,
    tasks: Annotated[int | None, typer.Option(min=1, max=64, help="Processes that share the work.")] = None,
    grace: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="Days that an item stays after its shop was seen without it.")
    ] = 3.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and compare, and tell what would be done; change nothing.")
    ] = False,
    accept_change: Annotated[
        bool,
        typer.Option(
            "--accept-change", help="Publish although far more changed than usual; faults of ours still stop it."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the catalog up to date and publish an index of it, or leave everything as it was and say why.

    Reads the shops, compares with the last time, embeds what has a new picture or text, builds an index, checks it
    against the one in use, and publishes it. A run that was killed is started again: it repeats nothing that was
    finished. Of two runs at once the later one goes on.

    As a Cloud Run job each of its tasks is a share of the work.
    """
    with exit_on_error():
        if shop and source:
            raise InvalidInput("source_ambiguous", "Give --shop or --source, not both.")
        if tasks and "CLOUD_RUN_TASK_INDEX" in os.environ:
            raise InvalidInput("tasks_ambiguous", "Cloud Run says how many tasks there are: leave --tasks out.")
        wanted = SourceSelection(store, shops, shop, source)
        choices = Choices(timedelta(days=grace), dry_run, accept_change, wanted.configured())
        record = refresh(wanted, choices, TaskContext.of(os.environ, tasks), progress_bar, Log(_print_line))
    if record is None:
        return
    _tell(record, store)
    if as_json:
        print_json(record.report.model_dump(exclude={"guards": {"__all__": {"detail"}}}))
    if record.error:
        raise typer.Exit(1)


def _print_line(line: str) -> None:
    notes.print(line, markup=False, soft_wrap=True)


def _tell(record: RunRecord, store: str) -> None:
    report = record.report
    notes.print(", ".join(f"{name.replace('_', ' ')} {getattr(report, name):,}" for name in COUNTED), soft_wrap=True)
    for guard in report.guards:
        if not guard.ok:
            what = f"{guard.name}: {guard.value}, the bound is {guard.bound}. {guard.detail}"
            notes.print(f"[yellow]guard[/yellow] {escape(what)}", soft_wrap=True)
    for source, why in record.stopped.items():
        notes.print(f"[yellow]{escape(source)} was left as it is:[/yellow] {escape(why)}", soft_wrap=True)
    for item, why in list(record.failed.items())[:3]:
        notes.print(f"[yellow]no vector for {escape(item)}:[/yellow] {escape(why)}", soft_wrap=True)
    if record.error:
        notes.print(f"[red]error:[/red] {escape(record.error)}", soft_wrap=True)
        again = ", or --accept-change if this is as it should be" if record.refused else ""
        notes.print(f"Next: closetspace catalog status --store {store}{again}.", soft_wrap=True)
    elif record.dry_run:
        notes.print("Nothing was changed. Without --dry-run this would be built, checked and published.")
    else:
        notes.print(f"{report.version}: {record.items:,} items, in {report.seconds:.1f} s.")
