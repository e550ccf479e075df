"""The configuration of shops."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from catalog_jobs.sources.feeds.columns import FIELDS
from closetspace.adapters.network.fetching import is_web_url
from closetspace.errors import InvalidInput
from closetspace.validation import first_violation

SHIPPED = Path(__file__).with_name("shops.toml")
DEFAULT_STATE = "__INITIAL_CONFIG__"


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as exc:
        raise ValueError(f"{text!r} is not a regular expression: {exc}") from exc
    return text


def _web_url(text: str) -> str:
    if not is_web_url(text):
        raise ValueError(f"{text!r} is not a valid http or https URL without credentials")
    return text


def _feed_field(name: str) -> str:
    if name not in FIELDS:
        raise ValueError(f"feeds have no field {name}: there are {', '.join(FIELDS)}")
    return name


def _columns(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/]+\S*$", max_length=2_048), AfterValidator(_web_url)]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_pattern)]
FeedField = Annotated[str, AfterValidator(_feed_field)]
Columns = Annotated[tuple[Annotated[str, StringConstraints(min_length=1)], ...], BeforeValidator(_columns)]
Kind = Literal["structured", "embedded_state", "shopify", "woocommerce", "magento", "bigcommerce", "salesforce", "feed"]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Shop(BaseModel):
    """The configuration of one shop. docs/sources.md describes every setting.

    ``follow`` are regular expressions for the URLs of product pages, ``listings`` for pages with more links.
    ``categories`` maps regular expressions to categories: the first that matches the shop's category or the item's URL
    wins. ``columns`` maps the fields of a feed to the names of the columns that may have them. ``gender``, ``brand``
    and ``currency`` are defaults. ``least_yield`` is the share of its earlier items that the shop has to return; below
    it, its update stops.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    kind: Kind
    enabled: bool = True
    start_urls: tuple[Url, ...] = ()
    sitemap_urls: tuple[Url, ...] = ()
    feed: str = ""
    allowed_hosts: tuple[str, ...] = ()
    follow: tuple[Pattern, ...] = ()
    listings: tuple[Pattern, ...] = ()
    state: Annotated[str, StringConstraints(pattern=r"^[\w.$]+$")] = DEFAULT_STATE
    results_path: str = ""
    page_parameter: Annotated[str, StringConstraints(pattern=r"^\w+$")] = "page"
    store_view: Annotated[str, StringConstraints(pattern=r"^\w{0,64}$")] = ""
    categories: Mapping[Pattern, str] = Field(default_factory=dict)
    columns: Mapping[FeedField, Columns] = Field(default_factory=dict)
    gender: str = ""
    brand: str = ""
    currency: Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")] = ""
    limit: Annotated[int, Field(ge=1)] | None = None
    max_pages: Annotated[int, Field(ge=1)] = 20_000
    delay_seconds: Seconds = 1.0
    concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    retry_wait_seconds: Seconds = 2.0
    page_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    timeout_seconds: Annotated[float, Field(gt=0)] = 4 * 3_600.0
    obey_robots: bool = True
    scrapfly: bool = False
    least_yield: Annotated[float, Field(ge=0, le=1)] = 0.8

    @model_validator(mode="after")
    def _has_start(self) -> Self:
        needed = {
            "structured": ("start_urls or sitemap_urls", self.start_urls or self.sitemap_urls),
            "feed": ("feed", self.feed),
        }
        field, given = needed.get(self.kind, ("start_urls", self.start_urls))
        if not given:
            raise ValueError(f"a shop of kind {self.kind} needs {field}")
        return self


def read_shops(path: Path) -> dict[str, Shop]:
    """Return the shops in a TOML file by name. Raises `InvalidInput` that names the shop and the invalid field."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        raise InvalidInput("shops_missing", f"There is no file {path}: name the file that configures shops.") from exc
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise InvalidInput("shops_invalid", f"{path} can't be read as TOML: {exc}.") from exc
    shops = tables.pop("shops", {})
    if tables or not isinstance(shops, dict):
        raise InvalidInput("shops_invalid", f"{path} may only have tables named [shops.NAME].")
    return {name: _shop(name, fields, path) for name, fields in shops.items()}


def find_shop(shops: Mapping[str, Shop], name: str, file: Path) -> Shop:
    """Return the shop with a name. Raises `InvalidInput` that lists the names of ``file`` if there is none."""
    if name not in shops:
        raise InvalidInput("shop_unknown", f"{file} has no shop {name}: it has {', '.join(shops) or 'none'}.")
    return shops[name]


def _shop(name: str, fields: Any, path: Path) -> Shop:
    if not isinstance(fields, dict):
        raise InvalidInput("shops_invalid", f"{path}: shops.{name} has to be a table, [shops.{name}].")
    try:
        return Shop.model_validate({"name": name, **fields})
    except ValidationError as exc:
        raise InvalidInput("shops_invalid", f"{path}: [shops.{name}] {first_violation(exc).message}") from exc
