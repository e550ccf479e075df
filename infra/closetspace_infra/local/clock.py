"""Moves the local Firebase's clock along with real time.

Retries and schedules there run on a virtual clock that stands still until it is told to move.
"""

import threading
import time

import httpx

from closetspace_infra.local.control import Control

TICK_SECONDS = 1.0


class Ticker:
    """Advances the virtual clock by the real time passed, about once a second."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and waits for it."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stopped.wait(TICK_SECONDS):
            now = time.monotonic()
            try:
                self._control.advance_clock(now - last)
            except httpx.HTTPError:
                continue  # busy or being reset: the next tick makes up for this one
            last = now
