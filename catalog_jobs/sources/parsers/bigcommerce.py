"""Parser for the product pages of BigCommerce's shops: schema.org data, and what the theme's script knows."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from parsel import Selector

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.json_answers import nested, read_exact_price
from catalog_jobs.sources.parsers.options import COLOUR_OPTIONS, SIZE_OPTIONS
from catalog_jobs.sources.parsers.prices import Price, read_price
from catalog_jobs.sources.parsers.structured import read_product_page
from catalog_jobs.sources.parsers.values import as_list, id_of, text_of

_STATE = re.compile(r"\bBCData\s{0,9}=\s{0,9}(?=\{)")
_MAX_STATES = 10
_TAXES = ("with_tax", "without_tax")
_BEFORE = ("non_sale_price", "rrp")
_MAX_VALUES = 500

State = Mapping[str, Any]


def read_product(text: str, url: str, currency: str = "", now: datetime | None = None) -> Page:
    """Return the product of a page. Its colours are one item: a page shows the prices and images of one of them.

    The script's price, its stock and its sizes count before those of the schema.org data, which themes fill in
    differently.
    """
    page = read_product_page(text, url, currency, now)
    state = _state(text)
    if not state or len(page.products) != 1 or not isinstance(page.products[0], ScrapedProduct):
        return page
    return replace(page, products=(_with_state(page.products[0], state, text, currency),))


def _state(text: str) -> State:
    """Return what the script says of the product's options, prices and stock; empty if it says nothing."""
    for start in [match.end() for match in _STATE.finditer(text)][:_MAX_STATES]:
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        attributes = nested(value, "product_attributes")
        if isinstance(attributes, dict):
            return attributes
    return {}


def _with_state(product: ScrapedProduct, state: State, text: str, currency: str) -> ScrapedProduct:
    options = _options(text)
    in_stock = {id_of(entry) for entry in as_list(state.get("in_stock_attributes"))}
    sizes = (
        value for name, values in options.items() if name in SIZE_OPTIONS for key, value in values if key in in_stock
    )
    colours = [value for name, values in options.items() if name in COLOUR_OPTIONS for _, value in values]
    changed = product._replace(
        in_stock=product.in_stock and state.get("instock") is not False and state.get("purchasable") is not False,
        sizes=tuple(dict.fromkeys(sizes)) or product.sizes,
        colours=product.colours or tuple(colours if len(colours) == 1 else ()),
    )
    tax = next((tax for tax in _TAXES if isinstance(nested(state, "price", tax), dict)), "")
    price = _price(state, tax, product.currency or currency)
    if price.amount is None:
        return changed
    before = (price.reduced_from(_price(state, f"{name}_{tax}", price.currency)) for name in _BEFORE)
    list_price = next((amount for amount in before if amount), None)
    return changed._replace(price=price.amount, list_price=list_price, currency=price.currency, remarks=())


def _price(state: State, name: str, currency: str) -> Price:
    """Return a price by its value, whose currency older themes name in the formatted price alone."""
    formatted = read_price(nested(state, "price", name, "formatted"), "", currency)
    written = text_of(nested(state, "price", name, "currency"))
    return read_exact_price(nested(state, "price", name, "value"), written or formatted.currency or currency)


def _options(text: str) -> dict[str, list[tuple[str, str]]]:
    """Return the values of the product's options with their ids, by the options' names."""
    if "data-product-attribute-value" not in text:
        return {}
    fields = Selector(text=text).xpath("//*[@data-product-attribute]")[:_MAX_VALUES]
    return {_label(field): list(_values(field)) for field in fields}


def _label(field: Selector) -> str:
    """Return the name in ``Size: (Required)``."""
    label = field.xpath("string(descendant::label[not(@data-product-attribute-value)])").get("")
    return re.split(r"[:(*]", text_of(label))[0].strip().casefold()


def _values(field: Selector) -> Iterator[tuple[str, str]]:
    for value in field.xpath("descendant::*[@data-product-attribute-value]")[:_MAX_VALUES]:
        title = value.xpath("descendant-or-self::*/@title").get("")
        yield value.attrib["data-product-attribute-value"], text_of(value.xpath("string()").get("")) or text_of(title)
