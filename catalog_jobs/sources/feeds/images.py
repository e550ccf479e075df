"""Reads the URLs of images from the values of a feed."""

import re
from collections.abc import Iterable

_LIST = re.compile(r"""[\s,;|"'\[\]]+(?=https?://)""")
_AROUND = " \t\r\n,;|\"'[]"


def image_urls(values: Iterable[str]) -> tuple[str, ...]:
    """Return the URLs in values, each of which may be a list with any separator, also one in JSON."""
    urls: list[str] = []
    for value in values:
        # Most values are one URL.
        for part in _LIST.split(value) if value.find("http", 1) > 0 else (value,):
            address = part.strip(_AROUND)
            if address.startswith(("http://", "https://")):
                urls.append(address)
            elif address.startswith("//"):
                urls.append(f"https:{address}")
    return tuple(urls)
