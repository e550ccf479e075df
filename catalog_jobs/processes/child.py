"""Child processes that never outlive their parent and whose output becomes log lines."""

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

from catalog_jobs.processes.logs import Log
from closetspace.errors import ClosetspaceError

T = TypeVar("T")

_GUARD = Path(__file__).with_name("child_guard.py")
_GRACE_SECONDS = 30.0
"""For a child to finish what it has begun when it is stopped."""
_POLL_SECONDS = 0.01
_KEPT_LINES = 30


class ChildFailed(ClosetspaceError):
    """A child process ended or did not get ready; the message has its last lines."""


class Child:
    """One command in a process group of its own, under a guard that ends it with this process.

    Its standard input is empty; standard output and standard error go to the log.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Log,
        folder: Path | None = None,
        handles: Sequence[int] = (),
        grace: float = _GRACE_SECONDS,
    ) -> None:
        """Start the command.

        Args:
            folder: the working directory; this process's if None.
            handles: file descriptors that the command inherits under the same numbers.
            grace: seconds from the request to terminate until the process group is killed.
        """
        self.name = name
        self._log, self._grace = log, grace
        self._last_lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARD), str(grace), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dict(environment),
            pass_fds=handles,
            start_new_session=True,
        )
        self._lifeline = cast(IO[bytes], self._process.stdin)
        self._output = cast(IO[bytes], self._process.stdout)
        self._reader = threading.Thread(target=self._read, name=f"{name}-log", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The process id of the guard, which leads the process group."""
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """The command's exit status; None while it runs."""
        return self._process.poll()

    @property
    def last_lines(self) -> str:
        """The last lines of the output so far."""
        return "\n".join(self._last_lines)

    def stop(self) -> None:
        """Terminate the command and wait until it has ended; does nothing if it has."""
        self._lifeline.close()
        try:
            self._process.wait(self._grace + 5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._reader.join(1)

    def wait(self, seconds: float) -> bool:
        """Wait for the command to end, at most that long; return whether it has ended."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(1)
        return True

    def wait_for(self, probe: Callable[[], T | None], seconds: float) -> T:
        """Return the first result of ``probe`` that is not None.

        Raises `ChildFailed` if the command ends before, or after ``seconds``.
        """
        deadline = time.monotonic() + seconds
        while (answer := probe()) is None:
            if self.wait(_POLL_SECONDS):
                raise ChildFailed(f"{self.name} ended before it was ready:\n{self.last_lines}")
            if time.monotonic() > deadline:
                raise ChildFailed(f"{self.name} was not ready after {seconds:.0f} s:\n{self.last_lines}")
        return answer

    def _read(self) -> None:
        with self._output as output:
            for raw in output:
                line = raw.decode("utf-8", "replace").rstrip()
                self._last_lines.append(line)
                self._log.write(self.name, line)
