"""Reads the tiles that a Salesforce Commerce shop adds to a category as one scrolls (``Search-UpdateGrid``)."""

from scrapy.http import Response, TextResponse
from w3lib.url import add_or_replace_parameters

from catalog_jobs.sources.parsers.values import absolute_url

GRID = "/Search-UpdateGrid"
PAGE_SIZE = 48
_CONTROLLERS = "/on/demandware.store/"


def grid_url(start: str, first: int) -> str:
    """Return the URL of the tiles of a category from the ``first`` on."""
    return add_or_replace_parameters(start, {"start": str(first), "sz": str(PAGE_SIZE)})


def product_urls(response: Response) -> list[str]:
    """Return the URLs of the products in the tiles of a page.

    Of a tile's links, those to controllers, such as that of the wish list, lead to no page.
    """
    if not isinstance(response, TextResponse):
        return []
    urls: dict[str, None] = {}
    for tile in response.xpath("//*[@data-pid][.//a]"):
        links = (
            absolute_url(response.url, link) for link in tile.xpath(".//a/@href[not(starts-with(., '#'))]").getall()
        )
        pages = (link.partition("#")[0] for link in links if _CONTROLLERS not in link)
        if page := next(filter(None, pages), ""):
            urls[page] = None
    return list(urls)
