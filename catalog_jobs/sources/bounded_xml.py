"""Reads the entries of XML without an end to what it may hold: in memory is one entry, whatever is between two."""

from collections.abc import Collection, Iterator
from typing import IO, Any

from lxml import etree  # type: ignore[import-untyped]

MAX_NAMES = 10_000
"""Names of elements, attributes and namespaces, which the XML library keeps for ever. Feeds and sitemaps have about
100."""


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
        self._entries = entries
        self._max_names = max_names
        self._bytes = _EntryBytes(file, max_bytes)
        self._events = self._translated(
            etree.iterparse(
                self._bytes,
                events=("start-ns", "start", "end"),
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
                recover=recover,
            )
        )
        root = next((element for event, element in self._events if event == "start"), None)
        if root is None:
            raise BrokenXml("it has no element")
        self.root = local_name(root)
        """The local name of the first element."""

    def __iter__(self) -> Iterator[Any]:
        """Yield each entry, complete. It is freed, with all before it, when the next one is asked for.

        Raises `BrokenXml` behind the last entry that can be read.
        """
        names: set[str] = set()
        for event, element in self._events:
            if event == "end":
                if local_name(element) in self._entries:
                    yield element
                    _free(element)
                    self._bytes.end_entry()
                continue
            names.update(element if event == "start-ns" else (element.tag, *element.attrib))
            if len(names) > self._max_names:
                raise BrokenXml(f"its XML has more than {self._max_names:,} names")

    def _translated(self, events: Any) -> Iterator[Any]:
        try:
            yield from events
        except etree.XMLSyntaxError as exc:
            raise BrokenXml(f"it is broken XML: {exc.msg}") from exc


class _EntryBytes:
    """The bytes of a file, with at most ``limit`` of them from the end of one entry to the end of the next."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._limit = self._left = limit

    def read(self, size: int) -> bytes:
        """Return the next bytes. Raises `BrokenXml` beyond the limit."""
        if self._left < 0:
            raise BrokenXml(f"it has no entry within {self._limit:,} bytes")
        data = self._file.read(size)
        self._left -= len(data)
        return data

    def end_entry(self) -> None:
        """Begin a new entry."""
        self._left = self._limit


def local_name(element: Any) -> str:
    """Return an element's name without its namespace, ``""`` for anything but an element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _free(element: Any) -> None:
    element.clear()
    while (parent := element.getparent()) is not None:
        while element.getprevious() is not None:
            del parent[0]
        element = parent
