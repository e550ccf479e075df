"""Products on their way into the catalog: as their source describes them, and cleaned and validated."""

import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.index.pictures import IMAGES_FOLDER
from closetspace.errors import InvalidInput
from closetspace.validation import first_violation

MAX_TEXT = 1_000
"""Characters of a text field. No shop has a longer name."""

MAX_URL = 2_048
MAX_IMAGES = 30


class ScrapedProduct(NamedTuple):
    """One variant of a product as its source describes it, not yet validated.

    ``id`` and ``group`` are the source's own. ``price`` is the lowest that can be paid now, ``list_price`` the higher
    one that it is reduced from. ``sizes`` are those in stock. ``remarks`` are the reasons to count
    it although it is kept: faults that cost a field. A field that the source does not give is empty.
    """

    id: str
    name: str
    group: str = ""
    variant: str = ""
    brand: str = ""
    category: str = ""
    gender: str = ""
    colours: tuple[str, ...] = ()
    price: float | None = None
    list_price: float | None = None
    currency: str = ""
    in_stock: bool = True
    sizes: tuple[str, ...] = ()
    url: str = ""
    image_urls: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


# What is a URL without a closer look, as most are.
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?(?:[/?#][!-~]*)?|")

# Control characters, the byte order mark, and marks for line breaks.
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u200b\u2060\ufeff]")

_CACHED = 10_000
"""Texts that are kept with their clean form: a source repeats its brands, categories and colours a million times."""

_MAX_CACHED = 100
"""Characters of such a text."""


def clean_text(text: str) -> str:
    """Decode HTML entities, remove invisible characters, collapse whitespace and truncate to `MAX_TEXT`."""
    return _cached_clean(text) if len(text) <= _MAX_CACHED else _clean(text)


def _clean(text: str) -> str:
    if "&" in text:
        # Twice: text that is escaped in the page is often escaped again in the page's JSON.
        text = html.unescape(html.unescape(text))
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())[:MAX_TEXT]


_cached_clean = lru_cache(_CACHED)(_clean)


def _web_url(value: str) -> str:
    """Return the URL if a browser may open it, else ``""``: never a ``javascript:`` URL, for example."""
    if _PLAIN_URL.fullmatch(value):
        return value
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return ""
    return value.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def _web_urls(values: Iterable[str]) -> tuple[str, ...]:
    unique = dict.fromkeys([value if _PLAIN_URL.fullmatch(value) else _web_url(value) for value in values])
    return tuple([url for url in unique if url and len(url) <= MAX_URL][:MAX_IMAGES])


Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Amount = Annotated[float, Field(ge=0, lt=1e9, allow_inf_nan=False)]
WebUrl = Annotated[str, StringConstraints(max_length=MAX_URL, pattern=r"^(?i:https?://|$)")]


class CatalogItem(BaseModel):
    """One variant of one product of a source.

    ``id`` is unique in the catalog and stays the same from run to run. ``source`` is the shop's name in the
    configuration. ``group`` is the source's id of the product that this is a variant of, ``variant`` the difference
    between the variants (a colour, a style). ``category`` is the source's, ``predicted_category`` the encoder's, empty
    in a snapshot that was written before the item was embedded. ``image`` is the image's name in the catalog's store
    and changes if, and only if, the image does. ``missing_since`` is the first time that the source no longer had the
    item.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[Text, StringConstraints(min_length=1)]
    source: Annotated[Text, StringConstraints(min_length=1)]
    name: Annotated[Text, StringConstraints(min_length=1)]
    group: Text = ""
    variant: Text = ""
    brand: Text = ""
    category: Text = ""
    predicted_category: str = ""
    gender: Text = ""
    colours: tuple[Text, ...] = ()
    price: Amount | None = None
    list_price: Amount | None = None
    currency: Annotated[Text, StringConstraints(max_length=10)] = ""
    in_stock: bool = True
    sizes: tuple[Text, ...] = ()
    url: WebUrl = ""
    image_urls: tuple[WebUrl, ...] = ()
    image: Annotated[str, StringConstraints(pattern=rf"^{IMAGES_FOLDER}[0-9a-f]{{32}}(\.[a-z]+)?$")]
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    missing_since: AwareDatetime | None = None

    @property
    def content_key(self) -> str:
        """The digest of the fields that an embedding depends on: image, name and brand."""
        return content_key(self.image, self.name, self.brand)


def content_key(image: str, name: str, brand: str) -> str:
    """Return the digest of the fields that an embedding depends on: 32 hex digits."""
    return hashlib.sha256("\0".join((image, name, brand)).encode()).hexdigest()[:32]


def catalog_item(product: ScrapedProduct, source: str, seen: datetime, image: str = "", **changes: Any) -> CatalogItem:
    """Clean and validate a scraped product. Raises `InvalidInput` that names the invalid field.

    ``image`` names the image in the store. Without it, the first image URL identifies the image: shops publish a new
    image under a new URL. ``changes`` replace fields of the product.
    """
    try:
        fields = _cleaned(product._asdict() | changes)
        if not image:
            if not fields.get("image_urls"):
                raise InvalidInput("item_invalid", "image_urls: it has no image.")
            image = image_name(fields["image_urls"][0].encode())
        fields |= {"source": source, "image": image, "first_seen": seen, "last_seen": seen}
        return CatalogItem.model_validate(fields)
    except ValidationError as exc:
        raise InvalidInput("item_invalid", first_violation(exc, root="item").message) from exc
    except UnicodeEncodeError as exc:
        # JSON can spell half of a surrogate pair, but no encoding can write it.
        raise InvalidInput("item_invalid", "its text is not valid Unicode.") from exc


_UNIQUE = ("id", "name", "group")
_REPEATED = ("variant", "brand", "category", "gender", "currency")
_LISTS = ("colours", "sizes")
_AMOUNTS = ("price", "list_price")


def _cleaned(product: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that differ from a `CatalogItem`'s defaults: an item keeps their names, 2 KB of 4 if all do."""
    fields: dict[str, Any] = {}
    for name in _UNIQUE:
        if text := product[name]:
            # Not cached: they hardly repeat, and would drive out the texts that do.
            fields[name] = _clean(text)
    for name in _REPEATED:
        if text := product[name]:
            fields[name] = clean_text(text)
    for name in _LISTS:
        if texts := product[name]:
            fields[name] = tuple(map(clean_text, texts))
    for name in _AMOUNTS:
        if (amount := product[name]) is not None:
            fields[name] = amount
    if not product["in_stock"]:
        fields["in_stock"] = False
    if url := product["url"]:
        fields["url"] = _web_url(url)
    if urls := product["image_urls"]:
        fields["image_urls"] = _web_urls(urls)
    return fields


INDEXED_FIELDS = (
    *("id", "name", "brand", "category", "gender", "price", "list_price", "currency", "image_urls", "url", "group"),
    *("in_stock", "image"),
)
"""The fields that an index needs of an item."""


def indexed_item(item: ScrapedProduct | CatalogItem, stored_image_url: str = "", thumbnail: str = "") -> IndexedItem:
    """Return the item as an index holds it; ``stored_image_url`` is shown if the item has no image URL of its own.

    ``thumbnail`` is the key of its thumbnails, empty if it has none.
    """
    return IndexedItem(
        id=item.id,
        name=item.name,
        # Interned: these repeat, and an index is made of millions of items at once.
        brand=intern(item.brand),
        category=intern(item.category),
        gender=intern(item.gender),
        price=item.price,
        list_price=item.list_price,
        currency=intern(item.currency),
        src=item.image_urls[0] if item.image_urls else stored_image_url,
        url=item.url,
        group=item.group,
        in_stock=item.in_stock,
        thumbnail=thumbnail,
    )


def image_name(identity: bytes, suffix: str = "") -> str:
    """Return the name in the store of an image that ``identity``, its bytes or its URL, identifies."""
    return f"{IMAGES_FOLDER}{hashlib.sha256(identity).hexdigest()[:32]}{suffix.lower()}"
