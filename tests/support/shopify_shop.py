"""A local Shopify shop with more products than its list shows: pages of the list that begin beyond them answer 400."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tests.support.shop_server import Answer, Asked, Route, as_json, as_xml, listed_product, sitemap, sitemap_index

PAGES = 100
"""Pages of a list that Shopify answers, of 250 products each."""

PER_PAGE = 2
"""Products of a page of this shop, so that few are many."""

LISTED = PAGES * PER_PAGE
"""Products that its list shows."""


def handle_of(number: int) -> str:
    return f"coat-{number}" if number % 2 else f"mäntel-{number}"


def product(number: int) -> dict[str, Any]:
    return listed_product(number, colours=("Black",)) | {"handle": handle_of(number)}


def lists(numbers: Sequence[int], answers_since: bool = False) -> dict[str, Route]:
    """Return the list of a shop, newest products first, and, if it ``answers_since``, in the order of ids."""
    newest, oldest = sorted(numbers, reverse=True), sorted(numbers)

    def answer(asked: Asked) -> Answer:
        if "since_id" in asked.query and answers_since:
            after = [number for number in oldest if number > int(asked.query["since_id"])]
            return as_json({"products": [product(number) for number in after[:60]]})
        page = int(asked.query.get("page", "1"))
        if page > PAGES:
            return Answer('{"errors": "Page * Limit exceeds the 25000 limit."}', 400, kind="application/json")
        shown = newest[(page - 1) * PER_PAGE : page * PER_PAGE]
        return as_json({"products": [product(number) for number in shown]})

    return {"/products.json": answer}


def sitemaps(url: str, numbers: Sequence[int]) -> dict[str, Route]:
    """Return the sitemaps of a shop, in two languages."""
    named = [f"{url}/products/{quote(handle_of(number))}" for number in numbers]
    return {
        "/sitemap.xml": as_xml(
            sitemap_index(
                f"{url}/sitemap_products_1.xml?from=1&amp;to=2",
                f"{url}/sitemap_pages_1.xml",
                f"{url}/de/sitemap_products_1.xml?from=1&amp;to=2",
            )
        ),
        "/sitemap_products_1.xml": as_xml(sitemap(f"{url}/", *named)),
        "/de/sitemap_products_1.xml": as_xml(sitemap(*(each.replace("/products/", "/de/products/") for each in named))),
    }


def collections(members: Mapping[str, Sequence[int]]) -> dict[str, Route]:
    """Return the list of the collections of a shop, and the list of each."""
    named = [{"id": 1, "handle": name, "products_count": len(numbers)} for name, numbers in members.items()]
    routes: dict[str, Route] = {
        "/collections.json": lambda asked: as_json({"collections": named if asked.query["page"] == "1" else []})
    }
    for name, numbers in members.items():
        routes[f"/collections/{name}/products.json"] = lists(numbers)["/products.json"]
    return routes


def single(number: int) -> dict[str, Route]:
    """Return a product alone, as ``/products/HANDLE.js`` has it: prices in hundredths, images without variants."""
    listed = product(number)
    image = listed["images"][0]["src"].removeprefix("https:")
    variants = [
        variant | {"price": 119900, "compare_at_price": 149900, "featured_image": {"src": image, "variant_ids": []}}
        for variant in listed["variants"]
    ]
    answer = listed | {"type": listed["product_type"], "variants": variants, "images": [image]}
    del answer["product_type"]
    return {f"/products/{quote(handle_of(number))}.js": Answer(json.dumps(answer), kind="text/javascript")}
