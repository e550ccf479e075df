"""Work beside a running system: limited in its rate and in its concurrency."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from closetspace.domain.retry import retry
from closetspace.errors import Transient

log = logging.getLogger(__name__)

ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.5
"""Doubled for each attempt, 7.5 s in all: shorter faults fail no piece of work."""


@dataclass
class RateLimiter:
    """Keeps calls at least ``interval`` seconds apart, whichever threads make them."""

    interval: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = field(default=0.0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def wait(self) -> None:
        """Wait for the next turn."""
        with self._lock:
            now = self.clock()
            turn = max(now, self._next)
            self._next = turn + self.interval
        if turn > now:
            self.sleep(turn - now)


@dataclass(frozen=True)
class ThrottledPool:
    """Runs pieces of work in ``workers`` threads, at the rate that ``limiter`` allows."""

    limiter: RateLimiter
    workers: int

    def each(self, names: Iterable[str], work: Callable[[str], object]) -> Iterator[bool]:
        """Do the work for every name and yield whether it succeeded. ``names`` is read as far as needed."""
        remaining = iter(names)
        with ThreadPoolExecutor(self.workers) as pool:
            while batch := list(islice(remaining, 4 * self.workers)):
                yield from pool.map(lambda name: self._succeeds(name, work), batch)

    def _succeeds(self, name: str, work: Callable[[str], object]) -> bool:
        try:
            retry(
                lambda: self._attempt(name, work),
                attempts=ATTEMPTS,
                first_pause=FIRST_PAUSE_SECONDS,
                sleep=self.limiter.sleep,
            )
        except Exception:
            # A failure must not end the work for the other names; the caller counts it.
            log.exception("%s failed", name)
            return False
        return True

    def _attempt(self, name: str, work: Callable[[str], object]) -> None:
        self.limiter.wait()
        try:
            work(name)
        except Transient as error:
            log.warning("%s failed for now: %s", name, error)
            raise
