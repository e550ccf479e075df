"""Log lines that a person can read: ``HH:MM:SS  functions  text``."""

import re
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

Sink = Callable[[str], None]

# What fireemu prints that tells a reader nothing: its banner (indented), Node's stack traces of the bridge
# (the Python process has logged the real one), and that the bridge does without the Node Functions SDK.
_NOISE = re.compile(
    r"^(\s|fireemu up$|Require stack:|- |shutting down|"
    r"\[functions:\w+\] (stopped$|runner exited|warn cannot inspect firebase-functions))"
)


class Log:
    """Stamps lines and hands them to a file, a callable or nobody."""

    def __init__(self, sink: Sink | Path | None) -> None:
        self._sink = _append_to(sink) if isinstance(sink, Path) else sink
        self._lock = threading.Lock()

    def write(self, source: str, text: str) -> None:
        """Writes one line; ``source`` is ``functions`` or ``firebase``."""
        if self._sink is None or (source == "firebase" and _NOISE.match(text)):
            return
        with self._lock:
            self._sink(f"{datetime.now():%H:%M:%S}  {source:<9}  {text}")


def _append_to(path: Path) -> Sink:
    path.parent.mkdir(parents=True, exist_ok=True)

    def append(line: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return append
