"""Recognises what a shop answers again: the same page of a list, and products of several lists."""

from collections.abc import Hashable

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.page_reading import Parser

REPEATED = "it repeats an earlier page"


class SeenPages:
    """The pages of lists so far, by what they show. A shop that ignores page numbers answers the same ones for ever."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def has(self, of_list: Hashable, shown: frozenset[str]) -> bool:
        """Return whether an earlier page of a list showed the same, and note this one. Empty pages never did."""
        # The hash alone: a list may have thousands of pages, each with hundreds of products.
        page = hash((of_list, shown))
        is_known = bool(shown) and page in self._hashes
        self._hashes.add(page)
        return is_known

    def checked(self, parser: Parser, of_list: Hashable) -> Parser:
        """Return a parser that finds pages unreadable that repeat one of the same list."""

        def parse(text: str, url: str) -> Page:
            page = parser(text, url)
            return Page(unreadable=REPEATED) if self.has(of_list, page.product_ids) else page

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
