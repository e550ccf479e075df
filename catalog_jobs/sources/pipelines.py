"""Turning what parsers find into the catalog's items, each once."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from catalog_jobs.catalog.item import CatalogItem, read_item
from catalog_jobs.sources.items import LeftOut, ScrapedProduct
from catalog_jobs.sources.shops import Shop
from closetspace.errors import InvalidInput

SEEN_BEFORE = "it came before"


@dataclass(frozen=True)
class Defaults:
    """What holds for every item of a source. ``prefix`` makes its ids, and its groups, unique in the catalog."""

    source: str
    prefix: str = ""
    brand: str = ""
    gender: str = ""
    currency: str = ""
    categories: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None

    @classmethod
    def of_shop(cls, shop: Shop) -> "Defaults":
        """As the shop's configuration says."""
        return cls(
            source=shop.name,
            prefix=f"{shop.name}:",
            brand=shop.brand,
            gender=shop.gender,
            currency=shop.currency,
            categories=shop.categories,
            limit=shop.limit,
        )


class Gathering:
    """The items of one source in one run, ids unique, and the count of what could not be used."""

    def __init__(self, defaults: Defaults, now: datetime) -> None:
        self._defaults = defaults
        self._now = now
        self._seen: set[str] = set()
        self.left_out: Counter[str] = Counter()

    @property
    def full(self) -> bool:
        """Whether there are as many items as were asked for."""
        return self._defaults.limit is not None and len(self._seen) >= self._defaults.limit

    def take(self, found: ScrapedProduct | LeftOut) -> CatalogItem | None:
        """The item, or None, counted, where it is none that can be used."""
        if self.full:
            return None
        item = found if isinstance(found, LeftOut) else self._item(found)
        if isinstance(item, LeftOut):
            self.left_out[item.reason] += 1
            return None
        self._seen.add(item.id)
        return item

    def _item(self, found: ScrapedProduct) -> CatalogItem | LeftOut:
        if not found.id or not found.name:
            return LeftOut("it has no name" if found.id else "it has no id")
        defaults = self._defaults
        told = asdict(found) | {
            "id": f"{defaults.prefix}{found.id}",
            "group": f"{defaults.prefix}{found.group}" if found.group else "",
            "brand": found.brand or defaults.brand,
            "gender": found.gender or defaults.gender,
            "currency": found.currency or defaults.currency,
            "category": self._category(found),
        }
        try:
            item = read_item(self._now, source=defaults.source, **told)
        except InvalidInput as exc:
            return LeftOut(exc.message.rstrip("."))
        except ValueError:
            # Half a surrogate pair, which JSON can spell and no encoding can write.
            return LeftOut("its text is not Unicode")
        return LeftOut(SEEN_BEFORE) if item.id in self._seen else item

    def _category(self, found: ScrapedProduct) -> str:
        for pattern, category in self._defaults.categories.items():
            if re.search(pattern, found.category, re.IGNORECASE) or re.search(pattern, found.url, re.IGNORECASE):
                return category
        return found.category
