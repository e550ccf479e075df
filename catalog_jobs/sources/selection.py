"""The sources of a refresh: a folder or feed that the operator names, or configured shops."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from catalog_jobs.catalog.folder import FolderProduct, read_folder
from catalog_jobs.catalog.item import CatalogItem, catalog_item, image_name
from catalog_jobs.catalog.left_out import count_reasons
from catalog_jobs.catalog.source import IMPORT, Source, SourceResult
from catalog_jobs.sources.feeds.feed import read_feed
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.runner import crawl, page_cache_store
from catalog_jobs.sources.settings import require_contact
from catalog_jobs.sources.shops import Shop, find_shop, read_shops
from closetspace.domain.index.indexed_item import LeftOut
from closetspace.domain.index.pictures import IMAGES_FOLDER
from closetspace.errors import ClosetspaceError, InvalidInput
from closetspace.ports import ObjectStore
from closetspace.services.embed_catalog import Progress

LEAST_YIELD = 0.85
"""The least yield of folders and feeds that the operator names."""

PAGES_FOLDER = "catalog/pages/"
"""Where the store keeps unreadable pages."""

UPLOADS_AT_ONCE = 8
"""Uploads wait for the network, not for the processor."""

PART = 8
"""Products that a thread reads one after another: handing over each one takes longer than reading it."""


@dataclass(frozen=True)
class FolderSource:
    """A folder with ``products.csv`` and ``images/``. New images go to the store, named by their bytes."""

    folder: Path
    store: ObjectStore
    limit: int | None = None
    name: str = IMPORT
    least_yield: float = LEAST_YIELD

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> SourceResult:
        catalog = read_folder(self.folder, self.limit)
        stored = {stat.name for stat in self.store.list(IMAGES_FOLDER)}
        items: list[CatalogItem] = []
        left_out = list(catalog.left_out)
        make_item = partial(self._item, now=now, stored=stored, dry_run=dry_run)
        parts = [catalog.products[start : start + PART] for start in range(0, len(catalog.products), PART)]
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            for made in pool.map(lambda part: list(map(make_item, part)), parts):
                items += [item for item in made if isinstance(item, CatalogItem)]
                left_out += [item for item in made if isinstance(item, LeftOut)]
                progress(len(items) + len(left_out) - len(catalog.left_out), len(catalog.products))
        return SourceResult(self.name, items, count_reasons(left_out))

    def _item(self, row: FolderProduct, now: datetime, stored: set[str], dry_run: bool) -> CatalogItem | LeftOut:
        data = row.image.read_bytes()
        image = image_name(data, row.image.suffix)
        try:
            item = catalog_item(row.product, self.name, now, image)
        except InvalidInput as error:
            return LeftOut(row.product.id, error.message)
        if image not in stored and not dry_run:
            self.store.write(image, data)
        return item


@dataclass(frozen=True)
class FeedSource:
    """A product feed, a file or a URL. ``page_cache`` is as that of `ShopSource`."""

    address: str
    page_cache: str | None = None
    name: str = IMPORT
    least_yield: float = LEAST_YIELD

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> SourceResult:
        cache = page_cache_store(None if dry_run else self.page_cache)
        result = read_feed(self.address, SourceDefaults(self.name), now, cache=cache)
        progress(len(result.items), len(result.items))
        return result


@dataclass(frozen=True)
class ShopSource:
    """A configured shop. Its failures do not affect other shops.

    Unreadable pages go to the store, for inspection. ``page_cache`` is the address of the store that keeps pages and
    feeds between runs, unless CLOSETSPACE_PAGE_CACHE names another one.
    """

    shop: Shop
    store: ObjectStore
    page_cache: str | None = None

    @property
    def name(self) -> str:
        return self.shop.name

    @property
    def least_yield(self) -> float:
        return self.shop.least_yield

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> SourceResult:
        with tempfile.TemporaryDirectory(prefix="closetspace-pages-") as folder:
            try:
                return crawl(self.shop, Path(folder), now, progress, None if dry_run else self.page_cache)
            except ClosetspaceError as error:
                return SourceResult(self.name, (), failure=str(error))
            finally:
                if not dry_run:
                    self._upload_pages(Path(folder), now)

    def _upload_pages(self, folder: Path, now: datetime) -> None:
        for page in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.store.write(f"{PAGES_FOLDER}{now:%Y%m%dT%H%M%SZ}/{page.relative_to(folder).as_posix()}", page)


@dataclass(frozen=True)
class SourceSelection:
    """What a refresh reads, and the store that it writes to. ``shop`` and ``source`` exclude each other.

    ``shops`` is the file that configures shops, ``shop`` the only shop to read, ``source`` a folder or a feed to read
    instead of shops.
    """

    store: str
    shops: Path
    shop: str | None = None
    source: str | None = None

    def sources(self, store: ObjectStore) -> list[Source]:
        """Return the sources to read. Raises `InvalidInput` if there are none, or if a public shop gets no contact."""
        if self.source is not None:
            return [self._named_source(self.source, store)]
        shops = read_shops(self.shops)
        enabled = [shop for shop in shops.values() if shop.enabled]
        selected = [find_shop(shops, self.shop, self.shops)] if self.shop else enabled
        if not selected:
            raise InvalidInput(
                "shops_missing",
                f"No shop is enabled in {self.shops}: configure one (see docs/sources.md), or give a folder or a feed"
                " with --source.",
            )
        require_contact(*(url for shop in selected for url in (*shop.start_urls, *shop.sitemap_urls, shop.feed)))
        return [ShopSource(shop, store, self.store) for shop in selected]

    def configured_shops(self) -> list[str] | None:
        """Return the names of all configured shops, or None if the refresh reads only some of them."""
        return None if self.source or self.shop else list(read_shops(self.shops))

    def _named_source(self, address: str, store: ObjectStore) -> Source:
        path = Path(address)
        if path.is_dir():
            return FolderSource(path, store)
        if urlsplit(address).scheme not in ("http", "https") and not path.is_file():
            raise InvalidInput("source_missing", f"{address} is neither a folder nor a feed: it does not exist.")
        require_contact(address)
        return FeedSource(address, self.store)
