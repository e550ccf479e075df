"""Parser for the product list of WooCommerce's Store API, ``/wp-json/wc/store/v1/products``."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from itertools import product as combinations
from typing import Any
from urllib.parse import urlsplit

from w3lib.url import add_or_replace_parameters

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.feeds.taxonomy import STEP
from catalog_jobs.sources.items import Page
from catalog_jobs.sources.parsers.json_answers import NOT_JSON, nested, objects_in, read_json
from catalog_jobs.sources.parsers.options import COLOUR_OPTIONS, LOOK_OPTIONS, SIZE_OPTIONS
from catalog_jobs.sources.parsers.prices import NO_PRICE, Price, read_minor_units
from catalog_jobs.sources.parsers.values import id_of, image_urls_of, text_of
from catalog_jobs.sources.parsers.variant_looks import Variant, looks_of_variants
from closetspace.domain.index.indexed_item import LeftOut

API = "/wp-json/wc/store/v1/products"

PAGE_SIZE = 100
"""The maximum of WordPress."""

_FIELDS = (
    *("id", "parent", "type", "name", "permalink", "prices", "is_in_stock", "images", "categories", "brands"),
    *("attributes", "variations"),
)
"""What we ask for: descriptions are most of an answer."""

NO_LIST = "it has no list of products"

_MAX_VARIANTS = 1_000
_BRAND = frozenset(("brand", "brands", "marke", "marque", "marca", "merk", "marka"))

Node = Mapping[str, Any]


def list_url(start: str, page: int, **parameters: str) -> str:
    """Return the URL of a page of the list, oldest products first: new ones so move none to another page.

    ``start`` is the URL of a shop or of its list; its parameters, such as a category, are kept.
    """
    address, mark, query = start.partition("?")
    if API not in address and "rest_route=" not in query:
        address = f"{address.rstrip('/')}{API}"
    paging = {"per_page": str(PAGE_SIZE), "page": str(page), "orderby": "id", "order": "asc"}
    shown = {"catalog_visibility": "catalog", "_fields": ",".join(_FIELDS)}
    return add_or_replace_parameters(f"{address}{mark}{query}", paging | shown | parameters)


def variations_url(start: str, parents: Sequence[str], page: int) -> str:
    """Return the URL of a page of the variations of some products."""
    return list_url(start, page, type="variation", parent=",".join(parents), catalog_visibility="any")


def ids_with_variations(text: str) -> list[str]:
    """Return the ids of the products of a page that have variations."""
    nodes = objects_in(read_json(text))
    return [node_id for node in nodes if objects_in(node.get("variations")) and (node_id := id_of(node.get("id")))]


def read_list(text: str, url: str, currency: str = "", variations: Sequence[Node] = ()) -> Page:
    """Return the products of a page of the list. A page without products ends the list.

    ``variations`` have their own prices, stock and images. Without them, a product is one item with the lowest price
    of all of them. Prices in ``currency``, the shop's, are preferred.
    """
    answer = read_json(text)
    if not isinstance(answer, list):
        return Page(unreadable=NO_LIST if isinstance(answer, dict) else NOT_JSON)
    by_parent: dict[str, dict[str, Node]] = {}
    for variation in variations:
        by_parent.setdefault(id_of(variation.get("parent")), {})[id_of(variation.get("id"))] = variation
    looks = (look for node in answer for look in _looks(node, by_parent, url, currency))
    return Page(tuple(looks))


def _looks(
    node: Any, by_parent: Mapping[str, Mapping[str, Node]], url: str, currency: str
) -> Iterator[ScrapedProduct | LeftOut]:
    product_id = id_of(node.get("id")) if isinstance(node, dict) else ""
    if not product_id:
        yield LeftOut("", "a product has no id")
        return
    if node.get("type") == "grouped":
        yield LeftOut(product_id, "it is a group of other products")
        return
    variants = list(islice(_variants(node, by_parent.get(product_id, {}), url), _MAX_VARIANTS))
    if variants:
        yield from looks_of_variants(_product(node, product_id, url), variants, currency)
    else:
        yield _product(node, product_id, url)


def _product(node: Node, product_id: str, url: str) -> ScrapedProduct:
    price, list_price = _price(node)
    attributes = objects_in(node.get("attributes"))
    terms = {_name(attribute): [*_terms(attribute).values()] for attribute in attributes}
    brands = [text_of(brand.get("name")) for brand in objects_in(node.get("brands"))]
    # Of the colours that one can choose, the images show one.
    chosen = {_name(attribute) for attribute in attributes if attribute.get("has_variations") is True}
    colours = [
        values for name, values in terms.items() if name in COLOUR_OPTIONS and (len(values) == 1 or name not in chosen)
    ]
    return ScrapedProduct(
        id=product_id,
        name=text_of(node.get("name")),
        group=product_id,
        brand=next(filter(None, (*brands, *(value for name in _BRAND & terms.keys() for value in terms[name]))), ""),
        category=_category(objects_in(node.get("categories"))),
        colours=tuple(next(iter(colours), ()))[:5],
        price=price.amount,
        list_price=list_price,
        currency=price.currency,
        in_stock=node.get("is_in_stock") is not False,
        url=text_of(node.get("permalink")),
        image_urls=image_urls_of(url, node.get("images")),
    )


def _variants(node: Node, variations: Mapping[str, Node], url: str) -> Iterator[Variant]:
    """Yield the variants that could be read; one for any colour or size is one for each."""
    terms = {_name(attribute): _terms(attribute) for attribute in objects_in(node.get("attributes"))}
    for named in objects_in(node.get("variations")):
        variation = variations.get(id_of(named.get("id")))
        if variation is None:
            continue
        price, list_price = _price(variation)
        options = [
            [(name, value) for value in _chosen(attribute, terms.get(name, {}))]
            for attribute in objects_in(named.get("attributes"))
            if (name := _name(attribute)) in LOOK_OPTIONS | SIZE_OPTIONS
        ]
        for combination in islice(combinations(*options), _MAX_VARIANTS):
            in_stock = variation.get("is_in_stock") is not False
            images = image_urls_of(url, variation.get("images"))
            yield Variant(dict(combination), price, list_price, in_stock, images)


def _chosen(attribute: Node, terms: Mapping[str, str]) -> Sequence[str]:
    """Return the values of a variation's attribute, which is a term's slug, a text, or empty for any value."""
    value = text_of(attribute.get("value"))
    return [terms.get(value, value)] if value else [*terms.values()] or [""]


def _name(attribute: Node) -> str:
    return text_of(attribute.get("name")).casefold()


def _terms(attribute: Node) -> dict[str, str]:
    """Return the names of an attribute's terms by their slugs."""
    return {text_of(term.get("slug")): text_of(term.get("name")) for term in objects_in(attribute.get("terms"))}


def _price(node: Node) -> tuple[Price, float | None]:
    """Return the price and the one that it is reduced from. Both are in units of ``currency_minor_unit`` decimals."""
    currency, decimals = text_of(nested(node, "prices", "currency_code")), nested(node, "prices", "currency_minor_unit")
    if not isinstance(decimals, int):
        return NO_PRICE, None
    price, regular = (
        read_minor_units(nested(node, "prices", name), decimals, currency) for name in ("price", "regular_price")
    )
    return price, price.reduced_from(regular)


def _category(categories: Sequence[Node]) -> str:
    """Return the path of the deepest category: of all that a product is in, those whose addresses begin its address."""
    names = {_path(text_of(each.get("link"))): text_of(each.get("name")) for each in categories}
    deepest = max(names, key=lambda path: path.count("/"), default="")
    steps = sorted(path for path in names if f"{deepest}/".startswith(f"{path}/"))
    return STEP.join(names[path] for path in steps)


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""
