"""Catalog images: from the store, or else downloaded from the shop, throttled and within limits."""

import ipaddress
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import httpx

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.sources.settings import user_agent
from closetspace.domain.retry import retry
from closetspace.errors import InvalidInput, NotFound, Transient
from closetspace.ports import ObjectStore
from closetspace.services.throttling import RateLimiter

ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 1.0
MAX_REDIRECTS = 3
MAX_BYTES = 20_000_000
TIMEOUT = httpx.Timeout(20, connect=10)
MAX_SECONDS = 60.0
"""For a whole image: a server that sends single bytes must not block a worker."""

CONNECTIONS_PER_HOST = 4
INTERVAL_SECONDS = 0.02
"""The least time between two downloads from one host, for each task that downloads."""

HEADERS = {"Accept": "image/jpeg,image/png,image/webp", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class ImageReader:
    """Reads images from the store. Missing ones are downloaded once and stored."""

    store: ObjectStore
    download: Callable[[str], bytes]

    def read(self, item: CatalogItem) -> bytes:
        """Return the bytes of an item's image. Raises `InvalidInput` if they are unavailable."""
        try:
            return self.store.read(item.image)
        except NotFound:
            if not item.image_urls:
                raise InvalidInput(
                    "picture_missing", "The image is not in the store: import the folder again."
                ) from None
        try:
            data = self.download(item.image_urls[0])
        except Transient as error:
            # The next run retries the item. The others must not wait for it.
            raise InvalidInput("picture_unavailable", str(error)) from error
        self.store.write(item.image, data)
        return data


@dataclass(frozen=True)
class _Host:
    """The limits of downloads from one host."""

    limiter: RateLimiter
    connections: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(CONNECTIONS_PER_HOST)
    )


@dataclass
class ImageDownloader:
    """Downloads images from the web. Refuses private addresses, except ``trusted`` hosts, which the operator named.

    ``tasks`` is the number of processes that download at the same time.
    """

    trusted: Collection[str] = ()
    tasks: int = 1
    max_bytes: int = MAX_BYTES
    max_seconds: float = MAX_SECONDS
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        interval = INTERVAL_SECONDS * self.tasks
        self._hosts: dict[str, _Host] = defaultdict(lambda: _Host(RateLimiter(interval, self.clock, self.sleep)))
        self._client = httpx.Client(timeout=TIMEOUT, headers={"User-Agent": user_agent(), **HEADERS})

    def __call__(self, url: str) -> bytes:
        """Return the image. Raises `InvalidInput` if there is none at the URL, `Transient` if a retry may succeed."""
        return retry(lambda: self._download(url), attempts=ATTEMPTS, first_pause=FIRST_PAUSE_SECONDS, sleep=self.sleep)

    def _download(self, url: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            host = self._check(url)
            with host.connections:
                host.limiter.wait()
                answer = self._get(url)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
        raise InvalidInput("picture_not_found", "Too many redirects.")

    def _check(self, url: str) -> _Host:
        try:
            parts = urlsplit(url)
            name, port = parts.hostname or "", parts.port
        except ValueError as exc:
            raise InvalidInput("picture_url_invalid", "Not a valid image URL.") from exc
        if parts.scheme not in ("http", "https") or parts.username is not None:
            raise InvalidInput("picture_url_invalid", "The image URL is not an http or https URL without credentials.")
        if name not in self.trusted and not _is_public(name, port or 443):
            raise InvalidInput("picture_url_not_allowed", f"{name} is not a host on the public internet.")
        return self._hosts[name]

    def _get(self, url: str) -> bytes | str:
        """Return the image, or the URL that the server redirects to."""
        deadline = self.clock() + self.max_seconds
        try:
            with self._client.stream("GET", url) as response:
                if response.is_redirect:
                    return str(response.headers.get("location", ""))
                _check_status(response.status_code)
                data = bytearray()
                for chunk in response.iter_raw():
                    data += chunk
                    if len(data) > self.max_bytes:
                        raise InvalidInput("picture_too_large", f"The image has more than {self.max_bytes:,} bytes.")
                    if self.clock() > deadline:
                        raise Transient("the image's server is too slow")
                return bytes(data)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as exc:
            raise InvalidInput("picture_url_invalid", "Not a valid image URL.") from exc
        except httpx.HTTPError as exc:
            raise Transient(f"the image's server does not answer: {exc or type(exc).__name__}") from exc


def _check_status(status: int) -> None:
    if status == 429 or status >= 500:
        raise Transient(f"the image's server answered {status}")
    if status != 200:
        raise InvalidInput("picture_not_found", f"The image's server answered {status}.")


def _is_public(host: str, port: int) -> bool:
    try:
        addresses = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as exc:
        raise Transient(f"{host} can't be resolved") from exc
    return all(ipaddress.ip_address(address[4][0]).is_global for address in addresses)
