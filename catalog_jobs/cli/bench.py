"""``closetspace bench``."""

import os
import platform
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from catalog_jobs.benchmarks import Measurement, embedding, journeys, recommending, refreshing
from catalog_jobs.benchmarks import torch_reference as rival
from catalog_jobs.cli.console import exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption


def bench(as_json: JsonOption = False) -> None:
    """Measure what the design asks for, on this machine, and print it beside what is to be reached.

    Takes about four minutes. Nothing else should be running.
    """
    with exit_on_error():
        measurements: list[Measurement] = []
        for what, measure in (
            ("recommending", recommending.measure),
            ("embedding", embedding.measure),
            ("journeys through the local stack", lambda: journeys.measure(_note)),
            ("catalog refreshes", lambda: refreshing.measure(_note)),
            ("torch beside it", lambda: rival.measure(_note)),
        ):
            notes.print(f"measuring {what}")
            measurements += measure()
    if as_json:
        machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
        print_json({"machine": machine, "measurements": [asdict(m) | {"reached": m.reached} for m in measurements]})
        return
    table = Table("what", "measured", "reach", "")
    for m in measurements:
        table.add_row(m.name, f"{_short(m.value)} {m.unit}", f"{'<=' if m.at_most else '>='} {m.reach:,g}", _mark(m))
    Console().print(table)


def _note(text: str) -> None:
    notes.print(text, markup=False)


def _short(value: float) -> str:
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


def _mark(measurement: Measurement) -> str:
    return "[green]reached[/green]" if measurement.reached else "[red]missed[/red]"
