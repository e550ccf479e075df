"""A local WooCommerce shop: its Store API answers as the documentation of WooCommerce says."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.shop_server import Answer, Asked, Route, as_json

API = "/wp-json/wc/store/v1/products"

Node = dict[str, Any]


def prices(price: str, regular: str = "", currency: str = "EUR", decimals: int = 2) -> Node:
    """Return prices in units of the shop's decimals."""
    return {
        "price": price,
        "regular_price": regular or price,
        "sale_price": price,
        "price_range": None,
        "currency_code": currency,
        "currency_symbol": "€",
        "currency_minor_unit": decimals,
    }


def simple(number: int, **fields: Any) -> Node:
    """Return a product without variations."""
    return {
        "id": number,
        "name": f"Scarf &amp; shawl {number}",
        "parent": 0,
        "type": "simple",
        "variation": "",
        "permalink": f"https://ono.example/product/scarf-{number}/",
        "prices": prices("1999"),
        "images": [
            {"id": number, "src": f"https://ono.example/{number}.jpg", "thumbnail": "https://ono.example/t.jpg"}
        ],
        "categories": [
            {"id": 1, "name": "Sale", "slug": "sale", "link": "https://ono.example/product-category/sale/"},
            {
                "id": 3,
                "name": "Scarves",
                "slug": "scarves",
                "link": "https://ono.example/product-category/men/scarves/",
            },
            {"id": 2, "name": "Men", "slug": "men", "link": "https://ono.example/product-category/men/"},
        ],
        "brands": [{"id": 5, "name": "Ono", "slug": "ono"}],
        "attributes": [],
        "variations": [],
        "is_in_stock": True,
    } | fields


def variable(number: int, colours: Sequence[str] = ("Red", "Dark Blue"), sizes: Sequence[str] = ("S", "M")) -> Node:
    """Return a product with a variation for each colour and size, named by the slugs of their terms."""
    attributes = [
        {"id": 1, "name": "Color", "taxonomy": "pa_color", "has_variations": True, "terms": _terms(colours)},
        {"id": 2, "name": "Size", "taxonomy": "pa_size", "has_variations": True, "terms": _terms(sizes)},
    ]
    pairs = [(colour, size) for colour in colours for size in sizes]
    variations = [
        {
            "id": number * 100 + position,
            "attributes": [{"name": "Color", "value": _slug(colour)}, {"name": "Size", "value": _slug(size)}],
        }
        for position, (colour, size) in enumerate(pairs)
    ]
    return simple(number, type="variable", name=f"Coat {number}", attributes=attributes, variations=variations)


def variation(parent: Node, position: int, price: str = "8900", in_stock: bool = True, **fields: Any) -> Node:
    """Return one of a product's variations, which the list has as a product of its own."""
    named = parent["variations"][position]
    colour = named["attributes"][0]["value"]
    image = {"id": 1, "src": f"https://ono.example/{parent['id']}-{colour}.jpg"}
    own = {"id": named["id"], "parent": parent["id"], "type": "variation", "variations": [], "attributes": []}
    return simple(0) | own | {"prices": prices(price), "is_in_stock": in_stock, "images": [image]} | fields


def store_api(products: Sequence[Node], variations: Sequence[Node] = ()) -> dict[str, Route]:
    """Return the routes of a shop: pages, filters and headers as WordPress has them."""

    def answer(asked: Asked) -> Answer:
        listed: Sequence[Mapping[str, Any]] = products
        if asked.query.get("type") == "variation":
            parents = asked.query["parent"].split(",")
            listed = [entry for entry in variations if str(entry["parent"]) in parents]
        size, page = int(asked.query["per_page"]), int(asked.query["page"])
        fields = asked.query["_fields"].split(",")
        shown = [
            {name: value for name, value in entry.items() if name in fields}
            for entry in sorted(listed, key=lambda entry: int(entry["id"]))[(page - 1) * size : page * size]
        ]
        headers = {"X-WP-Total": str(len(listed)), "X-WP-TotalPages": str(-(-len(listed) // size))}
        return Answer(as_json(shown).body, headers=headers, kind="application/json")

    return {API: answer}


def _terms(names: Sequence[str]) -> list[Node]:
    return [{"id": number, "name": name, "slug": _slug(name)} for number, name in enumerate(names)]


def _slug(name: str) -> str:
    return name.casefold().replace(" ", "-")
