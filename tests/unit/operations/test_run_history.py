"""Runs' records: kept, read, and told as a table, plots and a page."""

import json
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from catalog_jobs.catalog.run_records import GuardResult, Report, RunRecord, format_failures
from typer.testing import CliRunner, Result

from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.cli.app import app
from catalog_jobs.operations.run_history.report import HEIGHT, WIDTH, plot, report
from catalog_jobs.operations.run_history.series import history
from catalog_jobs.operations.run_history.telling import lines
from catalog_jobs.operations.run_history.terminal_plot import plotted
from closetspace.adapters.memory import MemoryObjects
from closetspace.bootstrap import open_store
from closetspace.errors import Incompatible, NotFound

BEGAN = datetime(2026, 11, 20, 3, tzinfo=UTC)
FEW = GuardResult(name="items", ok=False, value=0.6, bound=0.85, detail="20000 before, 12000 now")


def run(night: int, **fields: Any) -> RunRecord:
    """The run of a night, which published unless told otherwise."""
    began = BEGAN + timedelta(days=night)
    did = Report(new=night, changed_price=100 * night, published=True, version=f"v{night}", seconds=30.5 + night)
    told = {"finished": began + timedelta(minutes=1), "items": 20_000 + night, "report": did, **fields}
    return RunRecord(run=f"{began:%Y%m%dT%H%M%S}000Z-ab{night:02}", started=began, **told)


def outcomes(*records: RunRecord) -> list[tuple[bool | None, str]]:
    """Of each, given newest first, whether it is well, and what became of it."""
    return [(line.ok, line.outcome) for line in lines(records)]


class Reading(MemoryObjects):
    """A store that remembers what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def read(self, name: str) -> bytes:
        self.names.append(name)
        return super().read(name)


def test_a_record_is_read_as_it_was_written() -> None:
    records = RunRecords(MemoryObjects())
    kept = run(1, stopped={"shop": "far fewer items"}, report=Report(guards=(FEW,)), error="refused")
    records.write(run(1))
    records.write(kept)
    assert records.read(kept.run) == kept
    assert records.runs() == [kept.run]


def test_the_newest_records_come_first_and_no_others_are_read() -> None:
    store = Reading()
    records = RunRecords(store)
    for night in (3, 1, 4, 2):
        records.write(run(night))
    store.write(f"catalog/runs/{run(5).run}/plan.json", b"{}")
    assert [record.run for record in records.newest(2)] == [run(4).run, run(3).run]
    assert len(store.names) == 2


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b'{"run": "x"}', b'{"run": "x", "started": "yesterday"}'])
def test_an_unreadable_record_is_told_of_and_the_others_are_shown(
    data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    records = RunRecords(MemoryObjects())
    records.write(run(1))
    records.store.write("catalog/runs/20261201T000000000Z-bad0/record.json", data)
    told: list[str] = []
    assert records.newest(5, lambda name, _: told.append(name)) == [run(1)]
    assert told == ["20261201T000000000Z-bad0"]
    assert records.newest(5) == [run(1)]
    assert "20261201T000000000Z-bad0" in caplog.text
    with pytest.raises(Incompatible, match="20261201T000000000Z-bad0"):
        records.read(told[0])


def test_a_run_without_a_record_is_not_found() -> None:
    with pytest.raises(NotFound, match="no record of run 2026"):
        RunRecords(MemoryObjects()).read("2026")


def test_a_run_that_published_names_the_version() -> None:
    assert outcomes(run(1)) == [(True, "published v1")]


def test_a_refused_run_says_why_with_value_and_bound() -> None:
    refused = f"Refused, the index in use stays: {format_failures([FEW])}"
    assert outcomes(run(1, report=Report(guards=(FEW,)), error=refused)) == [(False, refused)]
    assert "0.6" in refused
    assert "0.85" in refused


def test_an_accepted_change_is_told() -> None:
    (line,) = lines([run(1, report=Report(guards=(FEW,), published=True, version="v1"))])
    assert line.ok
    assert line.outcome == f"published v1 although {format_failures([FEW])}"


def test_a_stopped_shop_is_told_once() -> None:
    low = GuardResult(name="yield of north", ok=False, value=0.2, bound=0.5, detail="20 of 100 items")
    record = run(
        1, stopped={"north": format_failures([low])}, report=Report(guards=(low,), published=True, version="v1")
    )
    assert outcomes(record) == [(True, f"published v1; north left as it was: {format_failures([low])}")]


def test_only_the_newest_run_without_an_end_may_still_go_on() -> None:
    assert outcomes(run(3, finished=None), run(2, finished=None), run(1)) == [
        (None, "running, or killed"),
        (False, "killed before its end"),
        (True, "published v1"),
    ]


def test_a_run_took_what_its_report_says() -> None:
    hour = run(1, report=Report(published=True, version="v", seconds=3_725.4))
    assert [line.cells[2] for line in lines([run(2, finished=None), hour, run(1)])] == ["-", "1:02:05", "31.5 s"]


def test_one_run_is_no_line() -> None:
    assert history([]) is None
    assert history([run(1)]) is None
    assert history([run(2, finished=None), run(1)]) is None


def test_items_are_those_of_published_indexes_the_earliest_first() -> None:
    refused = run(2, items=12_000, report=Report(seconds=5), error="refused")
    found = history([run(3), refused, run(1)])
    assert found
    items, changes, seconds = found.series
    assert items.values == (20_001, 20_003)
    assert changes.values == (101, 0, 303)
    assert seconds.values == (31.5, 5.0, 33.5)
    assert (found.first, found.last) == (run(1).started, run(3).started)


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_a_plot_keeps_to_its_width(width: int) -> None:
    found = history([run(night) for night in range(9)])
    assert found
    text = plotted(found, width, colour=False)
    assert max(map(len, text.splitlines())) == max(width, 40)
    assert all(name in text for name in ("items in the index", "changed items", "duration in seconds"))
    assert "20,008" in text
    assert "20 Nov 03:00" in text
    assert "\x1b" not in text
    assert "\x1b" in plotted(found, width, colour=True)


def test_runs_that_are_all_alike_can_be_plotted() -> None:
    same = {"items": 5, "report": Report(published=True, version="v", seconds=1)}
    found = history([run(1, **same), run(2, **same)])
    assert found
    assert "5" in plotted(found, 60, colour=False)
    assert {dot.y for dot in plot(found, found.series[0]).dots} == {HEIGHT / 2}


def test_plots_of_the_page_stay_in_their_field() -> None:
    found = history([run(night) for night in (1, 2, 9)])
    assert found
    for series in found.series:
        dots = plot(found, series).dots
        assert [dot.x for dot in dots] == [0, WIDTH / 8, WIDTH]
        assert dots[0].y == HEIGHT
        assert dots[-1].y == 0


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs


def test_the_page_needs_nothing_from_anywhere_and_runs_no_script() -> None:
    html = report([run(2, error="<script>alert(1)</script>", report=Report()), run(1)], "v1")
    page = Page(html)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "href") or name.startswith("on")]
    assert "://" not in html
    assert "prefers-color-scheme: dark" in html
    assert page.tags.count("svg") == 2  # one published run is no line of items
    assert page.tags.count("tr") == 3


def status(store: Path, *arguments: str, width: int = 80) -> Result:
    return CliRunner().invoke(
        app, ["catalog", "status", "--store", str(store), *arguments], env={"COLUMNS": str(width)}
    )


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A store of four runs."""
    records = RunRecords(open_store(str(tmp_path)))
    for record in (run(1), run(2), run(3, report=Report(guards=(FEW,)), error="Refused: too few"), run(4)):
        records.write(record)
    return tmp_path


def test_a_store_without_runs_says_what_to_do_next(tmp_path: Path) -> None:
    result = status(tmp_path)
    assert result.exit_code == 0
    assert "closetspace catalog refresh" in result.output


def test_the_table_cuts_nothing_off(told: Path) -> None:
    result = status(told)
    assert result.exit_code == 0
    for text in (run(3).run, "Refused: too few", "published v4", "2026-11-24 03:00", "items in the index"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout


def test_the_newest_runs_are_shown_up_to_a_limit(told: Path) -> None:
    result = status(told, "--limit", "1")
    assert re.findall(r"\w+Z-ab\d\d", result.stdout) == [run(4).run]
    assert "items in the index" not in result.stdout


def test_for_programs_the_records_come_as_one_object(told: Path) -> None:
    result = json.loads(status(told, "--json").stdout.splitlines()[-1])
    assert result["current"] is None
    assert [RunRecord.model_validate(record).run for record in result["runs"]] == [run(n).run for n in (4, 3, 2, 1)]
    assert result["runs"][1]["report"]["guards"][0]["bound"] == 0.85


def test_the_page_is_written_where_it_is_asked_for(told: Path, tmp_path: Path) -> None:
    page = tmp_path / "runs.html"
    assert status(told, "--report", str(page)).exit_code == 0
    assert run(4).run in page.read_text()
    refused = status(told, "--report", str(tmp_path / "nowhere" / "runs.html"))
    assert refused.exit_code == 1
    assert "can't be written" in refused.output
