"""Single requests to a shop outside of a crawl, as politely: robots.txt is obeyed, and requests wait for each other."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from protego import Protego

from catalog_jobs.sources.robots import NAME, TOO_SLOW, seconds_between_requests
from catalog_jobs.sources.settings import (
    MAX_PAGE_BYTES,
    MAX_ROBOTS_BYTES,
    MAX_WAIT_SECONDS,
    private_hosts,
    require_contact,
    user_agent,
)
from closetspace.adapters.network.connecting import PublicNetwork
from closetspace.adapters.network.fetching import Fetcher, FetchLimits, is_web_url
from closetspace.errors import InvalidInput, Transient

DELAY_SECONDS = 1.0
"""The least time between two requests to a host."""

_ASK = "ask the shop for permission."

_LIMITS = FetchLimits(MAX_PAGE_BYTES, seconds=60.0, redirects=5)


@dataclass
class PoliteClient:
    """Downloads pages of a shop one by one, each of them once. ``wait`` sleeps between two requests to a host."""

    limits: FetchLimits = _LIMITS
    delay_seconds: float = DELAY_SECONDS
    wait: Callable[[float], None] = time.sleep
    _robots: dict[str, Protego] = field(default_factory=dict)
    _requested: set[str] = field(default_factory=set)
    _bodies: dict[str, bytes] = field(default_factory=dict)

    def get(self, url: str) -> bytes:
        """Return what is at a URL.

        Raises:
            InvalidInput: robots.txt disallows the URL, the operator gave no contact, or a later attempt would fail too.
            Transient: a later attempt may succeed.
        """
        if not is_web_url(url):
            raise InvalidInput("url_invalid", f"{url} is not a valid http or https URL without credentials.")
        require_contact(url)
        self.robots(url)
        if url not in self._bodies:
            self._bodies[url] = self._fetch(url)
        return self._bodies[url]

    def robots(self, url: str) -> Protego:
        """Return the rules of the host of a URL; there are none if it has no robots.txt. Raises as `get` does."""
        root = urljoin(url, "/")
        if root not in self._robots:
            try:
                text = self._fetch(f"{root}robots.txt")[:MAX_ROBOTS_BYTES].decode("utf-8", errors="replace")
            except InvalidInput as exc:
                if exc.code != "not_found":
                    raise
                text = ""
            rules = Protego.parse(text)
            if seconds_between_requests(rules) > MAX_WAIT_SECONDS:
                raise InvalidInput("robots_disallowed", f"{url} can't be read, {TOO_SLOW}: {_ASK}")
            self._robots[root] = rules
        return self._robots[root]

    def is_allowed(self, url: str, page: str) -> bool:
        """Return whether a URL on a page leads to the same site, and robots.txt, if it was read, allows it."""
        try:
            self._check(url, urlsplit(page).hostname or "")
        except InvalidInput:
            return False
        return True

    def _fetch(self, url: str) -> bytes:
        host = urlsplit(url).hostname or ""
        if host in self._requested:
            self.wait(self._delay(url))
        self._requested.add(host)

        def allows(next_url: str) -> bool:
            self._check(next_url, host)
            return True

        headers = {"User-Agent": user_agent(), "Accept-Encoding": "identity"}
        try:
            return Fetcher(self.limits, allows, headers, PublicNetwork(private_hosts())).fetch(url)
        except InvalidInput as exc:
            raise InvalidInput(exc.code, f"{url} can't be read: {exc.message}") from exc
        except Transient as exc:
            raise Transient(f"{url} can't be read now, try again later: {str(exc).rstrip('.')}.") from exc

    def _delay(self, url: str) -> float:
        rules = self._robots.get(urljoin(url, "/"))
        return max(self.delay_seconds, seconds_between_requests(rules) if rules else 0.0)

    def _check(self, url: str, host: str) -> None:
        """Raise `InvalidInput` if a URL, or one that it redirects to, may not be requested."""
        rules = self._robots.get(urljoin(url, "/"))
        if not is_web_url(url) or not is_same_site(url, host):
            raise InvalidInput("url_not_allowed", f"it leads out of {host}.")
        if rules and not url.endswith("/robots.txt") and not rules.can_fetch(url, NAME):
            raise InvalidInput("robots_disallowed", f"robots.txt refuses it: {_ASK}")


def is_same_site(url: str, host: str) -> bool:
    """Return whether a URL is on a host or one of its subdomains; ``www.`` does not count."""
    return f".{urlsplit(url).hostname or ''}".endswith(f".{host.removeprefix('www.')}")
