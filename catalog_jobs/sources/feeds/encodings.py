"""Finds the encoding of a text, and reads single lines that are in another one."""

import codecs
import io
import re
from typing import IO

WINDOWS_1252 = "its text was in Windows-1252, not UTF-8 (kept)"

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 1 << 16

# Bytes that are not UTF-8, as Python's "surrogateescape" decodes them.
_ESCAPED = re.compile("[\udc80-\udcff]")

# What Western European text has beyond ASCII: not the letters that Windows-1252 has where Polish, Turkish, Greek,
# Cyrillic or Asian encodings have others.
_LETTERS = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüŒœ"
# Quotation marks, dashes, an ellipsis, a bullet, currencies, marks of ownership, fractions and the like.
_MARKS = "\u2013\u2014\u2018-\u201a\u201c-\u201e\u2022\u2026\u20ac\u2122\xa0\xa3\xa9\xab\xae\xb0\xb2\xb4\xbb-\xbe\xd7"
_FOREIGN = re.compile(f"[^\x00-\x7f{_LETTERS}{_MARKS}]|[A-Za-z{_LETTERS}]£|£[A-Za-z{_LETTERS}]")
_WORD = re.compile(f"[A-Za-z{_LETTERS}]*[{_LETTERS}][A-Za-z{_LETTERS}]*")


def encoding_of(start: bytes) -> str:
    """Return the encoding of a text by its first bytes: UTF-8 unless they say otherwise."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    even, odd = start[:512:2], start[1:512:2]
    if even and odd:
        zeros_even, zeros_odd = even.count(0) / len(even), odd.count(0) / len(odd)
        if zeros_even < 0.1 and zeros_odd > 0.7:
            return "utf-16-le"
        if zeros_odd < 0.1 and zeros_even > 0.7:
            return "utf-16-be"
    return "utf-8"


class TextLines:
    """The lines of a text in UTF-8, UTF-16 or UTF-32. Lines in Windows-1252 are read where it is certain.

    ``is_windows_1252`` says whether the last line was.
    """

    def __init__(self, file: IO[bytes]) -> None:
        start = file.peek(_SAMPLE)[:_SAMPLE] if isinstance(file, io.BufferedReader) else b""
        encoding = encoding_of(start)
        self._is_utf_8 = encoding.startswith("utf-8")
        self._reads_windows_1252 = is_windows_1252(start.rpartition(b"\n")[0] or start)
        errors = "surrogateescape" if self._is_utf_8 else "replace"
        self._text = io.TextIOWrapper(file, encoding=encoding, errors=errors, newline="")
        self.is_windows_1252 = False

    def readline(self, limit: int) -> str:
        """Return the next line, at most ``limit`` characters of it; ``""`` at the end."""
        line = self._text.readline(limit)
        self.is_windows_1252 = False
        if line.isascii() or not self._is_utf_8 or not _ESCAPED.search(line):
            return line
        raw = line.encode("utf-8", "surrogateescape")
        self.is_windows_1252 = self._reads_windows_1252 and is_windows_1252(raw)
        return raw.decode("cp1252" if self.is_windows_1252 else "utf-8", "replace")


def is_windows_1252(raw: bytes) -> bool:
    """Return whether the lines that are not UTF-8 are certainly Western European text in Windows-1252 or Latin-1."""
    return all(_is_western(line) for line in raw.splitlines() if not _is_utf_8(line))


def _is_utf_8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_western(line: bytes) -> bool:
    try:
        text = line.decode("cp1252")
    except UnicodeDecodeError:
        return False
    letters = "".join(word for word in _WORD.findall(text) if len(word) > 1)
    accented = sum(not letter.isascii() for letter in letters)
    # Cyrillic or Greek words have no ASCII letter, Western ones more of them than of others.
    return not _FOREIGN.search(text) and accented <= 2 * (len(letters) - accented)
