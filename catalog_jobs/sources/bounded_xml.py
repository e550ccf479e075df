"""Reads the entries of XML without an end to what it may hold: in memory is one entry, whatever is between two."""

from collections.abc import Collection, Iterator
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

from catalog_jobs.sources.ampersands import Ampersands
from catalog_jobs.sources.feeds.encodings import encoding_of

MAX_NAMES = 10_000
"""Names of elements, attributes and namespaces, which the XML library keeps for ever. Feeds and sitemaps have about
100."""


CONTROL_CHARACTERS = bytes(code for code in range(32) if code not in b"\t\n\r")

_CHUNK = 1 << 15


class BrokenXml(ValueError):
    """The XML is broken, or has too much of something."""


class BoundedXml:
    """The entries of an XML file, which are the elements with one of the local names ``entries``.

    Entities are neither resolved nor fetched: they can expand to gigabytes, or name this machine's files.

    Args:
        max_bytes: From the end of one entry to the end of the next. A byte takes up to 40 in memory.
        recover: Whether to read on behind errors, as in sitemaps whose URLs have an unescaped ``&``.

    Raises:
        BrokenXml: The file has no first element.
    """

    def __init__(
        self,
        file: IO[bytes],
        entries: Collection[str],
        max_bytes: int,
        max_names: int = MAX_NAMES,
        *,
        recover: bool = False,
    ) -> None:
        self._max_names = max_names
        self._names: set[Any] = set()
        self._bytes = _EntryBytes(file, max_bytes)
        # Most elements are never seen by Python, which halves the time.
        self._events = etree.iterparse(
            self._bytes,
            events=("start-ns", "end"),
            tag=[f"{{*}}{name}" for name in entries],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
            recover=recover,
        )
        self.root = _first_name(self._bytes)
        """The local name of the first element."""

    def __iter__(self) -> Iterator[Any]:
        """Yield each entry, complete. It is freed, with all before it, when the next one is asked for.

        Raises `BrokenXml` behind the last entry that can be read.
        """
        try:
            for event, element in self._events:
                if event == "start-ns":
                    self._count_names(element)
                    continue
                yield element
                self._count_names_in(element)
                self._free(element)
                self._bytes.end_entry()
        except etree.XMLSyntaxError as exc:
            raise BrokenXml(f"it is broken XML: {exc.msg}") from exc

    def _free(self, element: Any) -> None:
        element.clear()
        while (parent := element.getparent()) is not None:
            while (before := element.getprevious()) is not None:
                self._count_names_in(before)
                parent.remove(before)
            element = parent

    def _count_names_in(self, element: Any) -> None:
        for inner in element.iter():
            self._names.add(inner.tag)
            if inner.attrib:
                self._names.update(inner.attrib)
        self._count_names(())

    def _count_names(self, names: Collection[Any]) -> None:
        self._names.update(names)
        if len(self._names) > self._max_names:
            raise BrokenXml(f"its XML has more than {self._max_names:,} names")


def _first_name(file: "_EntryBytes") -> str:
    """Return the local name of the first element, and put back what was read. Raises `BrokenXml` if there is none."""
    parser = etree.XMLPullParser(events=("start",), resolve_entities=False, no_network=True, load_dtd=False)
    read: list[bytes] = []
    problem = ""
    while not problem and (data := file.read(_CHUNK)):
        read.append(data)
        try:
            parser.feed(data)
        except etree.XMLSyntaxError as exc:
            problem = f"it is broken XML: {exc.msg}"
        if (event := next(parser.read_events(), None)) is not None:
            file.put_back(b"".join(read))
            return local_name(event[1])
    raise BrokenXml(problem or "it has no element")


class _EntryBytes:
    """The bytes of a file, with at most ``limit`` of them from the end of one entry to the end of the next.

    In UTF-8 and encodings like it, what XML may not have is mended: control characters are left out, and ampersands
    that begin nothing become text.
    """

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._limit = self._left = limit
        self._put_back = b""
        self._started = False
        self._control = b""
        self._ampersands: Ampersands | None = None

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises `BrokenXml` beyond the limit."""
        while not self._put_back:
            if self._left < 0:
                raise BrokenXml(f"it has no entry within {self._limit:,} bytes")
            data = self._file.read(size)
            self._left -= len(data)
            self._put_back = self._mended(data)
            if not data:
                break
        data, self._put_back = self._put_back[:size], self._put_back[size:]
        return data

    def _mended(self, data: bytes) -> bytes:
        if not self._started:
            self._started = True
            if encoding_of(data).startswith("utf-8"):
                self._control, self._ampersands = CONTROL_CHARACTERS, Ampersands()
        kept = data.translate(None, self._control)
        if self._ampersands is None:
            return kept
        return self._ampersands.mend(kept) if data else self._ampersands.end()

    def put_back(self, data: bytes) -> None:
        """Return bytes, to be read again."""
        self._put_back = data + self._put_back

    def end_entry(self) -> None:
        """Begin a new entry."""
        self._left = self._limit


def local_name(element: Any) -> str:
    """Return an element's name without its namespace, ``""`` for anything but an element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
