"""Reads the links of a page."""

from collections.abc import Sequence

from scrapy.http import JsonResponse, Response, TextResponse
from scrapy.link import Link
from scrapy.linkextractors import LinkExtractor

from catalog_jobs.sources.page_reading import TOO_COMPLEX, is_too_complex, response_text

TOO_MANY_LINKS = "it has too many links"

MAX_LINKS = 50_000
"""Links of a page, each of which takes 40 microseconds twice."""


def unreadable_links(response: Response) -> str:
    """Return why the links of a page are not read, ``""`` if they are."""
    if isinstance(response, JsonResponse):
        return "it is JSON, and has no links"
    if is_too_complex(response_text(response)):
        return TOO_COMPLEX
    is_html = isinstance(response, TextResponse)
    return TOO_MANY_LINKS if is_html and response.xpath(f"count(//a|//area) > {MAX_LINKS}").get() == "1" else ""


def links_of(response: Response, patterns: Sequence[str] = ()) -> list[Link]:
    """Return the links of a page whose URL matches one of some regular expressions; all if there are none."""
    if not isinstance(response, TextResponse):
        return []
    return list(LinkExtractor(allow=patterns).extract_links(response))
