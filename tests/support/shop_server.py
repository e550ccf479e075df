"""A local shop: a web server with answers by path that records its requests, and pages for it to serve."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request. ``query`` has the last value of each name, ``headers`` have lower-case names."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float


@dataclass(frozen=True)
class Answer:
    """A response, sent after ``wait`` seconds."""

    body: str | bytes = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "text/html; charset=utf-8"
    wait: float = 0.0


Route = Answer | Callable[[Asked], Answer]


class ShopServer:
    """Serves routes on 127.0.0.1 and a free port until the block ends. Other paths answer 404."""

    def __init__(self, routes: Mapping[str, Route] | None = None) -> None:
        self.routes: dict[str, Route] = dict(routes or {})
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def times_asked(self, path: str) -> int:
        return sum(asked.path == path for asked in self.asked)

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        route = self.routes.get(asked.path, Answer("not found", 404))
        return route if isinstance(route, Answer) else route(asked)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                headers = {name.casefold(): value for name, value in self.headers.items()}
                answer = shop.answer(Asked(parts.path, query, headers, time.monotonic()))
                time.sleep(answer.wait)
                body = answer.body.encode() if isinstance(answer.body, str) else answer.body
                self.send_response(answer.status)
                for name, value in {"Content-Type": answer.kind, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                try:
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    # The client closed the connection.
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                """Log nothing."""

        return Handler


def as_json(value: Any) -> Answer:
    return Answer(json.dumps(value), kind="application/json")


def as_xml(text: str | bytes) -> Answer:
    return Answer(text, kind="application/xml")


def sitemap(*addresses: str) -> str:
    entries = "".join(f"<url><loc>{address}</loc><lastmod>2026-11-01</lastmod></url>" for address in addresses)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'


def sitemap_index(*addresses: str) -> str:
    entries = "".join(f"<sitemap><loc>{address}</loc></sitemap>" for address in addresses)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</sitemapindex>'


def product_page(product: Any, before: str = "", after: str = "") -> str:
    """Return a page with ``product`` as its structured data: text unchanged, other values as JSON."""
    data = product if isinstance(product, str) else json.dumps(product)
    return (
        f"<!doctype html><html><head><title>A shop</title>{before}"
        f'<script type="application/ld+json">{data}</script></head><body>{after}</body></html>'
    )


def shirt(sku: str, **fields: Any) -> dict[str, Any]:
    """Return a product as most shops describe one in schema.org's vocabulary."""
    return {
        "@context": "https://schema.org/",
        "@type": "Product",
        "sku": sku,
        "name": f"Linen shirt {sku}",
        "brand": {"@type": "Brand", "name": "Ono"},
        "color": "Navy",
        "image": [f"/pictures/{sku}.jpg"],
        "offers": {
            "@type": "Offer",
            "price": "49.90",
            "priceCurrency": "EUR",
            "availability": "https://schema.org/InStock",
        },
    } | fields


def search_page(products: Mapping[str, Any], pages: int = 1, name: str = "__INITIAL_CONFIG__") -> str:
    """Return a search page like Nordstrom's, with its state in one of several scripts."""
    state = {
        "apiKeys": {"maps": "x"},
        "viewData": {"productResults": {"productsById": products, "query": {"pageCount": pages, "page": 1}}},
    }
    return (
        "<html><head><script>window.dataLayer = [];</script></head><body><div id='root'></div>"
        f"<script>window.{name} = {json.dumps(state)}; window.other = {{}};</script></body></html>"
    )


def dress(number: int, colours: int = 1, pictures: int = 2) -> dict[str, Any]:
    """Return a product of a search page, with its images distributed among its colours."""
    media = {
        f"m{picture}": {
            "src": f"https://pictures.example/{number}/{picture}.jpg",
            "group": "main" if picture < colours else "outfit",
        }
        for picture in range(pictures)
    }
    return {
        "id": number,
        "name": f"Dress {number} &amp;\r\n belt",
        "brandName": "Vela",
        "styleNumber": f"S{number}",
        "colorsById": {
            f"{number}{colour}": {
                "id": f"{number}{colour}",
                "label": f"Colour {colour}",
                "mediaIds": [f"m{picture}" for picture in range(colour, pictures, colours)],
            }
            for colour in range(colours)
        },
        "mediaById": media,
        "pricesById": {
            "original": {"minItemPrice": "129.00", "maxItemPrice": "129.00", "currencyCode": "USD"},
            "current": {"minItemPrice": "89.50", "maxItemPrice": "99.50", "currencyCode": "USD"},
        },
        "productPageUrl": f"/s/dress/{number}",
    }


def listed_product(number: int, colours: tuple[str, ...] = ("Black", "Sand"), available: bool = True) -> dict[str, Any]:
    """Return a product of a Shopify list with three sizes and an image for each colour."""
    variants = [
        {
            "id": number * 100 + colour * 10 + size,
            "option1": label,
            "option2": "SML"[size],
            "price": "1299.00" if size else "1199.00",
            "available": available and size == 2,
        }
        for colour, label in enumerate(colours)
        for size in range(3)
    ]
    images = [
        {
            "src": f"https://cdn.example/{number}-{colour}.jpg",
            "variant_ids": [number * 100 + colour * 10 + size for size in range(3)],
        }
        for colour in range(len(colours))
    ]
    return {
        "id": number,
        "title": f"Coat {number}",
        "handle": f"coat-{number}",
        "vendor": "Ono",
        "product_type": "Coats",
        "options": [{"name": "Colour", "position": 1}, {"name": "Size", "position": 2}],
        "variants": variants,
        "images": images,
    }
