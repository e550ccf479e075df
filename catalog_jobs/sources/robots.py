"""What shops ask of crawlers, in robots.txt, in headers and in their pages."""

import math
import re
from collections.abc import Iterable, Iterator

from protego import Protego
from scrapy.http import Response, TextResponse

NAME = "Closetspace"
"""Our name in robots.txt, in ``X-Robots-Tag`` and in ``<meta name="robots">``."""

ROBOTS_UNREADABLE = "its robots.txt can't be read"
TOO_SLOW = "its robots.txt asks for more than five minutes between two requests"

NOINDEX, NOFOLLOW = "noindex", "nofollow"

_WITH_VALUES = frozenset(("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"))
_META = "//meta[translate(@name, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') = '{}']/@content"
_MAYBE = re.compile(r"<meta\b[^<>]{0,300}\b(?:noindex|nofollow|none|noimageindex)\b", re.IGNORECASE)
"""Pages without a match are not parsed: their request would stand in an element of this form."""


def seconds_between_requests(rules: Protego) -> float:
    """Return the least seconds between two requests that a robots.txt asks for, 0 if it asks for none."""
    rate = rules.request_rate(NAME)
    asked = (rules.crawl_delay(NAME), rate.seconds / rate.requests if rate and rate.requests else None)
    return max((seconds for seconds in asked if seconds and math.isfinite(seconds)), default=0.0)


def requests_of(response: Response) -> frozenset[str]:
    """Return which of `NOINDEX` and `NOFOLLOW` a page asks for, of all crawlers or of ours.

    A page whose images may not be indexed counts as one that may not be indexed.
    """
    headers = (value.decode("latin-1") for value in response.headers.getlist("X-Robots-Tag"))
    words = {word for header in headers for word in _words_of_header(header)}
    if isinstance(response, TextResponse) and _MAYBE.search(response.text):
        contents = [
            text for name in ("robots", NAME.casefold()) for text in response.xpath(_META.format(name)).getall()
        ]
        words.update(word for text in contents for word in re.split(r"[\s,]+", text.casefold()))
    return frozenset(_as_asked(words))


def _words_of_header(header: str) -> Iterator[str]:
    """Yield the words that concern us: in ``googlebot: noindex, nofollow``, both words concern another crawler."""
    crawler = ""
    for part in header.casefold().split(","):
        name, colon, word = part.partition(":")
        if colon and name.strip() in _WITH_VALUES:
            continue
        crawler = name.strip() if colon else crawler
        if crawler in ("", "*", "robots", NAME.casefold()):
            yield (word if colon else part).strip()


def _as_asked(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        if word in ("noindex", "none", "noimageindex"):
            yield NOINDEX
        if word in ("nofollow", "none"):
            yield NOFOLLOW
