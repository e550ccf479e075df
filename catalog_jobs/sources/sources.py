"""The sources there are: a folder, a feed, a configured shop."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalog_jobs.catalog.folder import read_folder
from catalog_jobs.catalog.item import PICTURES, CatalogItem, read_item, stored_picture
from catalog_jobs.catalog.source import IMPORT, Progress
from catalog_jobs.catalog.source_result import Scraped, by_reason
from catalog_jobs.sources.feeds.feed import read_feed
from catalog_jobs.sources.runner import crawl
from catalog_jobs.sources.shops import Shop
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.errors import ClosetspaceError, InvalidInput
from closetspace.ports import ObjectStore

LEAST_YIELD = 0.85
"""Of what is given by hand."""

PAGES = "catalog/pages/"
"""Where pages lie that could not be read."""

UPLOADS_AT_ONCE = 8
"""Uploads wait for the network, not for the processor."""


@dataclass(frozen=True)
class FolderSource:
    """``products.csv`` and ``images/``; new pictures go to the store as they are read, known by their bytes."""

    folder: Path
    store: ObjectStore
    limit: int | None = None
    name: str = IMPORT
    least_yield: float = LEAST_YIELD

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> Scraped:
        found = read_folder(self.folder, self.limit)
        stored = {stat.name for stat in self.store.list(PICTURES)}
        left_out = list(found.left_out)
        items: list[CatalogItem] = []
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            for done, read in enumerate(
                pool.map(lambda row: self._item(row[0], row[1], now, stored, dry_run), found.items), 1
            ):
                if isinstance(read, CatalogItem):
                    items.append(read)
                else:
                    left_out.append(read)
                progress(done, len(found.items))
        return Scraped(self.name, items, by_reason(left_out))

    def _item(
        self, item: IndexedItem, picture: Path, now: datetime, stored: set[str], dry_run: bool
    ) -> CatalogItem | tuple[str, str]:
        """The item, or its id and why it is none."""
        data = picture.read_bytes()
        image = stored_picture(data, picture.suffix)
        try:
            read = read_item(
                now,
                id=item.id,
                source=self.name,
                name=item.name,
                group=item.group,
                brand=item.brand,
                category=item.category,
                gender=item.gender,
                price=item.price,
                currency=item.currency,
                available=item.in_stock,
                url=item.url,
                image_urls=(item.src,) if item.src else (),
                image=image,
            )
        except InvalidInput as error:
            return item.id, error.message
        if image not in stored and not dry_run:
            self.store.write(image, data)
        return read


@dataclass(frozen=True)
class FeedSource:
    """A product feed that the operator named."""

    address: str
    name: str = IMPORT
    least_yield: float = LEAST_YIELD

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> Scraped:  # noqa: ARG002
        scraped = read_feed(self.address, self.name, now)
        progress(len(scraped.items), len(scraped.items))
        return scraped


@dataclass(frozen=True)
class ShopSource:
    """A configured shop. Whatever goes wrong with it is its own trouble, and no other shop's.

    Pages that could not be read are kept in the store, for a person to look at. ``page_cache`` is a folder of pages as
    they were last, where CLOSETSPACE_PAGE_CACHE names no other: a shop is only asked whether they have changed.
    """

    shop: Shop
    store: ObjectStore
    page_cache: Path | None = None

    @property
    def name(self) -> str:
        return self.shop.name

    @property
    def least_yield(self) -> float:
        return self.shop.least_yield

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> Scraped:
        with tempfile.TemporaryDirectory(prefix="closetspace-pages-") as folder:
            try:
                return crawl(self.shop, Path(folder), now, progress, None if dry_run else self.page_cache)
            except ClosetspaceError as error:
                return Scraped(self.name, (), trouble=str(error))
            finally:
                if not dry_run:
                    self._keep_pages(Path(folder), now)

    def _keep_pages(self, folder: Path, now: datetime) -> None:
        for page in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.store.write(f"{PAGES}{now:%Y%m%dT%H%M%SZ}/{page.relative_to(folder).as_posix()}", page)
