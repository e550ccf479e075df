"""Runs in words: what became of each, and a table of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from catalog_jobs.catalog.run_records import RunRecord, format_failures

HEADER = ("run", "began (UTC)", "took", "items", "new", "picture", "text", "price", "gone", "embedded", "failed")
"""Columns of the table; the last, what became of the run, is as wide as it needs."""


@dataclass(frozen=True)
class Line:
    """A row: ``cells`` under `HEADER`, then ``outcome``. ``ok`` is None where nobody can know yet."""

    cells: tuple[str, ...]
    outcome: str
    ok: bool | None


def lines(records: Sequence[RunRecord]) -> list[Line]:
    """A row for each run; ``records`` are the newest first."""
    return [_line(record, newest=number == 0) for number, record in enumerate(records)]


def _line(record: RunRecord, newest: bool) -> Line:
    did = record.report
    changes = (did.new, did.changed_picture, did.changed_text, did.changed_price, did.gone)
    counts = map(str, (record.items, *changes, did.embedded, did.failed))
    cells = (record.run, f"{record.started.astimezone(UTC):%Y-%m-%d %H:%M}", _took(record), *counts)
    may_go_on = newest and record.finished is None
    return Line(cells, outcome(record, newest=newest), None if may_go_on else ended_well(record))


def ended_well(record: RunRecord) -> bool:
    """Whether a run came to its end with nothing that kept it from publishing."""
    return record.finished is not None and not record.error


def outcome(record: RunRecord, *, newest: bool) -> str:
    """What became of a run: a sentence without its full stop, stopped shops included."""
    stopped = [f"{shop} left as it was: {why}" for shop, why in sorted(record.stopped.items())]
    return "; ".join([_ending(record, newest), *stopped])


def _ending(record: RunRecord, newest: bool) -> str:
    if record.finished is None:
        # A killed run can't say so itself; where another began later, it was.
        return "running, or killed" if newest else "killed before its end"
    if record.error:
        return record.error
    if not record.report.published:
        return "dry run"
    accepted = _accepted(record)
    return f"published {record.report.version}" + (f" although {accepted}" if accepted else "")


def _accepted(record: RunRecord) -> str:
    """The guards that failed and did not keep it from publishing, but for those that stopped one shop alone."""
    told = (format_failures([guard]) for guard in record.report.guards if not guard.ok)
    return "; ".join(sentence for sentence in told if not any(sentence in why for why in record.stopped.values()))


def _took(record: RunRecord) -> str:
    if record.finished is None:
        return "-"
    seconds = record.report.seconds or (record.finished - record.started).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
