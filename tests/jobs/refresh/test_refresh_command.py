"""``closetspace catalog refresh`` as people, a scheduler and Cloud Run use it, with the shipped encoder."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from catalog_jobs.catalog.run_records import RunRecords
from catalog_jobs.cli.app import app
from catalog_jobs.demo.drawing import draw_catalog
from closetspace.bootstrap import open_store
from closetspace.services.index_versions import IndexVersions
from tests.support.refreshed_catalog import contents
from tests.support.shop_server import Answer, Asked, ShopServer
from tests.support.waiting import HANG_SECONDS, eventually

KEYS = ["new", "changed_picture", "changed_text", "changed_price", "gone", "unchanged", "embedded", "failed"]
KEYS += ["guards", "published", "version", "seconds"]
COMMAND = [sys.executable, "-m", "catalog_jobs", "catalog", "refresh", "--json"]
ITEMS = 150


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def refresh(store: Path, *arguments: str, **env: str) -> Result:
    return CliRunner().invoke(app, ["catalog", "refresh", "--store", str(store), *arguments], env=env)


def report(result: Result) -> dict[str, Any]:
    """Return the last line of standard output, parsed."""
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def rewritten(catalog: Path, folder: Path, change: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> Path:
    """Copy a catalog and change its rows."""
    shutil.copytree(catalog, folder)
    with (folder / "products.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "products.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(change(rows))
    return folder


@pytest.fixture(scope="module")
def refreshed(drawn_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with sixty drawn products, for tests that do not change it."""
    store = tmp_path_factory.mktemp("refreshed") / "store"
    assert refresh(store, "--source", str(drawn_catalog)).exit_code == 0
    return store


@pytest.fixture
def store(refreshed: Path, tmp_path: Path) -> Path:
    shutil.copytree(refreshed, tmp_path / "store")
    return tmp_path / "store"


def in_use(store: Path) -> str | None:
    current = IndexVersions(open_store(str(store))).current()
    return current.version if current else None


def test_first_refresh_prints_its_report_as_json(drawn_catalog: Path, tmp_path: Path) -> None:
    result = refresh(tmp_path / "s", "--source", str(drawn_catalog), "--json")
    printed = report(result)
    assert result.exit_code == 0, result.output
    assert list(printed) == KEYS
    assert all(list(guard) == ["name", "ok", "value", "bound"] for guard in printed["guards"])
    assert (printed["new"], printed["embedded"], printed["failed"], printed["published"]) == (60, 60, 0, True)
    assert printed["version"] == in_use(tmp_path / "s")
    assert 0 < printed["seconds"] < 60


def test_notes_go_to_standard_error_only(store: Path, drawn_catalog: Path) -> None:
    result = refresh(store, "--source", str(drawn_catalog))
    assert (result.exit_code, result.stdout) == (0, "")
    assert "unchanged 60, embedded 0, failed 0" in result.stderr
    assert f"{in_use(store)}: 60 items, in " in result.stderr
    assert result.stderr.endswith(" s. Nothing changed, the index stays.\n")


def test_report_counts_each_kind_of_change(store: Path, drawn_catalog: Path, tmp_path: Path) -> None:
    def change(rows: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in rows[:3]:
            row["productDisplayName"] += " (new)"
        return [*rows[:-2], rows[-1] | {"id": "new-1", "productDisplayName": "Something new"}]

    after = rewritten(drawn_catalog, tmp_path / "after", change)
    pictures = {row: next((after / "images").glob(f"{row}.*")) for row in _ids(after)[3:5]}
    shutil.copy(next((drawn_catalog / "images").glob("*.jpg")), after / "images" / "new-1.jpg")
    for path in pictures.values():
        path.write_bytes(path.read_bytes() + b"another")
    printed = report(refresh(store, "--source", str(after), "--json"))
    assert {name: printed[name] for name in KEYS[:8]} == {
        "new": 1,
        "changed_picture": 2,
        "changed_text": 3,
        "changed_price": 0,
        "gone": 2,
        "unchanged": 53,
        "embedded": 6,
        "failed": 0,
    }


def _ids(folder: Path) -> list[str]:
    with (folder / "products.csv").open(newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def test_refused_refresh_reports_the_guard_and_what_to_do(store: Path, drawn_catalog: Path, tmp_path: Path) -> None:
    before = in_use(store)
    fewer = rewritten(drawn_catalog, tmp_path / "fewer", lambda rows: rows[:36])
    result = refresh(store, "--source", str(fewer), "--json")
    printed = report(result)
    assert result.exit_code == 1
    assert (printed["published"], printed["version"], printed["gone"]) == (False, before, 24)
    assert printed["guards"] == [{"name": "yield of import", "ok": False, "value": 0.6, "bound": 0.85}]
    assert "yield of import: 0.6, the bound is 0.85. 60 before, 36 now" in result.stderr
    assert f"Next: closetspace catalog status --store {store}, or --accept-change" in result.stderr
    assert in_use(store) == before
    accepted = refresh(store, "--source", str(fewer), "--json", "--accept-change", "--grace", "0")
    assert (accepted.exit_code, report(accepted)["published"]) == (0, True)
    assert RunRecords(open_store(str(store))).newest(1)[0].items == 36


def test_dry_run_creates_no_store(drawn_catalog: Path, tmp_path: Path) -> None:
    result = refresh(tmp_path / "s", "--source", str(drawn_catalog), "--dry-run", "--json", "--tasks", "2")
    printed = report(result)
    assert (result.exit_code, printed["new"], printed["embedded"], printed["published"]) == (0, 60, 60, False)
    assert "Nothing was changed" in result.stderr
    assert not (tmp_path / "s").exists()


def test_dry_run_changes_no_byte_of_a_store(store: Path, drawn_catalog: Path, tmp_path: Path) -> None:
    before = contents(open_store(str(store)))
    changed = rewritten(drawn_catalog, tmp_path / "c", lambda rows: [row | {"price": "9"} for row in rows])
    assert report(refresh(store, "--source", str(changed), "--dry-run", "--json"))["changed_price"] == 60
    assert refresh(store, "--source", str(drawn_catalog), "--dry-run").exit_code == 0
    assert contents(open_store(str(store))) == before


SHOPS = """
[shops.north]
kind = "feed"
feed = "{url}/north.tsv"
enabled = false
[shops.south]
kind = "feed"
feed = "{url}/south.tsv"
enabled = {enabled}
"""


@pytest.fixture
def web(drawn_catalog: Path) -> Iterator[ShopServer]:
    """A web server with two feeds of thirty products each."""
    pictures = [path.read_bytes() for path in sorted((drawn_catalog / "images").glob("*.jpg"))]

    def picture(asked: Asked) -> Answer:
        return Answer(pictures[int(asked.path[1:-4])], kind="image/jpeg")

    with ShopServer({f"/{number}.jpg": picture for number in range(60)}) as server:
        for shop, numbers in (("north", range(30)), ("south", range(30, 60))):
            rows = [f"{n}\tCoat {n}\t{server.url}/p/{n}\t{server.url}/{n}.jpg\t20.00 EUR\tOno" for n in numbers]
            table = "\n".join(["id\ttitle\tlink\timage_link\tprice\tbrand", *rows])
            server.routes[f"/{shop}.tsv"] = Answer(table, kind="text/tab-separated-values")
        yield server


def shops_of(web: ShopServer, tmp_path: Path, enabled: str = "true") -> str:
    path = tmp_path / "shops.toml"
    path.write_text(SHOPS.format(url=web.url, enabled=enabled))
    return str(path)


def test_shops_are_read_and_their_images_are_downloaded_once(web: ShopServer, tmp_path: Path) -> None:
    shops, store = shops_of(web, tmp_path), tmp_path / "s"
    first = refresh(store, "--shops", shops, "--json")
    assert first.exit_code == 0, first.output
    assert (report(first)["new"], report(first)["embedded"]) == (30, 30)
    assert web.times_asked("/north.tsv") == 0
    second = refresh(store, "--shop", "north", "--json", CLOSETSPACE_SHOPS=shops)
    assert (report(second)["new"], report(second)["embedded"], report(second)["unchanged"]) == (30, 30, 0)
    assert RunRecords(open_store(str(store))).newest(1)[0].items == 60
    assert [web.times_asked(f"/{number}.jpg") for number in range(60)] == [1] * 60
    web.routes["/south.tsv"] = Answer(status=404)
    third = refresh(store, "--shops", shops, "--json")
    assert third.exit_code == 1
    assert report(third)["guards"][0]["name"] == "reading of south"
    assert "south was not updated" in third.stderr


def test_feed_url_is_a_source(web: ShopServer, tmp_path: Path) -> None:
    result = refresh(tmp_path / "s", "--source", f"{web.url}/north.tsv", "--json")
    assert (result.exit_code, report(result)["embedded"]) == (0, 30)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--shop", "east"], "has no shop east: it has north, south"),
        (["--shop", "south", "--source", "."], "--shop or --source, not both"),
        ([], "No shop is enabled"),
    ],
)
def test_unknown_or_disabled_shop_raises_an_error_that_says_what_to_do(
    web: ShopServer, tmp_path: Path, arguments: list[str], words: str
) -> None:
    result = refresh(tmp_path / "s", "--shops", shops_of(web, tmp_path, enabled="false"), *arguments)
    assert result.exit_code == 1
    assert words in result.stderr
    assert not (tmp_path / "s").exists()
    assert web.asked == []


def test_missing_or_invalid_shops_file_is_refused(tmp_path: Path) -> None:
    assert "name the file that configures shops" in refresh(tmp_path, "--shops", str(tmp_path / "none")).stderr
    (tmp_path / "shops.toml").write_text("[shops")
    assert "can't be read as TOML" in refresh(tmp_path, "--shops", str(tmp_path / "shops.toml")).stderr


def test_source_that_is_neither_folder_nor_feed_is_refused(tmp_path: Path) -> None:
    result = refresh(tmp_path / "s", "--source", str(tmp_path / "none"))
    assert result.exit_code == 1
    assert "is neither a folder nor a feed" in result.stderr
    (tmp_path / "empty").mkdir()
    result = refresh(tmp_path / "s", "--source", str(tmp_path / "empty"), "--json")
    assert (result.exit_code, report(result)["published"]) == (1, False)
    assert "is not a catalog: it needs products.csv and images/" in result.stderr


@pytest.mark.parametrize("arguments", [["--tasks", "0"], ["--tasks", "65"], ["--grace", "-1"], ["--no-such-option"]])
def test_invalid_options_exit_with_usage_error(tmp_path: Path, arguments: list[str]) -> None:
    assert refresh(tmp_path / "s", "--source", "x", *arguments).exit_code == 2
    assert CliRunner().invoke(app, ["catalog", "refresh"]).exit_code == 2


@pytest.mark.parametrize(
    "env",
    [
        {"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_COUNT": "2"},
        {"CLOUD_RUN_TASK_INDEX": "2", "CLOUD_RUN_TASK_COUNT": "2", "CLOUD_RUN_EXECUTION": "x"},
        {"CLOUD_RUN_TASK_INDEX": "-1", "CLOUD_RUN_TASK_COUNT": "2", "CLOUD_RUN_EXECUTION": "x"},
        {"CLOUD_RUN_TASK_INDEX": "one", "CLOUD_RUN_TASK_COUNT": "2", "CLOUD_RUN_EXECUTION": "x"},
        {"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_EXECUTION": "x"},
    ],
)
def test_task_with_incomplete_environment_is_refused(tmp_path: Path, env: dict[str, str]) -> None:
    result = refresh(tmp_path / "s", "--source", str(tmp_path), **env)
    assert result.exit_code == 1
    assert "A task needs CLOUD_RUN_TASK_INDEX" in result.stderr


def test_tasks_option_is_refused_in_cloud_run(tmp_path: Path) -> None:
    result = refresh(tmp_path / "s", "--source", str(tmp_path), "--tasks", "2", CLOUD_RUN_TASK_INDEX="0")
    assert result.exit_code == 1
    assert "leave --tasks out" in result.stderr


@pytest.fixture(scope="module")
def larger_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("larger")
    draw_catalog(folder, items=ITEMS)
    return folder


class Process:
    """The command in a separate process."""

    def __init__(self, store: Path, source: Path, *arguments: str, **env: str) -> None:
        self.store = store
        self._process = subprocess.Popen(
            [*COMMAND, "--store", str(store), "--source", str(source), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | env,
        )

    def kill_once(self, what: Callable[[], Any]) -> None:
        """Kill the process, but none that it started, as soon as a condition holds."""
        eventually(lambda: what() or self._process.poll() is not None)
        assert self._process.poll() is None, self._process.communicate()
        self._process.kill()
        self._process.communicate()

    def end(self) -> tuple[int, dict[str, Any], str]:
        """Wait for the end, and return the exit status, the report and standard error."""
        out, err = self._process.communicate(timeout=HANG_SECONDS)
        return self._process.returncode, json.loads(out.splitlines()[-1]) if out else {}, err


def parts(store: Path) -> list[Path]:
    return list(store.glob("catalog/vectors/*/*.keys.parquet"))


def kept_keys(store: Path) -> list[str]:
    return [key for part in parts(store) for key in pq.read_table(part)["content_key"].to_pylist()]


def processes(store: Path) -> dict[int, str]:
    """Return the command lines of all refreshes of a store, by process id."""
    found = subprocess.run(["pgrep", "-af", f"catalog refresh.*{store}"], capture_output=True, text=True)
    return {int(line.partition(" ")[0]): line for line in found.stdout.splitlines()}


def test_tasks_share_the_work_and_leave_no_process(larger_catalog: Path, tmp_path: Path) -> None:
    status, printed, error = Process(tmp_path, larger_catalog, "--tasks", "2").end()
    assert (status, printed["embedded"], printed["published"]) == (0, ITEMS, True), error
    assert len(kept_keys(tmp_path)) == len(set(kept_keys(tmp_path)))
    assert processes(tmp_path) == {}


@pytest.mark.parametrize("tasks", ["1", "2"])
def test_refresh_that_is_killed_repeatedly_continues_where_it_stopped(
    larger_catalog: Path, tmp_path: Path, tasks: str
) -> None:
    moments: list[Callable[[], Any]] = [
        lambda: list(tmp_path.glob("catalog/work/*/start.json")),
        lambda: list(tmp_path.glob("catalog/work/*/plan.json")),
        lambda: len(parts(tmp_path)) >= 2,
        lambda: len(kept_keys(tmp_path)) >= ITEMS // 2,
    ]
    for moment in moments:
        Process(tmp_path, larger_catalog, "--tasks", tasks).kill_once(moment)
        eventually(lambda: processes(tmp_path) == {}, "every process has ended")
        assert in_use(tmp_path) is None
    kept = set(kept_keys(tmp_path))
    status, printed, error = Process(tmp_path, larger_catalog, "--tasks", tasks).end()
    assert (status, printed["published"], printed["new"]) == (0, True, ITEMS), error
    assert printed["embedded"] == ITEMS - len(kept)
    assert len(kept_keys(tmp_path)) == len(set(kept_keys(tmp_path))) == ITEMS
    assert printed["version"] == in_use(tmp_path)
    assert processes(tmp_path) == {}


def test_killed_task_fails_the_command_and_the_next_run_finishes(larger_catalog: Path, tmp_path: Path) -> None:
    running = Process(tmp_path, larger_catalog, "--tasks", "2")

    def task() -> int | None:
        ours = {pid: line for pid, line in processes(tmp_path).items() if "child_guard.py" not in line}
        return max((pid for pid, line in ours.items() if "--json" not in line), default=None)

    os.kill(eventually(task, "the other task"), signal.SIGKILL)
    status, printed, error = running.end()
    assert (status, printed["published"]) == (1, False)
    assert "task 1 has failed" in error
    assert "Run the refresh again: it continues where it stopped" in error
    assert processes(tmp_path) == {}
    status, printed, error = Process(tmp_path, larger_catalog, "--tasks", "2").end()
    assert (status, printed["published"], printed["new"]) == (0, True, ITEMS), error
    assert len(kept_keys(tmp_path)) == len(set(kept_keys(tmp_path))) == ITEMS


def test_cloud_run_tasks_share_the_store_and_continue_after_a_restart(larger_catalog: Path, tmp_path: Path) -> None:
    def start(number: int) -> Process:
        environment = {
            "CLOUD_RUN_EXECUTION": "nightly-1",
            "CLOUD_RUN_TASK_COUNT": "2",
            "CLOUD_RUN_TASK_INDEX": str(number),
        }
        return Process(tmp_path, larger_catalog, **environment)

    first, second = start(0), start(1)
    second.kill_once(lambda: list(tmp_path.glob("catalog/work/nightly-1/plan.json")))
    status, printed, error = start(1).end()
    assert (status, printed) == (0, {}), error
    status, printed, error = first.end()
    assert (status, printed["published"], printed["new"]) == (0, True, ITEMS), error
    assert len(kept_keys(tmp_path)) == len(set(kept_keys(tmp_path))) == ITEMS
    status, again, error = start(1).end()
    assert (status, again) == (0, {}), error
