"""Names of files in an archive, made of the names of objects, which clients choose."""

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import count

MAX_SEGMENT_BYTES = 100
"""Bytes of a file's or a folder's name: with three of them, a path stays below Windows's limit."""

_UNSAFE = re.compile(r'[<>:"\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass
class ArchiveNames:
    """Gives each object a name of its own that any system unpacks below the folder it is unpacked in."""

    _next: dict[str, int] = field(default_factory=dict)

    def name(self, folder: str, path: str) -> str:
        """Return a name in ``folder`` for an object's path; a second object with the same name gets a number."""
        safe = "/".join([folder, *(_safe_segment(segment) for segment in path.split("/"))])
        first = _compared(safe)
        for number in count(self._next.get(first, 1)):
            name = safe if number == 1 else _numbered(safe, number)
            if _compared(name) not in self._next:
                break
        self._next[_compared(name)] = 2
        self._next[first] = number + 1
        return name


def _compared(name: str) -> str:
    """Return the name as a system sees it that distinguishes neither cases nor composed and decomposed letters."""
    return unicodedata.normalize("NFKC", name).casefold()


def _numbered(name: str, number: int) -> str:
    folder, slash, file = name.rpartition("/")
    stem, dot, extension = file.rpartition(".") if "." in file else (file, "", "")
    return f"{folder}{slash}{stem}-{number}{dot}{extension}"


def _safe_segment(segment: str) -> str:
    """Return a file's name without separators, control characters and what systems treat in a special way."""
    letters = ("_" if unicodedata.category(letter).startswith("C") else letter for letter in segment)
    name = _UNSAFE.sub("_", "".join(letters))
    stem, dot, extension = name.rpartition(".")
    if dot and len(extension.encode()) <= 10:
        name = _cut(stem, MAX_SEGMENT_BYTES - len(extension.encode()) - 1) + dot + extension
    name = _cut(name, MAX_SEGMENT_BYTES).strip(". ")
    return f"_{name}" if not name or _RESERVED.fullmatch(name) else name


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
