"""The table of all trials, in the terminal and in docs/reliability.md."""

import os
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from tests.torture.trial import Cost, Row

MARKERS = ("<!-- table of make torture -->", "<!-- end of the table -->")
HEADINGS = ("what", "tried", "held", "lost", "leaked", "seconds")
SHOWN = 10
"""Faults that are printed per row; a broken invariant breaks for thousands."""


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|---|" + "--:|" * (len(HEADINGS) - 1)]
    for row in rows:
        verdict = row.verdict
        numbers = (verdict.tried, verdict.held, len(verdict.lost), len(verdict.leaked), round(row.seconds))
        lines.append(f"| {row.what} | {' | '.join(f'{number:,}' for number in numbers)} |")
    return "\n".join(lines)


def faults(row: Row) -> Iterator[str]:
    """Yield a line for each of the first faults of a row."""
    for kind, found in (("lost", row.verdict.lost), ("leaked", row.verdict.leaked)):
        for subject, why in list(found.items())[:SHOWN]:
            yield f"{kind}: {subject}: {why}"
        if len(found) > SHOWN:
            yield f"{kind}: {len(found) - SHOWN:,} more"


def worst(costs: Sequence[Cost]) -> str:
    """Return which single inputs took most time and memory; an empty text if none was measured."""
    sentences = []
    for kind in ("photo", "call"):
        of_kind = [cost for cost in costs if cost.input.startswith(kind)]
        if of_kind:
            slowest = max(of_kind, key=lambda cost: cost.milliseconds)
            sentences.append(f"The slowest {kind} took {slowest.milliseconds:,.0f} ms: {_name(slowest)}.")
        hungry = max(of_kind, key=lambda cost: cost.megabytes or 0, default=None)
        if hungry and hungry.megabytes:
            sentences.append(f"The {kind} that needed most memory took {hungry.megabytes:,.0f} MB: {_name(hungry)}.")
    return "\n".join(sentences)


def _name(cost: Cost) -> str:
    return cost.input.partition(" ")[2]


def summary(rows: Sequence[Row], costs: Sequence[Cost], *, seed: int, day: date) -> str:
    """Return what docs/reliability.md shows: date, machine and seed, the table, and the worst inputs."""
    machine = f"Run on {day.isoformat()} on {os.cpu_count()} cores, with seed {seed}."
    return "\n\n".join(filter(None, (machine, table(rows), worst(costs))))


def write(document: Path, text: str) -> None:
    """Replace what is between the markers of a document. Raises `ValueError` if it has none."""
    begin, end = map(re.escape, MARKERS)
    before = document.read_text()
    after, count = re.subn(f"({begin}\n).*?({end})", lambda m: f"{m[1]}\n{text}\n\n{m[2]}", before, flags=re.DOTALL)
    if not count:
        raise ValueError(f"{document} has no {MARKERS[0]}")
    document.write_text(after)
