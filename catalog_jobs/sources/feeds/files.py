"""Getting a product feed onto the disk, and reading it as one stream of text or XML, packed or not."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import httpx

from closetspace.errors import InvalidInput, Transient

LARGEST_DOWNLOAD = 2 * 1024**3
LARGEST_UNPACKED = 8 * 1024**3
"""Bytes. Ten million products are some 10 GB unpacked; what is larger than these is no feed, or has to be split."""

TIMEOUT = httpx.Timeout(60.0, connect=15.0)
_MOST_REDIRECTS = 5


class TooLarge(OSError):
    """The feed unpacks to more than is read."""


@contextmanager
def opened(address: str, user_agent: str) -> Iterator[IO[bytes]]:
    """The feed's bytes, unpacked. Downloads it first where ``address`` is one of the web's."""
    if not address.startswith(("http://", "https://")):
        with _unpacked(Path(address)) as file:
            yield file
        return
    with TemporaryDirectory(prefix="closetspace-feed-") as folder:
        path = Path(folder) / "feed"
        _download(address, path, user_agent)
        with _unpacked(path) as file:
            yield file


def _download(url: str, path: Path, user_agent: str) -> None:
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=True, max_redirects=_MOST_REDIRECTS) as client,
            client.stream("GET", url, headers={"User-Agent": user_agent}) as response,
            path.open("wb") as file,
        ):
            response.raise_for_status()
            for chunk in response.iter_bytes():
                file.write(chunk)
                if file.tell() > LARGEST_DOWNLOAD:
                    raise InvalidInput("feed_too_large", f"{url} is larger than 2 GB: split the feed.")
    except httpx.HTTPStatusError as exc:
        raise _refused(url, exc.response.status_code) from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise Transient(f"{url} could not be downloaded: {exc or type(exc).__name__}.") from exc


def _refused(url: str, status: int) -> InvalidInput | Transient:
    if status in (408, 425, 429) or status >= 500:
        return Transient(f"{url} answered {status}: try again later.")
    return InvalidInput("feed_refused", f"{url} answered {status}: check the address and who may read it.")


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            stream = gzip.GzipFile(fileobj=file) if packed else file
            yield io.BufferedReader(_Limited(stream), 1 << 16)
    except (FileNotFoundError, IsADirectoryError) as exc:
        raise InvalidInput("feed_missing", f"There is no file {path}: name a product feed or its address.") from exc


class _Limited(io.RawIOBase):
    """A stream that ends in an error where it would go on for too long, as a packed bomb does."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile) -> None:
        self._stream = stream
        self._left = LARGEST_UNPACKED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            read = self._stream.read(len(buffer))
        except (EOFError, zlib.error) as exc:
            raise OSError(f"the packed file is broken: {exc}") from exc
        self._left -= len(read)
        if self._left < 0:
            raise TooLarge("it unpacks to more than 8 GB")
        buffer[: len(read)] = read
        return len(read)
