"""``closetspace bench``."""

import os
import platform
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from catalog_jobs.benchmarks import Measurement, Note, deployed, encoding, journeys, recommending, refreshing, scale
from catalog_jobs.cli.console import exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption


class Benchmark(StrEnum):
    """What can be measured."""

    RECOMMENDING = "recommending"
    REQUESTS = "requests"
    ENCODING = "encoding"
    JOURNEYS = "journeys"
    REFRESHES = "refreshes"
    SCALE = "scale"


def bench(
    only: Annotated[
        list[Benchmark] | None,
        typer.Option(help="Measure only this; may be repeated. Default: everything but scale."),
    ] = None,
    items: Annotated[int, typer.Option(help="Items of the large catalog of `--only scale`.", min=1)] = scale.ITEMS,
    store: Annotated[
        str | None,
        typer.Option(help="Where the catalog is that `--only scale` enlarges. Default: a drawn one.", metavar="STORE"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure speed and memory on this machine, and print them beside their targets.

    Takes about seven minutes. No other program should be running. `--only scale` recommends from a million items, and
    takes up to five minutes and 5 GB of memory.
    """
    benchmarks: dict[Benchmark, Callable[[Note], list[Measurement]]] = {
        Benchmark.RECOMMENDING: lambda _: recommending.measure(),
        Benchmark.REQUESTS: deployed.measure,
        Benchmark.ENCODING: encoding.measure,
        Benchmark.JOURNEYS: journeys.measure,
        Benchmark.REFRESHES: refreshing.measure,
        Benchmark.SCALE: partial(scale.measure, items=items, store=store),
    }
    with exit_on_error():
        measurements: list[Measurement] = []
        for name in only or [name for name in Benchmark if name is not Benchmark.SCALE]:
            notes.print(f"measuring {name}")
            measurements += benchmarks[name](_note)
    if as_json:
        machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
        print_json({"machine": machine, "measurements": [asdict(m) | {"reached": m.reached} for m in measurements]})
        return
    table = Table("measurement", "measured", "target", "")
    for m in measurements:
        table.add_row(m.name, f"{_short(m.value)} {m.unit}", f"{'<=' if m.at_most else '>='} {m.reach:,g}", _mark(m))
    Console().print(table)


def _note(text: str) -> None:
    notes.print(text, markup=False)


def _short(value: float) -> str:
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


def _mark(measurement: Measurement) -> str:
    return "[green]reached[/green]" if measurement.reached else "[red]missed[/red]"
