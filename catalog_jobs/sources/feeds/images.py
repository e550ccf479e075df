"""Reads the URLs of images from the values of a feed."""

import re
from collections.abc import Iterable

_LIST = re.compile(r"""[\s,;|"'\[\]]+(?=https?://)""")
_AROUND = " \t\r\n,;|\"'[]"


def image_urls(values: Iterable[str]) -> tuple[str, ...]:
    """Return the URLs in values, each of which may be a list with any separator, also one in JSON."""
    # Most values are one URL.
    parts = [part for value in values for part in (_LIST.split(value) if "http" in value[1:] else (value,))]
    addresses = [part.strip(_AROUND) for part in parts]
    urls = [f"https:{address}" if address.startswith("//") else address for address in addresses]
    return tuple([url for url in urls if url.startswith(("http://", "https://"))])
