"""The demo as a command: its report, its exit status, and that no process is left."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from catalog_jobs.demo.drawing import draw_wardrobe
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS, eventually

CLOSETSPACE = [sys.executable, "-c", "from catalog_jobs.cli.app import app; app()"]


@pytest.fixture
def demo(installed: None, drawn_catalog: Path, tmp_path: Path) -> list[str]:
    draw_wardrobe(tmp_path / "wardrobe", photos=3)
    return [*CLOSETSPACE, "demo", "--catalog", str(drawn_catalog), "--photos", str(tmp_path / "wardrobe")]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY / "shared"), str(REPOSITORY)])}


def processes_of(mark: int) -> list[str]:
    """Return the command lines of the processes that a demo has started, by an environment variable."""
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"CLOSETSPACE_TEST={mark}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                processes.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return processes


def test_once_prints_its_report_in_the_last_line(demo: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [*demo, "--once", "--json"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
    )
    report = json.loads(done.stdout.splitlines()[-1])
    assert set(report) == {"stack", "catalog", "wardrobe", "recommendations", "timings_ms"}
    assert report["stack"]["ready_ms"] > 0
    assert (report["catalog"]["items"], bool(report["catalog"]["index_version"])) == (60, True)
    assert [photo["status"] for photo in report["wardrobe"]] == ["ready"] * 3
    assert set(report["recommendations"][0]) == {"id", "name", "brand", "src", "category", "score", "because"}
    assert set(report["timings_ms"]) == {"photo_to_ready_p50", "recommend_first", "recommend_p50"}


@pytest.mark.parametrize("good", [True, False], ids=["some photos", "all photos"])
def test_photo_that_fails_fails_the_demo(demo: list[str], tmp_path: Path, good: bool) -> None:
    wardrobe = tmp_path / "wardrobe"
    if not good:
        shutil.rmtree(wardrobe)
        wardrobe.mkdir()
    (wardrobe / "zz-broken.jpg").write_text("no photo")
    (wardrobe / "zz-huge.jpg").write_bytes(b"x" * 20_000_001)
    (wardrobe / "wardrobe.csv").write_text("of another kind\n1\n")
    done = subprocess.run(
        [*demo, "--once", "--json"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert [photo["status"] for photo in report["wardrobe"]][-2:] == ["failed", "failed"]
    assert all(photo["error"]["message"] for photo in report["wardrobe"][-2:])
    assert bool(report["recommendations"]) is good
    assert set(report["timings_ms"]) == {"photo_to_ready_p50", "recommend_first", "recommend_p50"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_app_is_served_until_the_demo_ends_and_no_process_is_left(
    demo: list[str], app_installed: None, tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    mark = os.getpid()
    with subprocess.Popen(
        demo,
        cwd=tmp_path,
        env=environment() | {"CLOSETSPACE_TEST": str(mark), "TMPDIR": str(tmp_path)},  # killed, it leaves its folders
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            address = next(m[0] for line in process.stderr if (m := re.search(r"http://127\.0\.0\.1:\d+/", line)))
            served = httpx.get(address, timeout=HANG_SECONDS)
            assert (served.status_code, served.headers["Content-Type"]) == (200, "text/html")
            assert len(processes_of(mark)) > 3
            process.send_signal(sent)
            assert process.wait(HANG_SECONDS) == status
        finally:
            process.kill()
    eventually(lambda: processes_of(mark) == [], "every process to end")
