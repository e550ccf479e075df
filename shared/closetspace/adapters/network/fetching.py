"""Downloads over HTTP from public hosts, limited in bytes, time and redirects."""

import asyncio
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache, cached_property
from urllib.parse import urljoin, urlsplit

import httpcore
import httpx

from closetspace.adapters.network.addresses import is_plain_host
from closetspace.adapters.network.connecting import PublicNetwork, host_not_public
from closetspace.adapters.network.outcomes import PERMANENT_ERRORS, TRANSIENT_ERRORS, Outcome, outcome_of
from closetspace.errors import InvalidInput, Transient

TIMEOUTS = {"connect": 10.0, "read": 60.0, "write": 60.0}
"""Seconds for each address of a host, since the next one may answer, and for each pause within a download."""

NOT_MODIFIED = 304

KEPT_CONNECTIONS = 10
KEPT_SECONDS = 5.0
"""Idle connections: the images of a shop come from few hosts, one soon after the other."""


@dataclass(frozen=True)
class FetchLimits:
    """What one download may cost, all its redirects included."""

    bytes: int
    seconds: float
    redirects: int = 3


@dataclass(frozen=True)
class Validators:
    """What a server said of a file's state, empty if it said nothing (RFC 9110, 8.8)."""

    etag: str = ""
    last_modified: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The headers that ask for the file only if it has changed."""
        headers = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in headers.items() if value and value.isascii()}


def is_web_url(url: str, *, credentials: bool = False) -> bool:
    """Return whether a URL is one of http or https, with a host, a valid port and, unless allowed, no credentials."""
    try:
        parts = urlsplit(url)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    is_plain = has_port and (credentials or parts.username is None)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain


def host_of(url: str) -> str:
    """Return the host of a URL, for messages: the rest may contain a key."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


@dataclass(frozen=True)
class Fetcher:
    """Downloads files. Every URL, redirects included, has to pass ``allows``, and its host has to be public.

    A body arrives as it was sent: a compressed one stays compressed, so that a small body can't become a huge one.
    Proxies that the environment names are not used, because they would resolve names themselves. ``network`` and
    ``tls`` replace the network and the trusted certificates.
    """

    limits: FetchLimits
    allows: Callable[[str], bool] = is_web_url
    headers: Mapping[str, str] = field(default_factory=lambda: {"Accept-Encoding": "identity"})
    network: httpcore.AsyncNetworkBackend = field(default_factory=PublicNetwork)
    tls: Callable[[], ssl.SSLContext] = httpx.create_ssl_context

    def fetch(self, url: str) -> bytes:
        """Return the file at a URL. Raises as `fetch_to` does."""
        data = bytearray()
        self.fetch_to(url, data.extend)
        return bytes(data)

    def fetch_to(self, url: str, write: Callable[[bytes], object]) -> None:
        """Download the file at a URL and pass it to ``write`` piece by piece.

        Raises:
            InvalidInput: a later attempt would fail too. The codes are ``url_invalid``, ``url_not_allowed``,
                ``not_found`` and ``too_large``.
            Transient: a later attempt may succeed.
        """
        self.fetch_changed(url, write, Validators())

    def fetch_changed(self, url: str, write: Callable[[bytes], object], known: Validators) -> Validators | None:
        """Download a file as `fetch_to` does, unless it is still as ``known`` says.

        Returns its validators, or None if it has not changed.
        """
        download = asyncio.run_coroutine_threadsafe(self._fetch_in_time(url, write, known), _event_loop())
        try:
            return download.result()
        finally:
            download.cancel()

    @cached_property
    def _connections(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self.tls(),
            max_connections=None,
            max_keepalive_connections=KEPT_CONNECTIONS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=self.network,
        )

    async def _fetch_in_time(self, url: str, write: Callable[[bytes], object], known: Validators) -> Validators | None:
        try:
            # One timeout for all of it, because a timeout per read never stops a server that sends a byte at a time.
            async with asyncio.timeout(self.limits.seconds):
                return await self._follow(url, write, known.headers)
        except TimeoutError as exc:
            raise Transient(f"{host_of(url)} did not send it within {self.limits.seconds:g} s") from exc
        except TRANSIENT_ERRORS as exc:
            raise Transient(f"{host_of(url)} does not answer: {str(exc) or type(exc).__name__}") from exc
        except PERMANENT_ERRORS as exc:
            raise _url_invalid() from exc

    async def _follow(
        self, url: str, write: Callable[[bytes], object], conditions: Mapping[str, str]
    ) -> Validators | None:
        for _ in range(self.limits.redirects + 1):
            async with self._request(self._checked(url), conditions) as response:
                if conditions and response.status == NOT_MODIFIED:
                    return None
                match outcome_of(response.status):
                    case Outcome.SUCCESS:
                        await self._copy(response, write)
                        return Validators(_header(response, b"etag"), _header(response, b"last-modified"))
                    case Outcome.REDIRECT:
                        url = _redirect(url, response)
                    case Outcome.TRANSIENT:
                        raise Transient(f"{host_of(url)} answered {response.status}")
                    case Outcome.PERMANENT:
                        raise InvalidInput("not_found", f"{host_of(url)} answered {response.status}.")
        raise InvalidInput("not_found", "Too many redirects.")

    def _checked(self, url: str) -> httpx.URL:
        """Return the URL as it is read from here on. Raises `InvalidInput` if it may not be requested."""
        if not self.allows(url):
            raise _url_invalid()
        parsed = httpx.URL(url)
        if not self.allows(str(parsed)):
            raise _url_invalid()
        if not is_plain_host(parsed.raw_host.decode("ascii")):
            raise host_not_public(parsed.host)
        return parsed

    def _request(self, url: httpx.URL, conditions: Mapping[str, str]) -> AbstractAsyncContextManager[httpcore.Response]:
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        headers = [*self.headers.items(), *conditions.items()]
        if url.userinfo:
            # Only for the URL that has them: a redirect to another host gets none.
            credentials = b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
            headers.append(("Authorization", f"Basic {credentials}"))
        return self._connections.stream("GET", target, headers=headers, extensions={"timeout": TIMEOUTS})

    async def _copy(self, response: httpcore.Response, write: Callable[[bytes], object]) -> None:
        size = 0
        async for piece in response.aiter_stream():
            size += len(piece)
            if size > self.limits.bytes:
                raise InvalidInput("too_large", f"It has more than {self.limits.bytes:,} bytes.")
            write(piece)


def _redirect(url: str, response: httpcore.Response) -> str:
    """Return the URL that a response redirects to. Raises `InvalidInput` if it leads nowhere."""
    location = _header(response, b"location", "utf-8")
    try:
        target = urljoin(url, location)
    except ValueError as exc:
        raise InvalidInput("not_found", "The redirect is not a valid URL.") from exc
    if not location:
        raise InvalidInput("not_found", "The redirect has no URL.")
    return target


def _header(response: httpcore.Response, name: bytes, encoding: str = "latin-1") -> str:
    value = next((value for other, value in response.headers if other.lower() == name), b"")
    return value.decode(encoding, errors="replace")


def _url_invalid() -> InvalidInput:
    return InvalidInput("url_invalid", "Not a valid http or https URL without credentials.")


_starting = threading.Lock()


def _event_loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of all downloads; it runs in a thread of its own.

    Unlike a loop for each download, it keeps connections, and a name server that hangs delays no one who gave up.
    """
    with _starting:
        return _started_loop()


@cache
def _started_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="downloads", daemon=True).start()
    return loop
