"""``closetspace catalog refresh``."""

import os
from datetime import timedelta
from typing import Annotated

import typer
from rich.markup import escape

from catalog_jobs.catalog.run_records import RunRecord
from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption, ShopsOption, StoreOption
from catalog_jobs.processes.logs import Log
from catalog_jobs.refresh.coordinator import RefreshOptions
from catalog_jobs.refresh.job import TaskContext, refresh
from catalog_jobs.sources.selection import SourceSelection
from catalog_jobs.sources.shops import SHIPPED
from closetspace.errors import InvalidInput

COUNTS = ("new", "changed_picture", "changed_text", "changed_price", "gone", "unchanged", "embedded", "failed")


def refresh_catalog(
    store: StoreOption,
    shop: Annotated[str | None, typer.Option(metavar="NAME", help="Read only this shop of the shops file.")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="DIR_OR_FEED",
            help="Read a folder with products.csv and images/, or a product feed (XML, TSV, CSV; a file or a URL),"
            " instead of the shops.",
        ),
    ] = None,
    shops: ShopsOption = SHIPPED,
    tasks: Annotated[
        int | None, typer.Option(min=1, max=64, help="The number of processes that share the work.")
    ] = None,
    grace: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="Days that an item stays after its shop no longer has it.")
    ] = 3.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and compare, report what a run would do, and change nothing.")
    ] = False,
    accept_change: Annotated[
        bool,
        typer.Option("--accept-change", help="Publish even if far more changed than usual. Errors still stop the run."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Update the catalog from its sources and publish a new index.

    Reads the shops, compares the items with the catalog, embeds new images and texts, builds an index, checks it
    against the one in use and publishes it. If a check fails, the old index stays and the report says why. If nothing
    changed, the index stays, too, until it is 36 hours old.

    Start a killed run again: it repeats nothing that was finished. If two runs overlap, the newer one wins and the
    older one exits with a message. In a Cloud Run job, each task does a share of the work.
    """
    with exit_on_error():
        if shop and source:
            raise InvalidInput("source_ambiguous", "Give --shop or --source, not both.")
        if tasks and "CLOUD_RUN_TASK_INDEX" in os.environ:
            raise InvalidInput("tasks_ambiguous", "Cloud Run sets the number of tasks: leave --tasks out.")
        selection = SourceSelection(store, shops, shop, source)
        options = RefreshOptions(timedelta(days=grace), dry_run, accept_change, selection.configured_shops())
        context = TaskContext.from_env(os.environ, tasks)
        record = refresh(selection, options, context, progress_bar, Log(_print_line))
    if record is None:
        return
    _print_record(record, store)
    if as_json:
        print_json(record.report.model_dump(exclude={"guards": {"__all__": {"detail"}}}))
    if record.error:
        raise typer.Exit(1)


def _print_line(line: str) -> None:
    notes.print(line, markup=False, soft_wrap=True)


def _print_record(record: RunRecord, store: str) -> None:
    report = record.report
    notes.print(", ".join(f"{name.replace('_', ' ')} {getattr(report, name):,}" for name in COUNTS), soft_wrap=True)
    for guard in report.guards:
        if not guard.ok:
            line = f"{guard.name}: {guard.value}, the bound is {guard.bound}. {guard.detail}"
            notes.print(f"[yellow]guard[/yellow] {escape(line)}", soft_wrap=True)
    for source, reason in record.stopped.items():
        notes.print(f"[yellow]{escape(source)} was not updated:[/yellow] {escape(reason)}", soft_wrap=True)
    for item, reason in list(record.failed.items())[:3]:
        notes.print(f"[yellow]no vector for {escape(item)}:[/yellow] {escape(reason)}", soft_wrap=True)
    if record.error:
        notes.print(f"[red]error:[/red] {escape(record.error)}", soft_wrap=True)
        override = ", or --accept-change if the change is intended" if record.refused else ""
        notes.print(f"Next: closetspace catalog status --store {store}{override}.", soft_wrap=True)
    elif record.dry_run:
        notes.print("Nothing was changed. Without --dry-run, the run would build, check and publish an index.")
    else:
        kept = " Nothing changed, the index stays." if report.version == record.version_before else ""
        notes.print(f"{report.version}: {record.items:,} items, in {report.seconds:.1f} s.{kept}", soft_wrap=True)
