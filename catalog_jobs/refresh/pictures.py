"""Catalog pictures: from the store where they lie there, else from the shop, politely and within limits."""

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
from closetspace.errors import InvalidInput, NotFound, Transient
from closetspace.ports import ObjectStore

ATTEMPTS = 3
REDIRECTS = 3
MOST_BYTES = 20_000_000
TIMEOUT = httpx.Timeout(20, connect=10)
LONGEST_SECONDS = 60.0
"""Seconds for a whole picture: a server that sends a byte at a time does not hold a worker for longer."""

AT_ONCE = 4
"""Downloads from one host at the same time."""

LEAST_SECONDS = 0.02
"""Seconds between the beginnings of two downloads from one host, and that for each task that downloads."""

ACCEPTED = {"Accept": "image/jpeg,image/png,image/webp", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Pictures:
    """``download`` gets what the store lacks; it is stored, so that no run and no encoder asks the shop again."""

    store: ObjectStore
    download: Callable[[str], bytes]

    def of(self, item: CatalogItem) -> bytes:
        """An item's picture. Raises `InvalidInput` when it can't be had."""
        try:
            return self.store.read(item.image)
        except NotFound:
            if not item.image_urls:
                raise InvalidInput(
                    "picture_missing", "The picture is not in the store: import the folder again."
                ) from None
        try:
            data = self.download(item.image_urls[0])
        except Transient as error:
            # The item's turn comes again with the next run; the others' must not wait for it.
            raise InvalidInput("picture_unavailable", str(error)) from error
        self.store.write(item.image, data)
        return data


class _Host:
    """Downloads from one host, no more and no closer together than it can be asked for."""

    def __init__(self) -> None:
        self.places = threading.BoundedSemaphore(AT_ONCE)
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self, seconds: float) -> None:
        with self._lock:
            now = time.monotonic()
            pause, self._next = self._next - now, max(now, self._next) + seconds
        if pause > 0:
            time.sleep(pause)


@dataclass
class Downloads:
    """Pictures on the web. An address inside of our own network is refused, but for ``trusted`` hosts: those that the
    operator has configured."""

    trusted: Collection[str] = ()
    tasks: int = 1
    back_off: float = 1.0
    _hosts: dict[str, _Host] = field(default_factory=lambda: defaultdict(_Host), repr=False)
    _client: httpx.Client = field(default_factory=lambda: _new_client(), repr=False)

    def __call__(self, url: str) -> bytes:
        """Raises `InvalidInput` when there is no picture at the address, `Transient` when it may be there later."""
        for attempt in range(ATTEMPTS):
            try:
                return self._follow(url)
            except Transient:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(self.back_off * 2**attempt)
        raise AssertionError("every attempt returns or raises")

    def _follow(self, url: str) -> bytes:
        for _ in range(REDIRECTS + 1):
            host = self._checked(url)
            with host.places:
                host.wait(LEAST_SECONDS * self.tasks)
                answer = self._get(url)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
        raise InvalidInput("picture_not_found", "The picture's address leads in circles.")

    def _checked(self, url: str) -> _Host:
        try:
            parts = urlsplit(url)
            name, port = parts.hostname or "", parts.port
        except ValueError as exc:
            raise InvalidInput("picture_url_invalid", "The picture's address is none.") from exc
        if parts.scheme not in ("http", "https") or parts.username is not None:
            raise InvalidInput("picture_url_invalid", "The picture's address is not one of the web.")
        if name not in self.trusted and not _is_public(name, port or 443):
            raise InvalidInput("picture_url_not_allowed", f"{name} is not a host on the public internet.")
        return self._hosts[name]

    def _get(self, url: str) -> bytes | str:
        """The picture, or where it is instead."""
        until = time.monotonic() + LONGEST_SECONDS
        try:
            with self._client.stream("GET", url) as response:
                if response.is_redirect:
                    return str(response.headers.get("location", ""))
                _check_status(response.status_code)
                data = bytearray()
                for chunk in response.iter_raw():
                    data += chunk
                    if len(data) > MOST_BYTES:
                        raise InvalidInput("picture_too_large", f"The picture has more than {MOST_BYTES:,} bytes.")
                    if time.monotonic() > until:
                        raise Transient("the picture's server is too slow")
                return bytes(data)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as exc:
            raise InvalidInput("picture_url_invalid", "The picture's address is none.") from exc
        except httpx.HTTPError as exc:
            raise Transient(f"the picture's server does not answer: {exc or type(exc).__name__}") from exc


def _new_client() -> httpx.Client:
    return httpx.Client(timeout=TIMEOUT, headers={"User-Agent": user_agent(), **ACCEPTED})


def _check_status(status: int) -> None:
    if status == 429 or status >= 500:
        raise Transient(f"the picture's server answered {status}")
    if status != 200:
        raise InvalidInput("picture_not_found", f"The picture's server answered {status}.")


def _is_public(host: str, port: int) -> bool:
    try:
        found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as exc:
        raise Transient(f"{host} can't be found") from exc
    return all(ipaddress.ip_address(address[4][0]).is_global for address in found)
