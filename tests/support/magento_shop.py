"""A local Magento shop: its GraphQL interface answers queries by GET as the documentation of Adobe Commerce says."""

import json
from collections.abc import Sequence
from typing import Any

from tests.support.shop_server import Answer, Asked, Route, as_json

Node = dict[str, Any]


def price_range(final: float, regular: float | None = None, currency: str = "EUR") -> Node:
    """Return the prices of a product."""
    return {
        "minimum_price": {
            "regular_price": {"value": final if regular is None else regular, "currency": currency},
            "final_price": {"value": final, "currency": currency},
        }
    }


def simple(sku: str, price: float = 19.99, **fields: Any) -> Node:
    """Return a product without variants."""
    return {
        "__typename": "SimpleProduct",
        "sku": sku,
        "name": f"Scarf {sku}",
        "url_key": f"scarf-{sku}",
        "categories": [
            {"name": "Men", "level": 2, "breadcrumbs": None},
            {"name": "Scarves", "level": 3, "breadcrumbs": [{"category_name": "Men"}]},
        ],
        "stock_status": "IN_STOCK",
        "image": {"url": f"https://ono.example/media/{sku}.jpg"},
        "media_gallery": [
            {"url": f"https://ono.example/media/{sku}-2.jpg", "position": 2, "disabled": False},
            {"url": f"https://ono.example/media/{sku}-0.jpg", "position": 0, "disabled": True},
            {"url": f"https://ono.example/media/{sku}.jpg", "position": 1, "disabled": False},
        ],
        "price_range": price_range(price),
    } | fields


def configurable(sku: str, *variants: Any) -> Node:
    """Return a product with variants."""
    options = [{"attribute_code": "color", "label": "Farbe"}, {"attribute_code": "shoe_size", "label": "Size"}]
    return simple(sku, __typename="ConfigurableProduct", configurable_options=options, variants=list(variants))


def variant(colour: str, size: str, price: float, in_stock: bool = True, regular: float | None = None) -> Node:
    """Return a variant with a picture of its colour."""
    attributes = [{"code": "color", "label": colour}, {"code": "shoe_size", "label": size}]
    image = f"https://ono.example/media/{colour}.jpg"
    product = {
        "stock_status": "IN_STOCK" if in_stock else "OUT_OF_STOCK",
        "media_gallery": [{"url": image, "position": 1, "disabled": False}],
        "price_range": price_range(price, regular),
    }
    return {"attributes": attributes, "product": product}


def answer_of(items: Sequence[Any], total: int | None = None, pages: int = 1) -> Node:
    """Return an answer with products."""
    listed = {"total_count": len(items) if total is None else total, "page_info": {"total_pages": pages}}
    store = {"base_link_url": "https://ono.example/de/", "product_url_suffix": ".html"}
    return {"data": {"storeConfig": store, "products": {**listed, "items": items}}}


def graphql(products: Sequence[Node], counted_as: int = 1) -> dict[str, Route]:
    """Return the interface of a shop. Each product counts as several of the total, so that few are too many."""

    def answer(asked: Asked) -> Answer:
        variables = json.loads(asked.query["variables"])
        start, end = float(variables["from"]), float(variables.get("to", "inf"))
        found = [
            node
            for node in sorted(products, key=lambda node: str(node["name"]))
            if start <= node["price_range"]["minimum_price"]["final_price"]["value"] <= end
        ]
        size, page = variables["size"], variables["page"]
        pages = -(-len(found) // size)
        if page > pages > 0:
            return as_json({"errors": [{"message": f"currentPage value {page} specified is greater"}], "data": None})
        return as_json(answer_of(found[(page - 1) * size : page * size], len(found) * counted_as, pages))

    return {"/graphql": answer}
