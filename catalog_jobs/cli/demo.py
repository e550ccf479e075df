"""``closetspace demo``: everything on this machine, with the example app to look at."""

import os
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from catalog_jobs.cli.console import (
    exit_on_error,
    interruptible,
    notes,
    print_json,
    print_left_out_counts,
    progress_bar,
    wait_for_interrupt,
)
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.demo import run as demo_run
from catalog_jobs.demo.drawing import draw_catalog, draw_wardrobe
from catalog_jobs.processes.logs import Log
from closetspace_infra.local.example_app import ExampleApp, require_installed
from closetspace_infra.local.frontend import PREFIXES, FrontendSetup
from closetspace_infra.local.person import Person
from closetspace_infra.local.stack import LocalStack

EMAIL, PASSWORD = "demo@closetspace.example", "demo-password"  # of an emulated account
DRAWINGS = Path(".local/drawings")
LOG = Path(".local/demo.log")


def demo(
    catalog: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A catalog: products.csv and images/. Default: drawn.")
    ] = None,
    photos: Annotated[Path | None, typer.Option(metavar="DIR", help="Photos of clothes. Default: drawn.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Upload at most this many photos.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Exit after the recommendations, without the app.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Start everything on this machine, upload a wardrobe, and show the example app with it.

    Runs until Ctrl-C, or with --once until the recommendations are there. Exits with 0 only if all photos became ready
    and something was recommended.
    """
    report = None
    with exit_on_error(), interruptible(), ExitStack() as running:
        if not once:
            require_installed()
        wardrobe = demo_run.find_photos(photos or _drawn_wardrobe(), limit)
        stack = _start(running)
        app = None if once else running.enter_context(_build_app(stack))
        person = Person.sign_up(stack.backend, EMAIL, PASSWORD)
        report = _fill(stack, person, catalog or _drawn_catalog(), wardrobe)
        _print(report, as_json)
        if app:
            notes.print(f"\nYour wardrobe and what fits it: [bold]{app.serve()}[/bold]   (Ctrl-C ends the demo)")
            wait_for_interrupt()
    if report is None:
        raise typer.Exit(130)
    raise typer.Exit(0 if report.ok else 1)


def _start(running: ExitStack) -> LocalStack:
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.unlink(missing_ok=True)
    notes.print(f"starting Firebase and the functions (log: {LOG})")
    stack = running.enter_context(LocalStack(log=LOG))
    os.environ.update(stack.environment)
    return stack


def _build_app(stack: LocalStack) -> ExampleApp:
    setup = FrontendSetup(stack.firebase_config, stack.addresses, stack.region)
    prefix = PREFIXES["Vite"]
    account = {f"{prefix}DEMO_EMAIL": EMAIL, f"{prefix}DEMO_PASSWORD": PASSWORD}
    return ExampleApp(setup.variables(prefix) | account, log=Log(LOG))


def _drawn_catalog() -> Path:
    with progress_bar("drawing") as progress:
        draw_catalog(DRAWINGS / "catalog", progress=progress)
    return DRAWINGS / "catalog"


def _drawn_wardrobe() -> Path:
    draw_wardrobe(DRAWINGS / "wardrobe")
    return DRAWINGS / "wardrobe"


def _fill(stack: LocalStack, person: Person, catalog: Path, wardrobe: list[demo_run.Photo]) -> demo_run.Report:
    report = demo_run.Report({"ready_ms": round(stack.ready_ms, 1)})
    with progress_bar("importing") as importing, progress_bar("indexing") as indexing:
        report.catalog, left_out = demo_run.fill_catalog(catalog, stack.bucket, importing, indexing)
    print_left_out_counts(left_out)
    with progress_bar("uploading") as uploading:
        report.wardrobe = demo_run.add_wardrobe(person, wardrobe, uploading)
    report.ask(person)
    return report


def _print(report: demo_run.Report, as_json: bool) -> None:
    for photo in report.wardrobe:
        if "error" in photo:
            notes.print(f"[yellow]{escape(photo['file'])}:[/yellow] {escape(photo['error']['message'])}")
    ready = sum(photo["status"] == "ready" for photo in report.wardrobe)
    summary = f"{ready} of {len(report.wardrobe)} photos ready"
    if ready:
        times = report.timings_ms
        summary += (
            f", {times['photo_to_ready_p50']:.0f} ms each;"
            f" {len(report.recommendations)} of {report.catalog['items']} items recommended"
            f" in {times['recommend_p50']:.0f} ms (first call {times['recommend_first']:.0f} ms)"
        )
    notes.print(summary)
    if as_json:
        print_json(asdict(report))
