"""Parser for search pages with their results as JSON in a script: ``__INITIAL_CONFIG__ = {...}``, as Nordstrom's."""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.audiences import gender_in, gender_of
from catalog_jobs.sources.parsers.json_answers import count_of
from catalog_jobs.sources.parsers.state_prices import price_of_state
from catalog_jobs.sources.parsers.values import (
    absolute_url,
    as_list,
    id_of,
    image_urls_of,
    split_colours,
    text_of,
    variant_id,
)
from closetspace.domain.index.indexed_item import LeftOut

State = Mapping[str, Any]

MAIN = "main"
"""The group of images that show the product itself, not how to wear it."""

_MAX_NODES = 200_000
_MAX_ASSIGNMENTS = 10


def read_search_page(text: str, url: str, name: str, path: str = "") -> Page:
    """Return the results in the state that the script assigns to ``name``, one for each colour with a main image.

    ``path`` is where the results are in the state (``viewData.productResults``). Without it, they are searched for.
    """
    state = _state(text, name)
    if isinstance(state, str):
        return Page(unreadable=state)
    results = _at(state, path) if path else _search_results(state)
    products = results.get("productsById") if isinstance(results, dict) else None
    if not isinstance(results, dict) or not isinstance(products, dict):
        return Page(unreadable=f"{name} has no productResults")
    colours = tuple(colour for product in products.values() for colour in _colours(product, url))
    return Page(colours, pages=_page_count(results))


def _state(text: str, name: str) -> dict[str, Any] | str:
    """Return the JSON value that is assigned, or why it can't be read. Text after the value is ignored."""
    reason = f"there is no {name}"
    assignments = re.finditer(rf"{re.escape(name)}[\"']?\]?\s{{0,20}}=\s{{0,20}}(?=\{{)", text)
    for match in islice(assignments, _MAX_ASSIGNMENTS):
        try:
            return dict(json.JSONDecoder(strict=False).raw_decode(text, match.end())[0])
        except (ValueError, RecursionError):
            reason = f"{name} is broken or cut off"
    return reason


def _at(state: Any, path: str) -> Any:
    for step in path.split("."):
        state = state.get(step) if isinstance(state, dict) else None
    return state


def _search_results(state: State) -> Any:
    """Return the first object with ``productsById``, breadth first."""
    queue: deque[Any] = deque([state])
    for _ in range(_MAX_NODES):
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
    return count_of(_at(results, "query.pageCount")) or 1


def _colours(product: Any, url: str) -> Iterator[ScrapedProduct | LeftOut]:
    if not isinstance(product, dict) or not (product_id := id_of(product.get("id"))):
        yield LeftOut("", "a product has no id")
        return
    name = text_of(product.get("name"))
    if not name:
        yield LeftOut(product_id, "a product has no name")
        return
    colours = _dictionary(product.get("colorsById")) or {"": {}}
    images = {key: _main_images(product, colour, url) for key, colour in colours.items()}
    if not any(images.values()):
        yield LeftOut(product_id, "a product has no main image")
        return
    for key, colour in colours.items():
        if images[key]:
            yield _product(product, product_id, name, key, _dictionary(colour), images[key], url)
        else:
            yield LeftOut(product_id, "a colour has no main image")


def _product(
    product: State, product_id: str, name: str, key: str, colour: State, image_urls: tuple[str, ...], url: str
) -> ScrapedProduct:
    label = text_of(colour.get("label"))
    price, list_price = price_of_state(product)
    category = text_of(product.get("productType") or product.get("category"))
    return ScrapedProduct(
        id=variant_id(product_id, id_of(colour.get("id")) or key),
        name=name,
        group=id_of(product.get("styleNumber")) or product_id,
        variant=label,
        brand=text_of(product.get("brandName")),
        category=category,
        # The address of the list, up to its last part, is a category as well.
        gender=gender_of(product.get("gender")) or gender_in(category, f"{url.partition('?')[0]}/"),
        colours=split_colours(label),
        price=price.amount,
        list_price=list_price,
        currency=price.currency,
        in_stock=product.get("isAvailable") is not False and colour.get("isAvailable") is not False,
        url=absolute_url(url, product.get("productPageUrl")),
        image_urls=image_urls,
        remarks=price.remarks,
    )


def _main_images(product: State, colour: Any, url: str) -> tuple[str, ...]:
    media = _dictionary(product.get("mediaById"))
    ids = as_list(_dictionary(colour).get("mediaIds")) if colour else list(media)
    entries = (_dictionary(media.get(text_of(media_id))) for media_id in ids)
    return image_urls_of(url, [entry.get("src") for entry in entries if entry.get("group") == MAIN])


def _dictionary(value: Any) -> State:
    return value if isinstance(value, dict) else {}
