"""Search pages that carry their results as JSON in a script: ``__INITIAL_CONFIG__ = {...}``, as Nordstrom's do."""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from catalog_jobs.sources.items import LeftOut, ScrapedProduct, id_of, joined, listed, pictures_of, text_of, variant_id
from catalog_jobs.sources.parsers.page import Page
from catalog_jobs.sources.parsers.prices import read_price

State = Mapping[str, Any]

MAIN = "main"
"""The group of the pictures that show the product itself, not how to wear or combine it."""

_MOST_NODES = 200_000
_MOST_ASSIGNMENTS = 10
_PRICES = ("minItemPrice", "minimumPrice", "minPrice", "lowPrice", "price", "amount")


def read_search_page(text: str, url: str, name: str, path: str = "") -> Page:
    """The results in the state that is assigned to ``name``, one for each colour that has a main picture.

    ``path`` names where in the state the results lie (``viewData.productResults``); without it they are searched for.
    """
    state = _state(text, name)
    if isinstance(state, str):
        return Page(unreadable=state)
    results = _at(state, path) if path else _results(state)
    products = results.get("productsById") if isinstance(results, dict) else None
    if not isinstance(results, dict) or not isinstance(products, dict):
        return Page(unreadable=f"{name} has no productResults")
    found = [one for product in products.values() for one in _colours(product, url)]
    return Page(tuple(found), pages=_page_count(results))


def _state(text: str, name: str) -> dict[str, Any] | str:
    """The JSON value after the assignment, or why there is none. What follows the value doesn't matter."""
    why = f"there is no {name}"
    assignments = re.finditer(rf"{re.escape(name)}[\"']?\]?\s{{0,20}}=\s{{0,20}}(?=\{{)", text)
    for match in islice(assignments, _MOST_ASSIGNMENTS):
        try:
            return dict(json.JSONDecoder(strict=False).raw_decode(text, match.end())[0])
        except (ValueError, RecursionError):
            why = f"{name} is broken or cut off"
    return why


def _at(state: Any, path: str) -> Any:
    for step in path.split("."):
        state = state.get(step) if isinstance(state, dict) else None
    return state


def _results(state: State) -> Any:
    """The first thing that has products by id, the shallowest first."""
    queue: deque[Any] = deque([state])
    for _ in range(_MOST_NODES):
        if not queue:
            break
        node = queue.popleft()
        if isinstance(node, dict):
            if isinstance(node.get("productsById"), dict):
                return node
            queue.extend(value for value in node.values() if isinstance(value, dict | list))
        else:
            queue.extend(value for value in node if isinstance(value, dict | list))
    return None


def _page_count(results: State) -> int:
    count = _at(results, "query.pageCount")
    return count if isinstance(count, int) and not isinstance(count, bool) and count > 0 else 1


def _colours(product: Any, url: str) -> Iterator[ScrapedProduct | LeftOut]:
    if not isinstance(product, dict) or not (product_id := id_of(product.get("id"))):
        yield LeftOut("a product has no id")
        return
    name = text_of(product.get("name"))
    if not name:
        yield LeftOut("a product has no name")
        return
    colours = _dictionary(product.get("colorsById")) or {"": {}}
    pictures = {key: _main_pictures(product, colour, url) for key, colour in colours.items()}
    if not any(pictures.values()):
        yield LeftOut("a product has no main picture")
    for key, colour in colours.items():
        if pictures[key]:
            yield _found(product, product_id, name, key, _dictionary(colour), pictures[key], url)
        elif any(pictures.values()):
            yield LeftOut("a colour has no main picture")


def _found(
    product: State, product_id: str, name: str, key: str, colour: State, pictures: tuple[str, ...], url: str
) -> ScrapedProduct:
    label = text_of(colour.get("label"))
    price, currency = _price(product.get("pricesById"))
    return ScrapedProduct(
        id=variant_id(product_id, id_of(colour.get("id")) or key),
        name=name,
        group=id_of(product.get("styleNumber")) or product_id,
        variant=label,
        brand=text_of(product.get("brandName")),
        category=text_of(product.get("productType") or product.get("category")),
        colours=tuple(part.strip() for part in label.split("/") if part.strip())[:5],
        price=price,
        currency=currency,
        available=product.get("isAvailable") is not False,
        url=joined(url, product.get("productPageUrl")),
        image_urls=pictures,
    )


def _main_pictures(product: State, colour: Any, url: str) -> tuple[str, ...]:
    media = _dictionary(product.get("mediaById"))
    ids = listed(_dictionary(colour).get("mediaIds")) if colour else list(media)
    shown = (_dictionary(media.get(text_of(media_id))) for media_id in ids)
    return pictures_of(url, [entry.get("src") for entry in shown if entry.get("group") == MAIN])


def _price(prices: Any) -> tuple[float | None, str]:
    """The lowest of a product's prices (its original one comes beside its current one)."""
    read = [price for entry in _dictionary(prices).values() if (price := _one_price(entry))[0] is not None]
    return min(read, key=lambda price: price[0] or 0, default=(None, ""))


def _one_price(entry: Any) -> tuple[float | None, str]:
    if not isinstance(entry, dict):
        return read_price(entry)
    currency = text_of(entry.get("currencyCode") or entry.get("currency"))
    if "units" in entry:
        # Whole units and billionths of one, as protocol buffers write money.
        whole, code = read_price(entry["units"], currency)
        part = read_price(entry.get("nanos"))[0] or 0.0
        return (None if whole is None else whole + part / 1e9), code
    value = next((entry[name] for name in _PRICES if entry.get(name) is not None), None)
    return _one_price(value) if isinstance(value, dict) and "units" in value else read_price(value, currency)


def _dictionary(value: Any) -> State:
    return value if isinstance(value, dict) else {}
