"""Catalog images: from the store, or else downloaded from the shop, throttled and within limits; their thumbnails."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.sources.settings import user_agent
from closetspace.adapters.network.connecting import PublicNetwork
from closetspace.adapters.network.fetching import Fetcher, FetchLimits, host_of
from closetspace.domain.encoder.encoding import Picture
from closetspace.domain.index.pictures import LAST_THUMBNAIL, thumbnail_key, thumbnail_names
from closetspace.domain.retry import retry
from closetspace.errors import InvalidInput, NotFound, Transient
from closetspace.ports import ObjectStore
from closetspace.services.throttling import RateLimiter

A = TypeVar("A")
T = TypeVar("T")

log = logging.getLogger(__name__)

ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 1.0

LIMITS = FetchLimits(bytes=20_000_000, seconds=60.0)
"""For an image: shops show at most a few megabytes, and a server that sends single bytes must not block a worker."""

CONNECTIONS_PER_HOST = 4
INTERVAL_SECONDS = 0.02
"""The least time between two downloads from one host, for each task that downloads."""

HEADERS = {"Accept": "image/jpeg,image/png,image/webp", "Accept-Encoding": "identity"}


def failing_alone(work: Callable[[A], T]) -> Callable[[A], T]:
    """Return ``work`` with its transient failures as failures of one image: the next run retries it, and the others
    must not wait for it."""

    def attempt(argument: A) -> T:
        try:
            return work(argument)
        except Transient as error:
            raise InvalidInput("picture_unavailable", str(error)) from error

    return attempt


class ImageDecoder(NamedTuple):
    """Decodes an image, alone or with its thumbnails. Both raise `InvalidInput` for what is no image."""

    decode: Callable[[bytes], Picture]
    with_thumbnails: Callable[[bytes], tuple[Picture, Sequence[bytes]]]


def stored_thumbnails(store: ObjectStore) -> set[str]:
    """Return the keys of all images with thumbnails, by one listing."""
    names = (stat.name for stat in store.list(LAST_THUMBNAIL))
    return {thumbnail_key(name.removeprefix(LAST_THUMBNAIL)) for name in names}


@dataclass(frozen=True)
class CatalogImages:
    """Reads images from the store. Missing ones are downloaded once and stored, and so are their thumbnails.

    The store is public, so nothing is stored before it is decoded: a page of an internal server never is. The bytes
    are stored as they came, since they are public already, under a name without a suffix, which no browser takes for a
    page. An image whose last thumbnail is stored has all of them.
    """

    store: ObjectStore
    download: Callable[[str], bytes]
    decoder: ImageDecoder

    @cached_property
    def with_thumbnails(self) -> set[str]:
        """The keys of the images that have thumbnails. Ask once before threads do: from Python 3.12 on, each would list
        the store."""
        return stored_thumbnails(self.store)

    def read(self, item: CatalogItem) -> Picture:
        """Return an item's picture, and make its thumbnails if it has none and can be scaled down.

        Raises `InvalidInput` if it is unavailable.
        """
        if thumbnail_key(item.image) in self.with_thumbnails:
            return self._read(item, lambda data: (self.decoder.decode(data), ()))
        return self._read(item, lambda data: self._decode(item, data))

    def make_thumbnails(self, item: CatalogItem) -> None:
        """Make the thumbnails of an item's image. Raises `InvalidInput` if there can be none."""
        self._read(item, self.decoder.with_thumbnails)

    def _decode(self, item: CatalogItem, data: bytes) -> tuple[Picture, Sequence[bytes]]:
        try:
            return self.decoder.with_thumbnails(data)
        except InvalidInput as error:
            picture = self.decoder.decode(data)
            log.warning("an image has no thumbnails: %s: %s", item.id, error.message)
            return picture, ()

    def _read(self, item: CatalogItem, decode: Callable[[bytes], tuple[Picture, Sequence[bytes]]]) -> Picture:
        try:
            data, is_stored = self.store.read(item.image), True
        except NotFound:
            data, is_stored = self._download(item), False
        picture, thumbnails = decode(data)
        if not is_stored:
            self.store.write(item.image, data)
        if thumbnails:
            for name, thumbnail in zip(thumbnail_names(item.image), thumbnails, strict=True):
                self.store.write(name, thumbnail)
            self.with_thumbnails.add(thumbnail_key(item.image))
        return picture

    def _download(self, item: CatalogItem) -> bytes:
        if not item.image_urls:
            raise InvalidInput("picture_missing", "The image is not in the store: import the folder again.")
        return failing_alone(self.download)(item.image_urls[0])


@dataclass(frozen=True)
class _Host:
    """The limits of downloads from one host."""

    limiter: RateLimiter
    connections: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(CONNECTIONS_PER_HOST)
    )


@dataclass
class ImageDownloader:
    """Downloads images from public hosts, and from the ``private_hosts`` that the operator named.

    ``tasks`` is the number of processes that download at the same time.
    """

    private_hosts: Collection[str] = ()
    tasks: int = 1
    limits: FetchLimits = LIMITS
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        interval = INTERVAL_SECONDS * self.tasks
        self._hosts: dict[str, _Host] = defaultdict(lambda: _Host(RateLimiter(interval, self.clock, self.sleep)))
        headers = {"User-Agent": user_agent(), **HEADERS}
        self._fetcher = Fetcher(self.limits, headers=headers, network=PublicNetwork(self.private_hosts))

    def __call__(self, url: str) -> bytes:
        """Return the image. Raises `InvalidInput` if there is none at the URL, `Transient` if a retry may succeed."""
        return retry(lambda: self._download(url), attempts=ATTEMPTS, first_pause=FIRST_PAUSE_SECONDS, sleep=self.sleep)

    def _download(self, url: str) -> bytes:
        host = self._hosts[host_of(url)]
        with host.connections:
            host.limiter.wait()
            try:
                return self._fetcher.fetch(url)
            except InvalidInput as exc:
                raise InvalidInput(f"picture_{exc.code}", exc.message) from exc
