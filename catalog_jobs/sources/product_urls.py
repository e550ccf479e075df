"""Finds out which URLs of a site may be those of product pages, and the pattern that they share."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_PRODUCT = re.compile(
    r"^(p|pd|dp|ip|sku|shop|store|catalog|produ[ck]t\w*|produto\w*|produit\w*|prodotto|prodotti|producto\w*|artikel"
    r"|article|articulo|articolo|item|items|detail|details|urun)$",
    re.IGNORECASE,
)
"""Names of folders of product pages, in the languages of the largest markets."""

_WORD = re.compile(r"[a-z][a-z_-]{0,23}", re.IGNORECASE)
"""A part of a path that can be a folder: others are names of things, which differ from page to page."""

_MAX_FOLDERS = 5
"""Shops with more folders of the same depth sort their product pages by category."""


class Shape(NamedTuple):
    """What the URLs of the pages of one kind have in common: their folders, ``*`` for any, and their suffix."""

    folders: tuple[str, ...]
    suffix: str

    @property
    def names_products(self) -> bool:
        """Whether a folder has a name as those of products have."""
        return any(_PRODUCT.match(folder) for folder in self.folders)

    @property
    def pattern(self) -> str:
        """The regular expression for the URLs of this shape."""
        folders = "".join(f"/{'[^/]+' if folder == '*' else re.escape(folder)}" for folder in self.folders)
        # Where nothing is named, the pattern has to begin at the host: it would match every longer path too.
        start = "" if any(folder != "*" for folder in self.folders) else "^https?://[^/]+"
        return f"{start}{folders}/[^/?#]+{re.escape(self.suffix) or '/?'}$"


def shape_of(url: str) -> Shape:
    """Return the shape of a URL."""
    *folders, last = [unquote(part) for part in urlsplit(url).path.strip("/").split("/")]
    suffix = re.search(r"\.[a-z]{3,5}$", last, re.IGNORECASE)
    return Shape(
        tuple(folder if _WORD.fullmatch(folder) else "*" for folder in folders),
        suffix[0] if suffix else "",
    )


def samples(urls: Iterable[str]) -> list[str]:
    """Return a URL of each shape: first of those whose folders have names of products, then of the most frequent."""
    by_shape: dict[Shape, list[str]] = defaultdict(list)
    for url in urls:
        if urlsplit(url).path.strip("/"):
            by_shape[shape_of(url)].append(url)
    ranked = sorted(by_shape.items(), key=lambda entry: (not entry[0].names_products, -len(entry[1])))
    # The first one is often a page about the others.
    return [found[len(found) // 2] for _, found in ranked]


def follow_pattern(product: str, urls: Sequence[str]) -> str:
    """Return a regular expression for the URLs of product pages, of which ``product`` is one of ``urls``."""
    shape = shape_of(product)
    if shape.names_products:
        # What is behind the folder of the products may be sorted by category.
        return shape.pattern
    alike = {other.folders for other in map(shape_of, urls) if len(other.folders) == len(shape.folders)}
    return Shape(("*",) * len(shape.folders), shape.suffix).pattern if len(alike) > _MAX_FOLDERS else shape.pattern
