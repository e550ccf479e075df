"""Downloads of photos from allowed hosts, limited in size and time."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx

from closetspace.domain.wardrobe.photo import is_allowed_url, photo_too_large, photo_url_not_allowed
from closetspace.errors import InvalidInput, Transient

MAX_REDIRECTS = 3

REDIRECTS = frozenset({301, 302, 303, 307, 308})

TEMPORARY = frozenset({403, 408, 425, 429})
"""Statuses that a later request may not get; hosts also answer 403 to requests that come too often."""


@dataclass(frozen=True)
class HttpPhotos:
    """`closetspace.ports.PhotoFetcher` over https.

    Every URL, redirects included, must be on an allowed host. ``max_bytes`` and ``max_seconds`` limit the whole
    download. ``transport`` replaces the network.
    """

    allowed_hosts: Collection[str]
    max_bytes: int
    max_seconds: float
    transport: httpx.AsyncBaseTransport | None = None

    def fetch(self, url: str) -> bytes:
        return asyncio.run(self._fetch_in_time(url))

    async def _fetch_in_time(self, url: str) -> bytes:
        try:
            # One timeout for all of it, because a timeout per read never stops a server that sends a byte at a time.
            async with (
                asyncio.timeout(self.max_seconds),
                httpx.AsyncClient(transport=self.transport) as client,
            ):
                return await self._follow(client, url)
        except TimeoutError as exc:
            raise Transient(f"the photo's server did not send it within {self.max_seconds:g} s") from exc
        except httpx.InvalidURL as exc:
            raise photo_url_not_allowed() from exc
        except httpx.HTTPError as exc:
            raise Transient(f"fetching a photo: {exc}") from exc

    async def _follow(self, client: httpx.AsyncClient, url: str) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            if not is_allowed_url(url, self.allowed_hosts):
                raise photo_url_not_allowed()
            # Undecoded bytes only, so that a small compressed body can't become a huge one.
            async with client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response:
                if response.status_code not in REDIRECTS:
                    return await self._body(response)
                url = _redirect(url, response.headers.get("location", ""))
        raise InvalidInput("photo_not_found", "The photo's address redirects too often. Upload the photo instead.")

    async def _body(self, response: httpx.Response) -> bytes:
        if response.status_code in TEMPORARY or response.status_code >= 500:
            raise Transient(f"the photo's server answered {response.status_code}")
        if response.status_code != 200:
            raise _not_found()
        data = bytearray()
        async for chunk in response.aiter_raw():
            data += chunk
            if len(data) > self.max_bytes:
                raise photo_too_large(self.max_bytes)
        return bytes(data)


def _redirect(url: str, location: str) -> str:
    """Return the absolute URL of a redirect. Raises `InvalidInput` if it leads nowhere."""
    try:
        target = urljoin(url, location)
    except ValueError as exc:
        raise _not_found() from exc
    if not location:
        raise _not_found()
    return target


def _not_found() -> InvalidInput:
    return InvalidInput("photo_not_found", "There is no photo at that address. Upload the photo instead.")
