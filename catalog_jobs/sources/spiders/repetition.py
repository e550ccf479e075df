"""Recognises what a shop answers again: the same page of a list, and products of several lists."""

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.page_reading import Parser

REPEATED = "it repeats an earlier page"


def unless_repeated(parser: Parser, earlier: frozenset[str] | None) -> Parser:
    """Return a parser that finds pages unreadable if they have the same products as an earlier page."""

    def parse(text: str, url: str) -> Page:
        page = parser(text, url)
        return Page(unreadable=REPEATED) if page.product_ids and page.product_ids == earlier else page

    return parse


class SeenProducts:
    """The products of the pages so far, by their groups: lists share products."""

    def __init__(self) -> None:
        self._ids: set[str] = set()

    def unseen(self, page: Page) -> Page:
        """Return a page without the products that an earlier page had."""
        owners = [look.group if isinstance(look, ScrapedProduct) else look.id for look in page.products]
        new = tuple(look for look, owner in zip(page.products, owners, strict=True) if owner not in self._ids)
        self._ids.update(filter(None, owners))
        return Page(new, page.unreadable, page.pages)
