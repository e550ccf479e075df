"""The records of runs: stored, read, and shown as a table and a page."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog_jobs.catalog.run_records import GuardResult, Report, RunRecord, RunRecords, format_failures
from catalog_jobs.cli.app import app
from catalog_jobs.operations.run_history.page import HEIGHT, WIDTH, page, plot_history
from catalog_jobs.operations.run_history.table import rows
from closetspace.adapters.memory import MemoryObjects
from closetspace.bootstrap import open_store
from closetspace.errors import Incompatible, NotFound

BEGAN = datetime(2026, 11, 20, 3, tzinfo=UTC)
FEW = GuardResult(name="items", ok=False, value=0.6, bound=0.85, detail="20000 before, 12000 now")


def run(night: int, **fields: Any) -> RunRecord:
    """Return a night's run, which published unless ``fields`` say otherwise."""
    began = BEGAN + timedelta(days=night)
    report = Report(new=night, changed_price=100 * night, published=True, version=f"v{night}", seconds=30.5 + night)
    fields = {"finished": began + timedelta(minutes=1), "items": 20_000 + night, "report": report, **fields}
    return RunRecord(run=f"{began:%Y%m%dT%H%M%S}000Z-ab{night:02}", started=began, **fields)


def outcomes(*records: RunRecord) -> list[tuple[bool | None, str]]:
    """Return whether each run ended well, and its outcome; the newest come first."""
    return [(row.ok, row.outcome) for row in rows(records)]


class RecordingStore(MemoryObjects):
    """A store that records what is read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def read(self, name: str, *, if_generation: int | None = None) -> bytes:
        self.names.append(name)
        return super().read(name, if_generation=if_generation)


def test_record_is_read_as_written() -> None:
    records = RunRecords(MemoryObjects())
    kept = run(1, stopped={"shop": "far fewer items"}, report=Report(guards=(FEW,)), error="refused")
    records.write(run(1))
    records.write(kept)
    assert records.read(kept.run) == kept
    assert records.runs() == [kept.run]


def test_newest_records_come_first_and_no_others_are_read() -> None:
    store = RecordingStore()
    records = RunRecords(store)
    for night in (3, 1, 4, 2):
        records.write(run(night))
    store.write(f"catalog/runs/{run(5).run}/plan.json", b"{}")
    assert [record.run for record in records.newest(2)] == [run(4).run, run(3).run]
    assert len(store.names) == 2


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b'{"run": "x"}', b'{"run": "x", "started": "yesterday"}'])
def test_unreadable_record_is_reported_and_the_others_are_returned(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    records = RunRecords(MemoryObjects())
    records.write(run(1))
    records.store.write("catalog/runs/20261201T000000000Z-bad0/record.json", data)
    unreadable: list[str] = []
    assert records.newest(5, lambda name, _: unreadable.append(name)) == [run(1)]
    assert unreadable == ["20261201T000000000Z-bad0"]
    assert records.newest(5) == [run(1)]
    assert "20261201T000000000Z-bad0" in caplog.text
    with pytest.raises(Incompatible, match="20261201T000000000Z-bad0"):
        records.read(unreadable[0])


def test_run_without_a_record_is_not_found() -> None:
    with pytest.raises(NotFound, match="no record of run 2026"):
        RunRecords(MemoryObjects()).read("2026")


def test_published_run_names_the_version() -> None:
    assert outcomes(run(1, version_before="v0")) == [(True, "published v1")]


def test_run_without_changes_names_the_version_that_stays() -> None:
    assert outcomes(run(1, version_before="v1")) == [(True, "nothing changed, v1 stays")]


def test_refused_run_names_value_and_bound_of_the_guard() -> None:
    refused = f"Refused, the index in use stays: {format_failures([FEW])}"
    assert outcomes(run(1, report=Report(guards=(FEW,)), error=refused)) == [(False, refused)]
    assert "0.6" in refused
    assert "0.85" in refused


def test_accepted_change_is_named() -> None:
    (row,) = rows([run(1, report=Report(guards=(FEW,), published=True, version="v1"))])
    assert row.ok
    assert row.outcome == f"published v1 although {format_failures([FEW])}"


def test_stopped_shop_is_named_once() -> None:
    low = GuardResult(name="yield of north", ok=False, value=0.2, bound=0.5, detail="20 of 100 items")
    record = run(
        1, stopped={"north": format_failures([low])}, report=Report(guards=(low,), published=True, version="v1")
    )
    assert outcomes(record) == [(True, f"published v1; north was not updated: {format_failures([low])}")]


def test_only_the_newest_run_without_an_end_may_still_run() -> None:
    assert outcomes(run(3, finished=None), run(2, finished=None), run(1)) == [
        (None, "running, or killed"),
        (False, "killed before its end"),
        (True, "published v1"),
    ]


def test_duration_comes_from_the_report() -> None:
    hour = run(1, report=Report(published=True, version="v", seconds=3_725.4))
    assert [row.cells[2] for row in rows([run(2, finished=None), hour, run(1)])] == ["-", "1:02:05", "31.5 s"]


def test_one_run_makes_no_plot() -> None:
    assert plot_history([]) is None
    assert plot_history([run(1)]) is None
    assert plot_history([run(2, finished=None), run(1)]) is None


def test_plots_have_published_items_and_all_changes_and_durations_in_order() -> None:
    refused = run(2, items=12_000, report=Report(seconds=5), error="refused")
    history = plot_history([run(3), refused, run(1)])
    assert history
    values = {plot.name: [dot.label.rpartition(": ")[2] for dot in plot.dots] for plot in history.plots}
    assert values == {
        "items in the index": ["20,001", "20,003"],
        "changed items": ["101", "0", "303"],
        "duration in seconds": ["31.5", "5", "33.5"],
    }
    assert (history.plots[0].least, history.plots[0].most) == ("20,001", "20,003")
    assert (history.first, history.last) == (run(1).started, run(3).started)


def test_runs_that_are_all_alike_are_plotted_in_the_middle() -> None:
    same = {"items": 5, "report": Report(published=True, version="v", seconds=1)}
    history = plot_history([run(1, **same), run(2, **same)])
    assert history
    assert {dot.y for dot in history.plots[0].dots} == {HEIGHT / 2}


def test_plots_fill_their_area() -> None:
    history = plot_history([run(night) for night in (1, 2, 9)])
    assert history
    for plot in history.plots:
        assert [dot.x for dot in plot.dots] == [0, WIDTH / 8, WIDTH]
        assert plot.dots[0].y == HEIGHT
        assert plot.dots[-1].y == 0


class ParsedPage(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_page_has_no_external_files_and_no_scripts() -> None:
    html = page([run(2, error="<script>alert(1)</script>", report=Report()), run(1)], "v1")
    parsed = ParsedPage(html)
    assert not {"script", "link", "img", "iframe"} & set(parsed.tags)
    assert not [name for name, _ in parsed.attributes if name in ("src", "href") or name.startswith("on")]
    assert "://" not in html
    assert "prefers-color-scheme: dark" in html
    assert parsed.tags.count("svg") == 2  # one published run makes no plot of items
    assert parsed.tags.count("tr") == 3


def status(store: Path, *arguments: str, width: int = 80) -> Result:
    return CliRunner().invoke(
        app, ["catalog", "status", "--store", str(store), *arguments], env={"COLUMNS": str(width)}
    )


@pytest.fixture
def store_of_runs(tmp_path: Path) -> Path:
    """A store with four runs."""
    records = RunRecords(open_store(str(tmp_path)))
    for record in (run(1), run(2), run(3, report=Report(guards=(FEW,)), error="Refused: too few"), run(4)):
        records.write(record)
    return tmp_path


def test_store_without_runs_names_the_next_step(tmp_path: Path) -> None:
    result = status(tmp_path)
    assert result.exit_code == 0
    assert "closetspace catalog refresh" in result.output


def test_table_is_not_truncated(store_of_runs: Path) -> None:
    result = status(store_of_runs)
    assert result.exit_code == 0
    for text in (run(3).run, "Refused: too few", "published v4", "2026-11-24 03:00"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout


def test_limit_shows_the_newest_runs(store_of_runs: Path) -> None:
    result = status(store_of_runs, "--limit", "1")
    assert re.findall(r"\w+Z-ab\d\d", result.stdout) == [run(4).run]


def test_json_has_the_records_in_one_object(store_of_runs: Path) -> None:
    result = json.loads(status(store_of_runs, "--json").stdout.splitlines()[-1])
    assert result["current"] is None
    assert [RunRecord.model_validate(record).run for record in result["runs"]] == [run(n).run for n in (4, 3, 2, 1)]
    assert result["runs"][1]["report"]["guards"][0]["bound"] == 0.85


def test_page_is_written_to_the_given_file(store_of_runs: Path, tmp_path: Path) -> None:
    file = tmp_path / "runs.html"
    assert status(store_of_runs, "--report", str(file)).exit_code == 0
    assert run(4).run in file.read_text()
    refused = status(store_of_runs, "--report", str(tmp_path / "nowhere" / "runs.html"))
    assert refused.exit_code == 1
    assert "can't be written" in refused.output
