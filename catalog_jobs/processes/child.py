"""A child process that never outlives its parent and whose output becomes log lines."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, TypeVar, cast

from catalog_jobs.processes.child_guard import GRACE_SECONDS
from catalog_jobs.processes.logs import Log
from closetspace.errors import ClosetspaceError

T = TypeVar("T")

_GUARD = Path(__file__).with_name("child_guard.py")
_POLL_SECONDS = 0.01


class StackError(ClosetspaceError):
    """A part of the local stack did not start, died or did not answer; the message carries its last lines."""


class Child:
    """One command, started on a leash in its own process group."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log: Log,
        handles: Sequence[int] = (),
    ) -> None:
        """``handles`` are open files, by their numbers, that the command finds open under the same."""
        self.name = name
        self._log = log
        self._last_lines: deque[str] = deque(maxlen=30)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            pass_fds=handles,
            start_new_session=True,
        )
        self._leash = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        self._reader = threading.Thread(target=self._read, name=f"{name}-log", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of the leash, which leads the group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.poll()

    @property
    def last_lines(self) -> str:
        """The end of what it printed."""
        return "\n".join(self._last_lines)

    def stop(self) -> None:
        """Ends the process and waits until it is gone."""
        self._leash.close()
        try:
            self._process.wait(GRACE_SECONDS + 1)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(1)

    def wait_for(self, probe: Callable[[], T | None], timeout: float) -> T:
        """Polls ``probe`` until it answers something.

        Raises:
            StackError: the process ended, or the time ran out.
        """
        deadline = time.monotonic() + timeout
        while (answer := probe()) is None:
            if self._process.poll() is not None:
                self._reader.join(1)
                raise StackError(f"{self.name} ended before it was ready:\n{self.last_lines}")
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} was not ready after {timeout:.0f} s:\n{self.last_lines}")
            time.sleep(_POLL_SECONDS)
        return answer

    def _read(self) -> None:
        with self._output as output:
            for raw in output:
                line = raw.decode("utf-8", "replace").rstrip()
                self._last_lines.append(line)
                self._log.write(self.name, line)
