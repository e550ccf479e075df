"""Reads the addresses of images from one cell of a table."""

import re

_LIST = re.compile(r"""[\s,;|"'\[\]]+(?=https?://)""")
_AROUND = " \t\r\n,;|\"'[]"


def image_addresses(cell: str) -> list[str]:
    """Return the addresses in a cell, which may be a list with any separator, also one in JSON."""
    # Most cells have one address.
    parts = _LIST.split(cell) if "http" in cell[1:] else (cell,)
    return [address for part in parts if (address := part.strip(_AROUND))]
