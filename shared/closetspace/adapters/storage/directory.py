"""Objects in a folder, for machines without a cloud."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from closetspace.errors import Conflict, InvalidInput, NotFound
from closetspace.ports import ObjectStat

LOCK = ".lock"


class DirectoryObjects:
    """`closetspace.ports.StreamedObjectStore` over the files of a folder, which the first write creates."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def stat(self, name: str) -> ObjectStat | None:
        path = self._path(name)
        return self._stat(path) if path.is_file() else None

    def read(self, name: str, *, if_generation: int | None = None) -> bytes:
        path = self._path(name)
        try:
            # A replaced file stays as it was for those who have opened it.
            with path.open("rb") as file:
                if if_generation not in (None, _object_stat(name, os.fstat(file.fileno())).generation):
                    raise Conflict(f"{name} does not have generation {if_generation}")
                return file.read()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as exc:
            raise NotFound(f"There is no object {name} in {self._root}.") from exc

    def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
        with self._unfinished(name) as file:
            if isinstance(data, Path):
                with data.open("rb") as source:
                    shutil.copyfileobj(source, file)
            else:
                file.write(data)
            return self._replace(name, file, if_generation)

    @contextmanager
    def open_write(self, name: str) -> Iterator[IO[bytes]]:
        with self._unfinished(name) as file:
            yield file
            self._replace(name, file)

    def delete(self, name: str, *, if_generation: int | None = None) -> None:
        path = self._path(name)
        if not self._root.exists():
            return
        with self._locked():
            current = self.stat(name)
            if current and if_generation in (None, current.generation):
                path.unlink()

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        folder = self._path(prefix.rpartition("/")[0] or ".")
        for name in sorted(name for name in self._names(folder) if name.startswith(prefix) and name > after):
            # Without pathlib, which takes most of the time of a listing.
            try:
                yield _object_stat(name, os.stat(f"{self._root}/{name}"))
            except FileNotFoundError:  # another process has deleted the file
                continue

    def _names(self, folder: Path) -> Iterator[str]:
        start = len(f"{self._root}/")
        for directory, _, files in os.walk(folder):
            # Names with a dot at the beginning are the lock and unfinished writes.
            yield from (f"{directory}/{file}"[start:] for file in files if not file.startswith("."))

    def url(self, name: str) -> str:
        return self._path(name).as_uri()

    def _path(self, name: str) -> Path:
        path = (self._root / name).resolve()
        if not path.is_relative_to(self._root):
            raise InvalidInput("object_name_invalid", f"{name} is outside of the store.")
        return path

    def _stat(self, path: Path) -> ObjectStat:
        return _object_stat(path.relative_to(self._root).as_posix(), path.stat())

    @contextmanager
    def _unfinished(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file beside the object that `_replace` turns into the object; without that, it is deleted."""
        folder = self._path(name).parent
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", delete=False) as file:
            try:
                yield file
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _replace(self, name: str, file: IO[bytes], if_generation: int | None = None) -> ObjectStat:
        """Rename a file, so that readers see the old object or the new one, even after a crash.

        Writers wait for each other at the rename only, not while the disk writes.
        """
        # A temporary file is readable by its owner only, an object by everyone who may read the folder.
        os.fchmod(file.fileno(), 0o644)
        file.flush()
        os.fsync(file.fileno())
        with self._locked():
            current = self.stat(name)
            generation = current.generation if current else 0
            if if_generation not in (None, generation):
                raise Conflict(f"{name} does not have generation {if_generation}")
            # Clocks of file systems are coarse, and this file may have waited for the one that it replaces.
            if os.fstat(file.fileno()).st_mtime_ns <= generation:
                os.utime(file.fileno(), ns=(generation + 1, generation + 1))
            Path(file.name).replace(self._path(name))
        return _object_stat(name, os.fstat(file.fileno()))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._root / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _object_stat(name: str, facts: os.stat_result) -> ObjectStat:
    return ObjectStat(
        name=name,
        size=facts.st_size,
        fingerprint=f"{facts.st_mtime_ns}-{facts.st_size}",
        generation=facts.st_mtime_ns,
        created=datetime.fromtimestamp(facts.st_mtime, UTC),
    )
