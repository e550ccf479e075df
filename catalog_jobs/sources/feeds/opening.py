"""Downloads and decompresses feeds."""

import bz2
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast
from zipfile import BadZipFile

from catalog_jobs.sources.feeds.archives import ZIP_STARTS, open_member
from catalog_jobs.sources.feeds.kept import KeptFeed
from catalog_jobs.sources.feeds.limits import FeedLimits
from catalog_jobs.sources.settings import private_hosts, user_agent
from closetspace.adapters.network.connecting import PublicNetwork
from closetspace.adapters.network.fetching import Fetcher, FetchLimits, host_of, is_web_url
from closetspace.errors import InvalidInput, Transient
from closetspace.ports import ObjectStore

REDIRECTS = 5

BUFFER = 1 << 16
"""Bytes. As many of its first ones tell the encoding of a table."""

_ADVICE = {"too_large": " Split the feed.", "not_found": " Check the URL and who may read it."}


@contextmanager
def open_feed(address: str, limits: FeedLimits, cache: ObjectStore | None = None) -> Iterator[IO[bytes]]:
    """Open a feed's decompressed bytes; download it first if ``address`` is a URL and it is not as it is in ``cache``.

    Raises `InvalidInput` if there is no such feed, `Transient` if it can't be downloaded now.
    """
    if not address.startswith(("http://", "https://")):
        with _decompressed(Path(address), limits) as file:
            yield file
        return
    with TemporaryDirectory(prefix="closetspace-feed-") as folder:
        path = Path(folder) / "feed"
        _download(address, path, limits, cache)
        with _decompressed(path, limits) as file:
            yield file


def _download(url: str, path: Path, limits: FeedLimits, cache: ObjectStore | None) -> None:
    fetcher = Fetcher(
        FetchLimits(limits.download, limits.download_seconds, REDIRECTS),
        # Feeds in private areas of a shop's server come with a password.
        allows=partial(is_web_url, credentials=True),
        # What the server compresses stays compressed, and is then read as a compressed feed.
        headers={"User-Agent": user_agent(), "Accept-Encoding": "gzip"},
        network=PublicNetwork(private_hosts()),
    )
    try:
        if cache:
            KeptFeed(cache, url).download(fetcher, path)
            return
        with path.open("wb") as file:
            fetcher.fetch_to(url, file.write)
    except InvalidInput as exc:
        message = f"The feed on {host_of(url)} could not be downloaded: {exc.message}{_ADVICE.get(exc.code, '')}"
        raise InvalidInput(f"feed_{exc.code}", message) from exc
    except Transient as exc:
        raise Transient(f"The feed on {host_of(url)} could not be downloaded: {exc}.") from exc


@contextmanager
def _decompressed(path: Path, limits: FeedLimits) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            magic = file.peek(4)[:4]
            stream: IO[bytes]
            if magic.startswith(b"\x1f\x8b"):
                stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file))
            elif magic.startswith(b"BZh"):
                stream = bz2.BZ2File(file)
            elif magic in ZIP_STARTS:
                stream = open_member(path)
            else:
                stream = file
            with stream:
                yield io.BufferedReader(_LimitedReader(stream, limits.unpacked), BUFFER)
    except (FileNotFoundError, IsADirectoryError) as exc:
        raise InvalidInput("feed_missing", f"There is no file {path}: name a product feed or its URL.") from exc


class _LimitedReader(io.RawIOBase):
    """A stream that raises `OSError` beyond ``limit`` bytes, as a bomb would go, and where it is broken."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except (EOFError, zlib.error, BadZipFile) as exc:
            raise OSError(f"the compressed file is broken: {exc}") from exc
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"it unpacks to more than {self._limit:,} bytes")
        buffer[: len(data)] = data
        return len(data)
