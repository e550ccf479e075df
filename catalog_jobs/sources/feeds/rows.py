"""Downloads, decompresses and splits product feeds into rows: RSS and Atom with Google's names, and tables."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import httpx
from lxml import etree  # type: ignore[import-untyped]

from closetspace.errors import InvalidInput, Transient


@dataclass(frozen=True)
class FeedLimits:
    """Limits of a feed's size, in bytes. Larger feeds have to be split."""

    download: int = 2 * 1024**3
    unpacked: int = 8 * 1024**3
    """About eight million products."""


LIMITS = FeedLimits()


TIMEOUT = httpx.Timeout(60.0, connect=15.0)
REQUIRED_COLUMNS = frozenset(("id", "title", "image_link"))

_MAX_REDIRECTS = 5
_MAX_LINE = 1 << 20
_ROOTS = frozenset(("rss", "feed", "RDF", "channel", "products"))
_ENTRIES = frozenset(("item", "entry", "product"))
_SEPARATORS = "\t|;,"

Row = dict[str, list[str]]
"""The values of each field. A field can occur more than once (``additional_image_link``)."""


class NotAFeed(ValueError):
    """The file is not a feed."""


class BrokenFeed(ValueError):
    """The file begins as a feed and breaks off."""


@contextmanager
def open_feed(address: str, user_agent: str, limits: FeedLimits) -> Iterator[IO[bytes]]:
    """Open a feed's decompressed bytes; download it first if ``address`` is a URL."""
    if not address.startswith(("http://", "https://")):
        with _decompressed(Path(address), limits) as file:
            yield file
        return
    with TemporaryDirectory(prefix="closetspace-feed-") as folder:
        path = Path(folder) / "feed"
        _download(address, path, user_agent, limits)
        with _decompressed(path, limits) as file:
            yield file


def read_rows(file: IO[bytes]) -> Iterator[Row]:
    """Yield every row. Raises `NotAFeed` before the first row, or `BrokenFeed` after the last readable one."""
    start = file.peek(1 << 12)[: 1 << 12] if isinstance(file, io.BufferedReader) else b""
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return _xml_rows(file) if text.startswith(b"<") or start[:2] in (b"\xff\xfe", b"\xfe\xff") else _table_rows(file)


def _download(url: str, path: Path, user_agent: str, limits: FeedLimits) -> None:
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=True, max_redirects=_MAX_REDIRECTS) as client,
            client.stream("GET", url, headers={"User-Agent": user_agent}) as response,
            path.open("wb") as file,
        ):
            response.raise_for_status()
            for chunk in response.iter_bytes():
                file.write(chunk)
                if file.tell() > limits.download:
                    message = f"{url} is larger than {limits.download:,} bytes: split the feed."
                    raise InvalidInput("feed_too_large", message)
    except httpx.HTTPStatusError as exc:
        raise _http_error(url, exc.response.status_code) from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise Transient(f"{url} could not be downloaded: {exc or type(exc).__name__}.") from exc


def _http_error(url: str, status: int) -> InvalidInput | Transient:
    if status in (408, 425, 429) or status >= 500:
        return Transient(f"{url} answered {status}: try again later.")
    return InvalidInput("feed_refused", f"{url} answered {status}: check the URL and who may read it.")


@contextmanager
def _decompressed(path: Path, limits: FeedLimits) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as file:
            is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
            stream = gzip.GzipFile(fileobj=file) if is_gzip else file
            yield io.BufferedReader(_LimitedReader(stream, limits.unpacked), 1 << 16)
    except (FileNotFoundError, IsADirectoryError) as exc:
        raise InvalidInput("feed_missing", f"There is no file {path}: name a product feed or its URL.") from exc


class _LimitedReader(io.RawIOBase):
    """A stream that raises `OSError` beyond ``limit`` bytes, as a gzip bomb would go."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, limit: int) -> None:
        self._stream = stream
        self._limit = self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except (EOFError, zlib.error) as exc:
            raise OSError(f"the gzip file is broken: {exc}") from exc
        self._left -= len(data)
        if self._left < 0:
            raise OSError(f"it unpacks to more than {self._limit:,} bytes")
        buffer[: len(data)] = data
        return len(data)


def _xml_rows(file: IO[bytes]) -> Iterator[Row]:
    # Entities are neither resolved nor fetched: they can expand to gigabytes, or name this machine's files.
    context = etree.iterparse(
        file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    started = False
    try:
        for event, element in context:
            if not started:
                _check_root(element)
                started = True
            elif event == "end" and _local_name(element) in _ENTRIES:
                yield _xml_row(element)
                _free(element)
    except etree.XMLSyntaxError as exc:
        raise (BrokenFeed if started else NotAFeed)(f"it is broken XML: {exc.msg}") from exc


def _check_root(element: Any) -> None:
    name = _local_name(element)
    if name not in _ROOTS:
        raise NotAFeed(f"its XML begins with <{name}>")


def _local_name(element: Any) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _xml_row(entry: Any) -> Row:
    row: Row = {}
    for child in entry:
        # Atom's <link href="..."/> has its value in an attribute.
        value = (child.text or "").strip() or child.get("href", "")
        if value and (name := _field_name(_local_name(child))):
            row.setdefault(name, []).append(value)
    return row


def _free(element: Any) -> None:
    """Free an entry and all before it, so that the tree does not grow to the whole file."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _table_rows(file: IO[bytes]) -> Iterator[Row]:
    lines = _lines(io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline=""))
    try:
        header = next(lines, "")
        separator = next((mark for mark in _SEPARATORS if mark in header), ",")
        names = [_field_name(name) for name in next(csv.reader([header], delimiter=separator), [])]
    except (BrokenFeed, csv.Error) as exc:
        raise NotAFeed("it is neither XML nor a table in UTF-8") from exc
    if missing := REQUIRED_COLUMNS - set(names):
        raise NotAFeed(f"its first line has no {', '.join(sorted(missing))}")
    try:
        for values in csv.reader(lines, delimiter=separator):
            if values:
                yield _table_row(names, values)
    except csv.Error as exc:
        raise BrokenFeed(f"it is a broken table: {exc}") from exc


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    while line := text.readline(_MAX_LINE):
        if len(line) == _MAX_LINE:
            raise BrokenFeed("it has a line of more than a million characters")
        yield line


def _table_row(names: list[str], values: list[str]) -> Row:
    row: Row = {}
    for name, value in zip(names, values, strict=False):
        if not name or not value.strip():
            continue
        # In a table, all additional images are in one cell.
        parts = value.split(",") if name == "additional_image_link" else [value]
        row.setdefault(name, []).extend(part.strip() for part in parts if part.strip())
    return row


def _field_name(name: str) -> str:
    return name.strip().casefold().removeprefix("g:").replace(" ", "_")
