"""What a shop says of one thing that it sells, in one form whatever the shop."""

import hashlib
import html
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from closetspace.errors import InvalidInput

LONGEST_FIELD = 1_000
"""Characters. Nothing a shop calls a name is longer; what is, is not a name."""

LONGEST_URL = 2_048
MOST_PICTURES = 30
PICTURES = "catalog/images/"
"""Where pictures lie in the catalog's store."""


def cleaned(text: str) -> str:
    """Turn a shop's field into the text it means: no entities, no stray blanks, not longer than a name can be."""
    # Twice: what a page has already escaped is escaped again on its way into JSON.
    return " ".join(html.unescape(html.unescape(text)).split())[:LONGEST_FIELD]


def _text(value: Any) -> Any:
    return cleaned(value) if isinstance(value, str) else value


def _address(value: Any) -> Any:
    """An address that a browser may open; anything else, ``javascript:`` for one, is none."""
    if not isinstance(value, str):
        return value
    try:
        parts = urlsplit(value.strip())
    except ValueError:
        return ""
    return value.strip() if parts.scheme in ("http", "https") and parts.netloc else ""


def _addresses(values: Any) -> Any:
    if not isinstance(values, list | tuple):
        return values
    found = dict.fromkeys(_address(value) for value in values)
    return tuple(url for url in found if url and len(url) <= LONGEST_URL)[:MOST_PICTURES]


Text = Annotated[str, BeforeValidator(_text)]
Address = Annotated[str, BeforeValidator(_address), StringConstraints(max_length=LONGEST_URL)]


class CatalogItem(BaseModel):
    """One variant of one product, as its shop describes it.

    ``id`` stays the same from night to night and is unique in the catalog. ``source`` is the shop's name in the
    configuration. ``group`` is what the shop calls the product that this is a variant of, ``variant`` what tells it
    from the others (a colour, a style). ``category`` is the shop's, ``predicted_category`` the encoder's, empty
    before it has seen the item. ``image`` names the picture in the catalog's store: it changes when, and only when,
    the picture does. ``missing_since`` is when the shop was first seen without it.
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
    price: Annotated[float, Field(ge=0, lt=1e9, allow_inf_nan=False)] | None = None
    currency: Annotated[Text, StringConstraints(max_length=10)] = ""
    available: bool = True
    url: Address = ""
    image_urls: Annotated[tuple[str, ...], BeforeValidator(_addresses)] = ()
    image: Annotated[str, StringConstraints(pattern=rf"^{PICTURES}[0-9a-f]{{32}}(\.[a-z]+)?$")]
    first_seen: AwareDatetime
    last_seen: AwareDatetime
    missing_since: AwareDatetime | None = None

    @property
    def content_key(self) -> str:
        """The identity of what an encoder sees of it: picture, name and brand, 32 hex digits."""
        return hashlib.sha256("\0".join((self.image, self.name, self.brand)).encode()).hexdigest()[:32]


def read_item(seen: datetime, **fields: Any) -> CatalogItem:
    """An item as a source found it. Raises `InvalidInput` that names the field at fault.

    The picture is known by its first address where the source has not stored it itself (``image``): shops give a
    new picture a new address.
    """
    pictures = _addresses(fields.get("image_urls") or ())
    if pictures:
        fields.setdefault("image", stored_picture(pictures[0].encode()))
    if "image" not in fields:
        raise InvalidInput("item_invalid", "image_urls: it has no picture.")
    try:
        return CatalogItem(first_seen=seen, last_seen=seen, **fields)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "item"
        raise InvalidInput("item_invalid", f"{where}: {first['msg']}.") from exc


def stored_picture(identity: bytes, suffix: str = "") -> str:
    """The name in the store of a picture with this identity: its bytes, or its address."""
    return f"{PICTURES}{hashlib.sha256(identity).hexdigest()[:32]}{suffix.lower()}"
