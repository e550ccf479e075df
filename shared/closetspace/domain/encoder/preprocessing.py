"""What the text network reads: a line of what is known of a garment."""

from collections.abc import Sequence

from closetspace.domain.encoder.encoding import Garment

_MAX_CHARACTERS = 1000


def garment_line(garment: Garment, fields: Sequence[str]) -> str:
    """Join some of ``brand`` and ``name``; most product names begin with their brand already."""
    line = ""
    for field in fields:
        text = _clean(getattr(garment, field))
        line = text if text.casefold().startswith(line.casefold()) else f"{line} {text}".strip()
    return line


def _clean(text: str) -> str:
    # Cut first: what a person may paste is unbounded, and 128 tokens are what is read of it.
    printable = "".join(c if c.isprintable() else " " for c in text[:_MAX_CHARACTERS])
    return " ".join(printable.split())
