"""Downloads of photos from allowed hosts, limited in size and time."""

from collections.abc import Collection
from functools import partial

import httpcore

from closetspace.adapters.network.connecting import PublicNetwork
from closetspace.adapters.network.fetching import Fetcher, FetchLimits
from closetspace.domain.wardrobe.photo import is_allowed_url, photo_too_large, photo_url_not_allowed
from closetspace.errors import InvalidInput


class HttpPhotos:
    """`closetspace.ports.PhotoFetcher` over https. Every URL, redirects included, must be on an allowed host."""

    def __init__(
        self, allowed_hosts: Collection[str], limits: FetchLimits, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._limits = limits
        self._fetcher = Fetcher(
            limits, allows=partial(is_allowed_url, allowed_hosts=allowed_hosts), network=network or PublicNetwork()
        )

    def fetch(self, url: str) -> bytes:
        try:
            return self._fetcher.fetch(url)
        except InvalidInput as exc:
            raise self._error(exc.code) from exc

    def _error(self, code: str) -> InvalidInput:
        if code == "too_large":
            return photo_too_large(self._limits.bytes)
        if code == "not_found":
            return InvalidInput("photo_not_found", "There is no photo at that address. Upload the photo instead.")
        return photo_url_not_allowed()
