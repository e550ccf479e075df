"""Reads a page by a parser, whatever is on the page: what takes too much memory, or fails, is unreadable."""

import logging
import re
from collections.abc import Callable

from scrapy.http import Response, TextResponse
from scrapy.utils.response import get_base_url

from catalog_jobs.sources.items import Page

Parser = Callable[[str, str], Page]
"""Reads a page from its text and its URL."""

log = logging.getLogger(__name__)

TOO_COMPLEX = "it has too many elements"
ENDS_EARLY = "it has no products, although the shop names more pages"

MAX_ELEMENTS = 500_000
"""Elements of HTML, and objects and lists of JSON, that a page may have. Ordinary ones have some thousand; each takes
up to 300 bytes in memory, and a page of 16 MB can have five million."""


_BASE = re.compile(rb"<base\b[^<>]*>", re.IGNORECASE)


def with_valid_base(page: TextResponse) -> TextResponse:
    """Return a page without its ``<base>`` if that is no URL, at which Scrapy fails. Browsers ignore it, too."""
    try:
        is_valid = get_base_url(page).startswith(("http://", "https://"))
    except ValueError:
        is_valid = False
    return page if is_valid else page.replace(body=_BASE.sub(b"", page.body))


def read_page(parser: Parser, text: str, url: str) -> Page:
    """Return the parsed page. It is unreadable if it would take too much memory, or if our code fails on it."""
    try:
        return Page(unreadable=TOO_COMPLEX) if is_too_complex(text) else parser(text, url)
    except Exception as exc:  # noqa: BLE001, RUF100 - a parser's bug or a hostile page must not end the crawl.
        log.exception("%s", url)
        return Page(unreadable=failed_on(exc))


def unless_empty(parser: Parser) -> Parser:
    """Return a parser that finds pages without products unreadable: no end, where the shop names more pages."""

    def parse(text: str, url: str) -> Page:
        page = parser(text, url)
        return page if page.products else Page(unreadable=page.unreadable or ENDS_EARLY)

    return parse


def is_too_complex(text: str) -> bool:
    """Return whether a page would take too much memory to parse."""
    return sum(text.count(start) for start in "<{[") > MAX_ELEMENTS


def failed_on(problem: BaseException | None) -> str:
    """Return the reason for a page on which our code failed."""
    return f"the parser failed on it ({type(problem).__name__})"


def response_text(response: Response) -> str:
    """Return the body as text, even if the shop declares another content type."""
    return response.text if isinstance(response, TextResponse) else response.body.decode("utf-8", errors="replace")
