"""Splits the lines of a table into values, whether or not its quotes are right.

Few tables quote as RFC 4180 says: titles such as ``15" bag`` or ``"Best" coat`` stand in files that have no quoting at
all. A reading is right if it gives as many values as the table has columns.
"""

import csv
from collections.abc import Iterator

from catalog_jobs.sources.feeds.limits import BrokenFeed
from catalog_jobs.sources.feeds.lines import Lines

QUOTE = '"'

_RARE_SEPARATORS = "\t|"
"""What values don't contain, so that quotes need not protect it."""


def records(lines: Lines, separator: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of its first line. Blank lines are skipped.

    A row that can't be read with ``width`` values has another number of values. Raises `BrokenFeed`.
    """
    blank = 0
    for line in lines:
        number = lines.number
        has_quotes = QUOTE in line
        values = _quoted(line, lines, separator, width) if has_quotes else line.rstrip("\r\n").split(separator)
        if values[0] or any(values):
            blank = 0
            yield number, values
        elif (blank := blank + len(line)) > lines.limit:
            raise lines.too_long()


def split_line(line: str, separator: str) -> list[str]:
    """Return the values of a line on its own, such as the header."""
    text = line.rstrip("\r\n")
    return _strict([text], separator) or _unquoted(text, separator)


def _quoted(line: str, lines: Lines, separator: str, width: int) -> list[str]:
    text = line.rstrip("\r\n")
    strict = _strict([text], separator)
    if strict is not None and (len(strict) == width or separator not in _RARE_SEPARATORS):
        return strict
    unquoted = _unquoted(text, separator)
    if text.count(QUOTE) % 2:
        # Of a whole row, only the last value can go on in the next line.
        is_whole = len(unquoted) == width and separator in _RARE_SEPARATORS
        before_last = text[: text.rfind(separator)]
        if is_whole and (not unquoted[-1].startswith(QUOTE) or _strict([before_last], separator) is None):
            return unquoted
        if (values := _over_lines(line, lines, separator, width)) is not None:
            return values
    readings = (unquoted, _escaped(text, separator), _lenient(text, separator), strict, unquoted)
    return next((values for values in readings if values and len(values) == width), strict or unquoted)


def _over_lines(line: str, lines: Lines, separator: str, width: int) -> list[str] | None:
    """Return a row whose quoted values contain line breaks, or None (and the lines are put back).

    All lines up to the one with the next odd number of quotes belong to the row, or the quote was a stray one.
    """
    taken: list[str] = []
    length = len(line)
    try:
        for following in lines:
            taken.append(following)
            length += len(following)
            if following.count(QUOTE) % 2 or length > lines.limit:
                break
    except BrokenFeed:
        length = lines.limit + 1
    block = [line, *taken]
    # Where lines are rows without regard to quotes, two rows with a stray quote each are not one row.
    are_rows = [len(_unquoted(row, separator)) == width for row in block]
    is_stray = any(are_rows[1:]) if separator in _RARE_SEPARATORS else all(are_rows)
    if length <= lines.limit and not is_stray:
        values = _strict(block, separator)
        if values is not None and len(values) == width:
            return values
    lines.put_back(taken)
    return None


def _strict(block: list[str], separator: str) -> list[str] | None:
    """Return the values of the only row in some lines, quoted as RFC 4180 says, or None."""
    return _only_row(csv.reader(block, delimiter=separator, strict=True, skipinitialspace=True))


def _escaped(text: str, separator: str) -> list[str] | None:
    """Read quotes that a backslash escapes, as databases export them."""
    return _only_row(csv.reader([text], delimiter=separator, strict=True, skipinitialspace=True, escapechar="\\"))


def _lenient(text: str, separator: str) -> list[str] | None:
    return _only_row(csv.reader([text], delimiter=separator))


def _only_row(reader: Iterator[list[str]]) -> list[str] | None:
    try:
        rows = list(reader)
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None


def _unquoted(line: str, separator: str) -> list[str]:
    return [_bare(value) for value in line.rstrip("\r\n").split(separator)]


def _bare(value: str) -> str:
    """Return a value without the quotes around it, if they are its only ones."""
    value = value.strip()
    if len(value) < 2 or value[0] != QUOTE or value[-1] != QUOTE:  # noqa: PLR2004, RUF100 - two quotes.
        return value
    inner = value[1:-1].replace(QUOTE * 2, "\0").replace("\\" + QUOTE, "\0")
    return value if QUOTE in inner else inner.replace("\0", QUOTE)
