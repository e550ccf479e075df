"""Long jobs beside a running system: many small pieces of work, a few at a time and not too fast."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from closetspace.errors import Transient

log = logging.getLogger(__name__)

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.5
"""Doubled with each attempt: a fault of less than 7 seconds costs no piece of work."""


@dataclass
class ThrottledPool:
    """At most ``per_second`` pieces of work are begun a second, ``workers`` of them at once."""

    per_second: float
    workers: int
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def each(self, names: Iterable[str], work: Callable[[str], object]) -> Iterator[bool]:
        """Do the work for every name, read no further ahead than needed; tells of each, as it ends, whether it did."""
        waiting = iter(names)
        with ThreadPoolExecutor(self.workers) as pool:
            while batch := list(islice(waiting, 4 * self.workers)):
                yield from pool.map(lambda name: self._attempt(name, work), batch)

    def _attempt(self, name: str, work: Callable[[str], object]) -> bool:
        try:
            self._persist(name, work)
        except Exception:
            # One piece's fault must not end the others' work; whoever asked for it counts.
            log.exception("%s could not be done", name)
            return False
        return True

    def _persist(self, name: str, work: Callable[[str], object]) -> None:
        for attempt in range(ATTEMPTS):
            self._wait_for_turn()
            try:
                work(name)
                return
            except Transient as error:
                if attempt == ATTEMPTS - 1:
                    raise
                log.warning("%s is tried again: %s", name, error)
                self.sleep(FIRST_PAUSE_SECONDS * 2**attempt)

    def _wait_for_turn(self) -> None:
        with self._lock:
            now = self.clock()
            turn = max(now, self._next)
            self._next = turn + 1 / self.per_second
        self.sleep(turn - now)
