"""Opens the feed in a ZIP archive."""

import io
import os
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from catalog_jobs.sources.feeds.limits import NotAFeed

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
FEED_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".xml", ".rss", ".atom")

MAX_DIRECTORY = 1_000_000
"""Bytes of an archive's list of files, all of which are in memory: some 10,000 files."""

_NAMED = 10
"""Files that an error lists."""


def open_member(path: Path) -> IO[bytes]:
    """Open the only feed in a ZIP archive. Raises `NotAFeed` if it has none, or several."""
    archive = None
    try:
        archive = zipfile.ZipFile(_SmallReads(path))
        member = _feed(archive)
        return archive.open(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as exc:
        # RuntimeError: it needs a password.
        raise NotAFeed(f"its ZIP archive can't be read: {exc}") from exc


def _feed(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_hidden(entry.filename)]
    feeds = [entry for entry in files if entry.filename.lower().endswith(FEED_SUFFIXES)]
    if any(entry.filename == "xl/workbook.xml" for entry in files):
        raise NotAFeed("it is an Excel workbook: save it as CSV")
    chosen = feeds or files
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise NotAFeed("its ZIP archive is empty")
    names = ", ".join(sorted(entry.filename for entry in chosen)[:_NAMED])
    raise NotAFeed(f"its ZIP archive has {len(chosen)} files, of which one has to be chosen: {names}")


def _is_hidden(name: str) -> bool:
    # macOS adds a folder of its own.
    parts = PurePosixPath(name).parts
    return any(part.startswith((".", "__MACOSX")) for part in parts)


class _SmallReads(io.FileIO):
    """A file that refuses a read of more than `MAX_DIRECTORY` bytes: an archive's list of files is read at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes. Raises `BadZipFile` for too many at once."""
        wanted = size if size is not None and size >= 0 else os.fstat(self.fileno()).st_size - self.tell()
        if wanted > MAX_DIRECTORY:
            raise zipfile.BadZipFile("its list of files is too long")
        return super().read(wanted) or b""
