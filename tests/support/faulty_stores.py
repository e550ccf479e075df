"""Stores that a process dies over, that do not keep what they are given, and that others meddle with."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from closetspace.ports import ObjectStat, ObjectStore


class Killed(BaseException):
    """The process is no more."""


class Mortal:
    """A store whose process dies once it has done ``last`` operations, and does nothing from then on.

    ``counted`` says which operations count, by their name and the object's.
    """

    def __init__(
        self, store: ObjectStore, last: int | None = None, counted: Callable[[str, str], bool] = lambda *_: True
    ) -> None:
        self._store, self._last, self._counted = store, last, counted
        self._lock = threading.Lock()
        self.operations = 0

    def stat(self, name: str) -> ObjectStat | None:
        self._count("stat", name)
        return self._store.stat(name)

    def read(self, name: str) -> bytes:
        self._count("read", name)
        return self._store.read(name)

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        self._count("write", name)
        return self._store.write(name, data, if_generation=if_generation)

    def delete(self, name: str, *, if_generation: int | None = None) -> None:
        self._count("delete", name)
        self._store.delete(name, if_generation=if_generation)

    def list(self, prefix: str) -> Iterator[ObjectStat]:
        self._count("list", prefix)
        return self._store.list(prefix)

    def url(self, name: str) -> str:
        return self._store.url(name)

    def _count(self, operation: str, name: str) -> None:
        with self._lock:
            if self._last is not None and self.operations >= self._last:
                raise Killed(operation, name)
            self.operations += self._counted(operation, name)


def changes(operation: str, _: str) -> bool:
    """Whether an operation changes the store."""
    return operation in ("write", "delete")


class Damaging(Mortal):
    """A store that changes what is written to objects whose name ends in a certain way."""

    def __init__(self, store: ObjectStore, ending: str) -> None:
        super().__init__(store)
        self._ending = ending

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        content = data.read_bytes() if isinstance(data, Path) else data
        if name.endswith(self._ending):
            content = content[:-9] + bytes(byte ^ 0x55 for byte in content[-9:])
        return super().write(name, content, if_generation=if_generation)


class Meddled(Mortal):
    """A store where something else happens once, right before an operation on an object whose name ends in a certain
    way."""

    def __init__(self, store: ObjectStore, operation: str, ending: str, then: Callable[[], object]) -> None:
        super().__init__(store)
        self._when, self._then = (operation, ending), [then]

    def _count(self, operation: str, name: str) -> None:
        super()._count(operation, name)
        if self._then and operation == self._when[0] and name.endswith(self._when[1]):
            self._then.pop()()
