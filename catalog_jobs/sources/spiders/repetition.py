"""Recognises lists that answer the same page again and again."""

from catalog_jobs.sources.items import Page
from catalog_jobs.sources.spiders.base import Parser

REPEATED = "it repeats an earlier page"


def unless_repeated(parser: Parser, earlier: frozenset[str] | None) -> Parser:
    """Return a parser that finds pages unreadable if they have the same products as an earlier page."""

    def parse(text: str, url: str) -> Page:
        page = parser(text, url)
        return Page(unreadable=REPEATED) if page.product_ids and page.product_ids == earlier else page

    return parse
