"""The lines of a table, which can be put back."""

from collections import deque
from collections.abc import Iterable, Iterator

from catalog_jobs.sources.feeds.encodings import TextLines
from catalog_jobs.sources.feeds.limits import BrokenFeed


class Lines:
    """The lines of a table, of at most ``limit`` characters each. ``number`` is that of the last line, from 1.

    Iteration raises `BrokenFeed` behind the last line that is short enough.
    """

    def __init__(self, text: TextLines, limit: int) -> None:
        self.limit = limit
        self.number = 0
        self.windows_1252 = 0
        """The lines that were in Windows-1252."""
        self._text = text
        self._put_back: deque[str] = deque()
        self._broken = False

    def __iter__(self) -> Iterator[str]:
        """Yield the lines that no other iteration has yielded."""
        while line := self._put_back.popleft() if self._put_back else self._read():
            self.number += 1
            yield line

    def put_back(self, lines: Iterable[str]) -> None:
        """Return the last lines, in their order, to be read again."""
        lines = list(lines)
        self._put_back.extendleft(reversed(lines))
        self.number -= len(lines)

    def too_long(self) -> BrokenFeed:
        """Return the error of a row that is too long."""
        return BrokenFeed(f"it has a row of more than {self.limit:,} characters")

    def _read(self) -> str:
        line = "" if self._broken else self._text.readline(self.limit + 1)
        if len(line) > self.limit or self._broken:
            self._broken = True
            raise self.too_long()
        self.windows_1252 += self._text.is_windows_1252
        return line
