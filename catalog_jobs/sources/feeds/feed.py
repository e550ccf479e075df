"""Product feeds as shops make them for Google Merchant: XML or tables, here or on the web, packed or not."""

from collections.abc import Iterable
from datetime import datetime

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.source_result import Scraped
from catalog_jobs.sources.feeds.files import opened
from catalog_jobs.sources.feeds.rows import BrokenFeed, NoFeed, Row, read_rows
from catalog_jobs.sources.items import ScrapedProduct, pictures_of
from catalog_jobs.sources.parsers.prices import read_price
from catalog_jobs.sources.parsers.vocabulary import gender_of, is_available
from catalog_jobs.sources.pipelines import Defaults, Gathering
from catalog_jobs.sources.settings import user_agent
from closetspace.errors import InvalidInput

ANOTHER_SIZE = "it is another size of an item"
UNDECODED = "\ufffd"
_ACCEPTED = (
    "Accepted are RSS or Atom with Google Merchant's names (g:id, g:title, g:image_link), and TSV or CSV in UTF-8 "
    "with the columns id, title and image_link; each as it is or packed with gzip."
)


def read_feed(address: str, source: str, now: datetime, default_currency: str = "", prefix: str = "") -> Scraped:
    """Read a feed from a path or an address on the web; ids are the feed's own behind ``prefix``.

    Raises `InvalidInput` where it is no feed, `Transient` where it can't be fetched now. A feed that breaks in the
    middle gives what came before, and trouble.
    """
    return gather_feed(address, Defaults(source=source, prefix=prefix, currency=default_currency), now)


def gather_feed(address: str, defaults: Defaults, now: datetime) -> Scraped:
    """As `read_feed`, with all that a shop's configuration can say."""
    gathering, items = Gathering(defaults, now), _Items()
    trouble = ""
    try:
        with opened(address, user_agent()) as file:
            _read(read_rows(file), gathering, items)
    except NoFeed as exc:
        raise InvalidInput("feed_invalid", f"{address} is no product feed: {exc}. {_ACCEPTED}") from exc
    except (BrokenFeed, OSError) as exc:
        trouble = f"The feed could not be read to its end, {len(items.by_look)} items in: {exc}."
    if not items.by_look and not trouble:
        trouble = "The feed has no usable product."
    return Scraped(defaults.source, tuple(items.by_look.values()), dict(gathering.left_out), trouble)


class _Items:
    """Items by how they look: the rows of a product's sizes are one item, which is to be had if any of them is."""

    def __init__(self) -> None:
        self.by_look: dict[tuple[str, ...], CatalogItem] = {}

    def is_another_size(self, found: ScrapedProduct) -> bool:
        """Whether the look is here already; takes over that it can be had."""
        look = self._look(found)
        item = self.by_look.get(look)
        if item is not None and found.available and not item.available:
            self.by_look[look] = item.model_copy(update={"available": True})
        return item is not None

    def add(self, found: ScrapedProduct, item: CatalogItem) -> None:
        self.by_look[self._look(found)] = item

    def _look(self, found: ScrapedProduct) -> tuple[str, ...]:
        return (found.group, found.variant, *found.image_urls[:1]) if found.group else (found.id,)


def _read(rows: Iterable[Row], gathering: Gathering, items: _Items) -> None:
    for row in rows:
        if gathering.full:
            return
        found = found_in(row)
        if UNDECODED in found.id + found.name:
            gathering.left_out["its text is not UTF-8"] += 1
        elif found.group and items.is_another_size(found):
            gathering.left_out[ANOTHER_SIZE] += 1
        elif item := gathering.take(found):
            items.add(found, item)


def found_in(row: Row) -> ScrapedProduct:
    """What a row says, by the names of Google's specification of product data."""
    price, currency = _price(row)
    colour = _one(row, "color")
    return ScrapedProduct(
        id=_one(row, "id"),
        name=_one(row, "title"),
        group=_one(row, "item_group_id"),
        variant=colour,
        brand=_one(row, "brand"),
        category=_category(row),
        gender=gender_of(_one(row, "gender"), _one(row, "age_group")),
        colours=tuple(part.strip() for part in colour.split("/") if part.strip())[:5],
        price=price,
        currency=currency,
        available=is_available(_one(row, "availability")),
        url=_one(row, "link"),
        image_urls=pictures_of("", row.get("image_link", []) + row.get("additional_image_link", [])),
    )


def _one(row: Row, name: str) -> str:
    return row.get(name, [""])[0]


def _price(row: Row) -> tuple[float | None, str]:
    """What is to be paid: the sale's price where there is one."""
    usual, sale = read_price(_one(row, "price")), read_price(_one(row, "sale_price"))
    return (sale[0], sale[1] or usual[1]) if sale[0] is not None else usual


def _category(row: Row) -> str:
    """The last step of the shop's own path of categories, else of Google's."""
    path = _one(row, "product_type") or _one(row, "google_product_category")
    return path.rpartition(">")[2].strip()
