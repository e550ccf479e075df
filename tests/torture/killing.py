"""Kills the process that serves the functions, as running out of memory would."""

import os
import signal
from pathlib import Path

from closetspace_infra.local.functions import GROUP_PATH
from tests.support.journey import Journey


class Killer:
    """Knows the process group of the functions, whose leader guards gunicorn; its children are the workers."""

    def __init__(self, journey: Journey) -> None:
        self._group = int(journey.http.get(f"http://{journey.stack.addresses.functions}{GROUP_PATH}").text)
        self.kills = 0

    def kill(self) -> None:
        """Kill every process that serves requests right now; there is none while the next one starts."""
        for master in _children(self._group):
            for worker in _children(master):
                os.kill(worker, signal.SIGKILL)
                self.kills += 1


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
