"""Turns: one at a time of a kind of work for each person, and a limited number for all."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """Lets one thread at a time work for a key, and ``most`` threads in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._working: set[str] = set()
        self._changed = Condition()

    @contextmanager
    def of(self, key: str) -> Iterator[None]:
        """Wait until no other thread works for the key and fewer than ``most`` do in all; work inside of ``with``."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._working and len(self._working) < self._most)
            self._working.add(key)
        try:
            yield
        finally:
            with self._changed:
                self._working.remove(key)
                self._changed.notify_all()
