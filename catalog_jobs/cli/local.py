"""``closetspace local``: the local stack."""

import os
import re
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import typer

from catalog_jobs.catalog.folder import read_folder
from catalog_jobs.cli.console import (
    exit_on_error,
    interruptible,
    notes,
    print_json,
    print_left_out_counts,
    progress_bar,
    wait_for_interrupt,
)
from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.demo.kept_vectors import kept_vectors
from catalog_jobs.demo.run import fill_catalog
from catalog_jobs.processes.logs import Log
from catalog_jobs.sources.shops import SHIPPED, read_shops
from closetspace.bootstrap import open_store
from closetspace_infra.local.frontend import SERVICES, FrontendSetup
from closetspace_infra.local.functions import REPOSITORY
from closetspace_infra.local.ports import Ports
from closetspace_infra.local.stack import LocalStack, Recurring

DATA = REPOSITORY / ".local"
DRAWN = DATA / "drawings" / "catalog"
KEPT = DATA / "catalog"

app = typer.Typer(no_args_is_help=True)


def seconds_of(text: str) -> float:
    """Return an interval such as ``90s``, ``10m`` or ``1.5h`` in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    seconds = float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if seconds <= 0:
        raise typer.BadParameter(f"{text!r} is not an interval, such as 90s, 10m or 1h.")
    return seconds


@dataclass(frozen=True)
class CatalogPlan:
    """The folder that fills the catalog at the start, and the source of refreshes; None for none and for the shops."""

    folder: Path | None
    source: str | None = None

    @classmethod
    def of(
        cls, catalog: Path | None, no_catalog: bool, *, refreshes: bool, source: str | None, has_shops: bool
    ) -> Self:
        """Return the plan that the options ask for.

        A refresh with a source or with shops fills the catalog itself; without both it reads the folder again.
        """
        if no_catalog and catalog:
            raise typer.BadParameter("it excludes --catalog", param_hint="--no-catalog")
        if source is not None and not refreshes:
            raise typer.BadParameter("it needs --refresh-every", param_hint="--source")
        if refreshes and (source is not None or has_shops):
            return cls(catalog, source)
        if refreshes and no_catalog:
            raise typer.BadParameter("no shop is configured: give --source or --catalog", param_hint="--refresh-every")
        folder = None if no_catalog else catalog or DRAWN
        return cls(folder, str(folder) if refreshes else None)


@app.command()
def up(
    catalog: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Recommend from this catalog: products.csv and images/. Default: drawn."),
    ] = None,
    no_catalog: Annotated[bool, typer.Option("--no-catalog", help="Start without a catalog.")] = False,
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Use any free ports, not the default ones.")] = False,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file for the log. Default: the terminal.")
    ] = None,
    refresh_every: Annotated[
        float | None,
        typer.Option(
            metavar="INTERVAL", parser=seconds_of, help="Refresh the catalog at this interval, for example 10m or 90s."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="DIR_OR_FEED",
            help="The source of --refresh-every. Default: the configured shops, or the catalog if there are none.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON instead, once everything is ready.")
    ] = False,
) -> None:
    """Run Firebase and the functions on this machine until Ctrl-C, with a catalog to recommend from.

    Prints what a frontend needs: the addresses of the emulators, the lines of an environment file for Vite and Create
    React App, and the same as code. docs/frontend.md continues from there.

    With --json the line has firebaseConfig, addresses (host:port of auth, firestore, storage, functions and ui),
    region, catalog (items and index_version, or null) and ready_ms; progress and the log go to standard error.

    Accounts, photos and wardrobes are gone after Ctrl-C. The catalog's vectors are kept, so the next start is faster.

    With --refresh-every the catalog is refreshed at once and then at each interval, as the scheduler does in the cloud.
    """
    with exit_on_error(), interruptible(), ExitStack() as running:
        refreshes = refresh_every is not None
        has_shops = refreshes and _has_shops()
        plan = CatalogPlan.of(catalog, no_catalog, refreshes=refreshes, source=source, has_shops=has_shops)
        _check(plan)
        notes.print("starting Firebase and the functions")
        stack = running.enter_context(LocalStack(ports=None if free_ports else Ports(), log=log or _print_line))
        os.environ.update(stack.environment)
        filled = _fill(stack, plan.folder) if plan.folder else None
        setup = FrontendSetup(stack.firebase_config, stack.addresses, stack.region)
        if as_json:
            print_json(setup.as_json() | {"catalog": filled, "ready_ms": round(stack.ready_ms, 1)})
        else:
            _print(setup)
        if refresh_every is not None:
            running.enter_context(_refresh(stack, refresh_every, plan.source, Log(log or _print_line)))
        wait_for_interrupt()


def _has_shops() -> bool:
    shops = read_shops(Path(os.environ.get("CLOSETSPACE_SHOPS", SHIPPED)))
    return any(shop.enabled for shop in shops.values())


def _check(plan: CatalogPlan) -> None:
    """Raise `InvalidInput` if there is no catalog in the folder, before anything starts."""
    if plan.folder and plan.folder != DRAWN:
        read_folder(plan.folder)


def _fill(stack: LocalStack, folder: Path) -> dict[str, Any]:
    if folder == DRAWN:
        with progress_bar("drawing") as drawing:
            draw_catalog(DRAWN, progress=drawing)
    kept = kept_vectors(open_store(f"gs://{stack.bucket}"), open_store(str(KEPT)))
    with kept, progress_bar("importing") as importing, progress_bar("indexing") as indexing:
        filled, left_out = fill_catalog(folder, stack.bucket, importing, indexing)
    print_left_out_counts(left_out)
    notes.print(f"{filled['items']:,} products to recommend, in {filled['build_ms'] / 1000:.1f} s")
    return filled


def _print(setup: FrontendSetup) -> None:
    for line in setup.lines():
        typer.echo(line)
    notes.print()
    for service in SERVICES:
        notes.print(f"{service:>10}  http://{getattr(setup.addresses, service)}")
    _print_line(f"\nReady. Documents and files: http://{setup.addresses.ui}/ui/   (Ctrl-C stops everything)")


def _refresh(stack: LocalStack, seconds: float, source: str | None, log: Log) -> Recurring:
    command = [sys.executable, "-m", "catalog_jobs", "catalog", "refresh", "--store", f"gs://{stack.bucket}"]
    given = ["--source", source] if source else []
    return Recurring("refresh", [*command, *given], seconds, os.environ, log)


def _print_line(line: str) -> None:
    notes.print(line, markup=False, soft_wrap=True)
