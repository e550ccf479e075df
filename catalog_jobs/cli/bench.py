"""``closetspace bench``."""

import os
import platform
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from catalog_jobs.benchmarks import Measurement, deployed, encoding, journeys, recommending, refreshing
from catalog_jobs.cli.console import exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption


def bench(as_json: JsonOption = False) -> None:
    """Measure speed and memory on this machine, and print them beside their targets.

    Takes about five minutes. No other program should be running.
    """
    with exit_on_error():
        measurements: list[Measurement] = []
        for name, measure in (
            ("recommending", lambda _: recommending.measure()),
            ("requests as deployed", deployed.measure),
            ("encoding", encoding.measure),
            ("journeys through the local stack", journeys.measure),
            ("catalog refreshes", refreshing.measure),
        ):
            notes.print(f"measuring {name}")
            measurements += measure(_note)
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
