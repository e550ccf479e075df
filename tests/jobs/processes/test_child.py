"""Child processes: their output, and that none outlives its parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from catalog_jobs.processes.child import Child, ChildFailed
from catalog_jobs.processes.logs import Log
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS, eventually

SLEEP = "import time; print('begins', flush=True); time.sleep(600)"
IGNORES_TERMINATION = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEP}"
PARENT = """
import os, sys
from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log

child = Child("child", [sys.executable, "-c", sys.argv[1]], environment=os.environ, log=Log(None), grace=0.1)
child.wait_for(lambda: child.last_lines or None, 300)
print(child.pid, flush=True)
child.wait(600)
"""


def child_of(code: str, log: Log | None = None, grace: float = 0.1) -> Child:
    return Child("child", [sys.executable, "-c", code], environment=os.environ, log=log or Log(None), grace=grace)


def has_begun(child: Child) -> None:
    child.wait_for(lambda: child.last_lines or None, HANG_SECONDS)


def members(group: int) -> list[str]:
    """Return the process ids of a process group."""
    listed = subprocess.run(["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [pid for pid, its_group, state in rows if int(its_group) == group and not state.startswith("Z")]


def test_output_becomes_log_lines_with_the_childs_name() -> None:
    lines: list[str] = []
    child = child_of("import sys; print('one'); print('two', file=sys.stderr)", Log(lines.append))
    assert child.wait(HANG_SECONDS)
    assert [line[10:] for line in lines] == ["child      one", "child      two"]
    assert (child.exit_status, child.last_lines) == (0, "one\ntwo")


def test_filtered_log_drops_lines(tmp_path: Path) -> None:
    log = Log(tmp_path / "new" / "log")
    log.filtered(lambda line: line != "noise").write("child", "noise")
    log.write("child", "text")
    assert (tmp_path / "new" / "log").read_text()[10:] == "child      text\n"


def test_wait_for_returns_the_first_result() -> None:
    child, results = child_of(SLEEP), iter([None, None, 3])
    assert child.wait_for(lambda: next(results), HANG_SECONDS) == 3
    child.stop()


def test_wait_for_a_child_that_ends_raises_its_last_lines() -> None:
    with pytest.raises(ChildFailed, match=r"child ended before it was ready:\nno such setting"):
        child_of("print('no such setting')").wait_for(lambda: None, HANG_SECONDS)


def test_wait_for_raises_after_the_timeout() -> None:
    child = child_of(SLEEP)
    with pytest.raises(ChildFailed, match="was not ready after 0 s"):
        child.wait_for(lambda: None, 0)
    child.stop()


@pytest.mark.parametrize("code", [SLEEP, IGNORES_TERMINATION], ids=["obeys", "ignores SIGTERM"])
def test_stop_ends_the_whole_process_group(code: str) -> None:
    child = child_of(code)
    has_begun(child)
    assert len(members(child.pid)) == 2
    child.stop()
    assert members(child.pid) == []
    child.stop()


def test_stop_lets_the_child_finish_within_the_grace_period() -> None:
    finish = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (print('finished'), sys.exit(7)))"
    child = child_of(f"{finish}\n{SLEEP}", grace=HANG_SECONDS)
    has_begun(child)
    child.stop()
    assert (child.exit_status, child.last_lines) == (7, "begins\nfinished")


def test_ctrl_c_reaches_the_parent_only() -> None:
    child = child_of(SLEEP)
    has_begun(child)
    os.killpg(child.pid, signal.SIGINT)
    assert not child.wait(0.1)
    child.stop()


@pytest.mark.parametrize("code", [SLEEP, IGNORES_TERMINATION], ids=["obeys", "ignores SIGTERM"])
def test_child_ends_if_its_parent_is_killed(code: str) -> None:
    path = os.pathsep.join([str(REPOSITORY / "shared"), str(REPOSITORY)])
    command = [sys.executable, "-c", PARENT, code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}) as parent:
        try:
            assert parent.stdout is not None
            group = int(parent.stdout.readline())
            assert len(members(group)) == 2
        finally:
            parent.kill()
    eventually(lambda: members(group) == [], "the child to end")
