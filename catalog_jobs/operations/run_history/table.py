"""Runs as rows of a table, with the outcome of each. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from catalog_jobs.catalog.run_records import RunRecord, format_failures

HEADER = ("run", "began (UTC)", "took", "items", "new", "picture", "text", "price", "gone", "embedded", "failed")
"""The columns before the last, which has the outcome in words."""


@dataclass(frozen=True)
class Row:
    """One run: ``cells`` for `HEADER`, then the outcome. ``ok`` is None if the run may still be active."""

    cells: tuple[str, ...]
    outcome: str
    ok: bool | None


def rows(records: Sequence[RunRecord]) -> list[Row]:
    """Return a row for each run; ``records`` are the newest first."""
    return [_row(record, newest=number == 0) for number, record in enumerate(records)]


def _row(record: RunRecord, newest: bool) -> Row:
    report = record.report
    changes = (report.new, report.changed_picture, report.changed_text, report.changed_price, report.gone)
    counts = map(str, (record.items, *changes, report.embedded, report.failed))
    cells = (record.run, f"{record.started.astimezone(UTC):%Y-%m-%d %H:%M}", _duration(record), *counts)
    may_go_on = newest and record.finished is None
    return Row(cells, outcome(record, newest=newest), None if may_go_on else ended_well(record))


def ended_well(record: RunRecord) -> bool:
    """Return whether a run has ended without an error."""
    return record.finished is not None and not record.error


def outcome(record: RunRecord, *, newest: bool) -> str:
    """Describe how a run ended, and which shops it did not update."""
    stopped = [f"{shop} was not updated: {reason}" for shop, reason in sorted(record.stopped.items())]
    return "; ".join([_ending(record, newest), *stopped])


def _ending(record: RunRecord, newest: bool) -> str:
    if record.finished is None:
        # A killed run can't record its end. If another began after it, it was killed.
        return "running, or killed" if newest else "killed before its end"
    if record.error:
        return record.error
    if not record.report.published:
        return "dry run"
    if record.report.version == record.version_before:
        return f"nothing changed, {record.report.version} stays"
    accepted = _accepted(record)
    return f"published {record.report.version}" + (f" although {accepted}" if accepted else "")


def _accepted(record: RunRecord) -> str:
    """Describe the failed guards that did not keep the run from publishing, except for those that stopped a shop."""
    failures = (format_failures([guard]) for guard in record.report.guards if not guard.ok)
    return "; ".join(it for it in failures if not any(it in reason for reason in record.stopped.values()))


def _duration(record: RunRecord) -> str:
    if record.finished is None:
        return "-"
    seconds = record.report.seconds or (record.finished - record.started).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
