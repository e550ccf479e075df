"""Objects in a folder, for machines without a cloud."""

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import IO

from closetspace.errors import Conflict, InvalidInput, NotFound
from closetspace.ports import ObjectStat

LOCK = ".lock"


class DirectoryObjects:
    """`closetspace.ports.StreamedObjectStore` over the files of a folder, which the first write creates.

    A refresh writes three files for each new item, so this calls `os` and not `pathlib`, which takes most of the time.
    """

    def __init__(self, root: Path) -> None:
        self._root = str(root.resolve())

    def stat(self, name: str) -> ObjectStat | None:
        try:
            facts = os.stat(self._path(name))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return _object_stat(name, facts) if S_ISREG(facts.st_mode) else None

    def read(self, name: str, *, if_generation: int | None = None) -> bytes:
        try:
            # A replaced file stays as it was for those who have opened it.
            with open(self._path(name), "rb") as file:
                if if_generation not in (None, _object_stat(name, os.fstat(file.fileno())).generation):
                    raise Conflict(f"{name} does not have generation {if_generation}")
                return file.read()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as exc:
            raise NotFound(f"There is no object {name} in {self._root}.") from exc

    def download(self, stat: ObjectStat, path: Path) -> None:
        try:
            shutil.copyfile(self._path(stat.name), path)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as exc:
            raise NotFound(f"There is no object {stat.name} in {self._root}.") from exc

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
        if not os.path.exists(self._root):
            return
        with self._locked():
            current = self.stat(name)
            if current and if_generation in (None, current.generation):
                os.unlink(path)

    def list(self, prefix: str, after: str = "") -> Iterator[ObjectStat]:
        folder = self._path(prefix.rpartition("/")[0] or ".")
        for name in sorted(name for name in self._names(folder) if name.startswith(prefix) and name > after):
            try:
                yield _object_stat(name, os.stat(f"{self._root}/{name}"))
            except FileNotFoundError:  # another process has deleted the file
                continue

    def _names(self, folder: str) -> Iterator[str]:
        start = len(f"{self._root}/")
        for directory, _, files in os.walk(folder):
            # Names with a dot at the beginning are the lock and unfinished writes.
            yield from (f"{directory}/{file}"[start:] for file in files if not file.startswith("."))

    def url(self, name: str) -> str:
        return Path(self._path(name)).as_uri()

    def _path(self, name: str) -> str:
        path = os.path.normpath(os.path.join(self._root, name))
        if path != self._root and not path.startswith(f"{self._root}/"):
            raise InvalidInput("object_name_invalid", f"{name} is outside of the store.")
        return path

    @contextmanager
    def _unfinished(self, name: str) -> Iterator[IO[bytes]]:
        """Open a file beside the object that `_replace` turns into the object; without that, it is deleted."""
        folder = os.path.dirname(self._path(name))
        if not os.path.isdir(folder):
            os.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{secrets.token_hex(8)}"
        with open(temporary, "xb") as file:
            try:
                yield file
            except BaseException:
                with suppress(FileNotFoundError):
                    os.unlink(temporary)
                raise

    def _replace(self, name: str, file: IO[bytes], if_generation: int | None = None) -> ObjectStat:
        """Rename a file, so that readers see the old object or the new one, even after a crash.

        Writers wait for each other at the rename only, not while the disk writes.
        """
        # Everyone who may read the folder may read an object, whatever this process gives its files.
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
            os.replace(file.name, self._path(name))
        return _object_stat(name, os.fstat(file.fileno()))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(f"{self._root}/{LOCK}", os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def _object_stat(name: str, facts: os.stat_result) -> ObjectStat:
    return ObjectStat(
        name=name,
        size=facts.st_size,
        fingerprint=f"{facts.st_mtime_ns}-{facts.st_size}",
        generation=facts.st_mtime_ns,
        created=datetime.fromtimestamp(facts.st_mtime, UTC),
    )
