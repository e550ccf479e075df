"""A command that runs again and again beside the stack, as a scheduler would start it."""

import threading
from collections.abc import Mapping, Sequence

from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log


class Recurring:
    """Starts a command at once and then every so many seconds, never while it still runs.

    What it prints becomes log lines; it ends with whoever holds this, however that ends.
    """

    def __init__(
        self, name: str, command: Sequence[str], seconds: float, environment: Mapping[str, str], log: Log
    ) -> None:
        self._name, self._command, self._seconds = name, command, seconds
        self._environment, self._log = environment, log
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=f"{name}-every", daemon=True)

    def __enter__(self) -> "Recurring":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _repeat(self) -> None:
        while not self._stopped.is_set():
            child = Child(self._name, self._command, environment=self._environment, log=self._log)
            self._stopped.wait(self._seconds)
            while child.exit_status is None and not self._stopped.is_set():
                self._log.write(self._name, "the last one has not ended yet: the next one waits")
                self._stopped.wait(self._seconds)
            child.stop()
