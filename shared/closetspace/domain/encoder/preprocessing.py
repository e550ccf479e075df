"""The line of text that the text network reads of a garment."""

from collections.abc import Sequence

from closetspace.domain.encoder.encoding import Garment

_MAX_CHARACTERS = 1000


def garment_line(garment: Garment, fields: Sequence[str]) -> str:
    """Join some of ``brand`` and ``name``, without repeating a brand that the name begins with."""
    line = ""
    for field in fields:
        text = _clean(getattr(garment, field))
        line = text if text.casefold().startswith(line.casefold()) else f"{line} {text}".strip()
    return line


def _clean(text: str) -> str:
    # Cut first: pasted text may be of any length, and the network reads 128 tokens of it.
    printable = "".join(c if c.isprintable() else " " for c in text[:_MAX_CHARACTERS])
    return " ".join(printable.split())
