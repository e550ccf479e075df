"""Waiting for what must happen, however slow the machine is."""

import time
from collections.abc import Callable
from typing import Any

HANG_SECONDS = 600.0
"""Only a hang takes this long: no test may fail because a machine is busy."""


def eventually(look: Callable[[], Any], what: str = "it") -> Any:
    """Return what ``look`` returns once that is true."""
    deadline = time.monotonic() + HANG_SECONDS
    while not (seen := look()):
        assert time.monotonic() < deadline, f"waited {HANG_SECONDS:.0f} s in vain for {what}"
        time.sleep(0.02)
    return seen
