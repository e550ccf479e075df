"""Log lines for people: ``HH:MM:SS  source     text``."""

import threading
from collections.abc import Callable
from copy import copy
from datetime import datetime
from pathlib import Path

Sink = Callable[[str], None]


class Log:
    """Adds time and source to lines and appends them to a file, passes them to a function, or drops them."""

    def __init__(self, sink: Sink | Path | None) -> None:
        self._sink = _append_to(sink) if isinstance(sink, Path) else sink
        self._keep: Callable[[str], bool] = lambda _: True
        self._lock = threading.Lock()

    def filtered(self, keep: Callable[[str], bool]) -> "Log":
        """Return a log with the same sink that drops the lines for which ``keep`` returns False."""
        other = copy(self)
        other._keep = keep
        return other

    def write(self, source: str, text: str) -> None:
        """Write one line; ``source`` is the name of a process."""
        if self._sink is None or not self._keep(text):
            return
        with self._lock:
            self._sink(f"{datetime.now():%H:%M:%S}  {source:<9}  {text}")


def _append_to(path: Path) -> Sink:
    path.parent.mkdir(parents=True, exist_ok=True)

    def append(line: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return append
