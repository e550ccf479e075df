"""Stores whose process is killed, that damage what is written, or that others change at the same time."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from closetspace.ports import ObjectStat, ObjectStore


class Killed(BaseException):
    """The process was killed."""


class KillingStore:
    """A store whose process is killed after ``limit`` operations; every later operation raises `Killed`.

    ``counts`` decides, by the operation and the object's name, which operations count.
    """

    def __init__(
        self, store: ObjectStore, limit: int | None = None, counts: Callable[[str, str], bool] = lambda *_: True
    ) -> None:
        self._store, self._limit, self._counts = store, limit, counts
        self._lock = threading.Lock()
        self.operations = 0

    def stat(self, name: str) -> ObjectStat | None:
        self._before("stat", name)
        return self._store.stat(name)

    def read(self, name: str, *, if_generation: int | None = None) -> bytes:
        self._before("read", name)
        return self._store.read(name, if_generation=if_generation)

    def download(self, stat: ObjectStat, path: Path) -> None:
        self._before("read", stat.name)
        self._store.download(stat, path)

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        self._before("write", name)
        return self._store.write(name, data, if_generation=if_generation)

    def delete(self, name: str, *, if_generation: int | None = None) -> None:
        self._before("delete", name)
        self._store.delete(name, if_generation=if_generation)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        self._before("list", prefix)
        return self._store.list(prefix, after)

    def url(self, name: str) -> str:
        return self._store.url(name)

    def _before(self, operation: str, name: str) -> None:
        with self._lock:
            if self._limit is not None and self.operations >= self._limit:
                raise Killed(operation, name)
            self.operations += self._counts(operation, name)


def is_change(operation: str, _: str) -> bool:
    """Return whether an operation changes the store."""
    return operation in ("write", "delete")


class DamagingStore(KillingStore):
    """A store that changes the last bytes of objects whose name has a certain ending."""

    def __init__(self, store: ObjectStore, ending: str) -> None:
        super().__init__(store)
        self._ending = ending

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        content = data.read_bytes() if isinstance(data, Path) else data
        if name.endswith(self._ending):
            content = content[:-9] + bytes(byte ^ 0x55 for byte in content[-9:])
        return super().write(name, content, if_generation=if_generation)


class InterruptedStore(KillingStore):
    """A store that calls ``action`` once, before the first operation of a kind on an object with a certain ending."""

    def __init__(self, store: ObjectStore, operation: str, ending: str, action: Callable[[], object]) -> None:
        super().__init__(store)
        self._operation, self._ending, self._actions = operation, ending, [action]

    def _before(self, operation: str, name: str) -> None:
        super()._before(operation, name)
        if self._actions and operation == self._operation and name.endswith(self._ending):
            self._actions.pop()()
