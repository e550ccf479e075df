"""Mends the ampersands of XML: shops write bare ones, and HTML's entities, which XML does not know."""

import re
from html.entities import name2codepoint

_WRONG = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)(?:([A-Za-z][A-Za-z0-9]{1,31});)?")
_OPENING = re.compile(rb"<!\[CDATA\[|<!--")
_CLOSING = {b"<![CDATA[": b"]]>", b"<!--": b"-->"}
"""Parts in which an ampersand is only a character, by how they begin."""


class Ampersands:
    """Mends the bytes of a file as they come, in an encoding that has ASCII's characters as single bytes.

    ``&nbsp;`` becomes a number, any other ampersand that begins nothing becomes text.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._until = b""

    def mend(self, data: bytes) -> bytes:
        """Return mended bytes; what follows the last ``>`` comes with the next call."""
        data = self._rest + data
        end = data.rfind(b">") + 1  # nothing that matters here goes on behind it
        self._rest = data[end:]
        return self._mended(data[:end])

    def end(self) -> bytes:
        """Return what is left at the end of the file."""
        rest, self._rest = self._rest, b""
        return self._mended(rest)

    def _mended(self, data: bytes) -> bytes:
        parts: list[bytes] = []
        place = 0
        while place < len(data):
            start = place
            if self._until:
                found = data.find(self._until, start)
                place = len(data) if found < 0 else found + len(self._until)
                parts.append(data[start:place])
                if found >= 0:
                    self._until = b""
            else:
                opening = _OPENING.search(data, start)
                place = opening.end() if opening else len(data)
                parts.append(_WRONG.sub(_reference, data[start:place]))
                self._until = _CLOSING[opening[0]] if opening else b""
        return b"".join(parts)


def _reference(ampersand: re.Match[bytes]) -> bytes:
    name = ampersand[1]
    code = name2codepoint.get(name.decode()) if name else None
    return b"&#%d;" % code if code else b"&amp;" + ampersand[0][1:]
