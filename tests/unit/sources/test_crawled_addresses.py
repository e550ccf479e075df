"""The crawler refuses the addresses that are not public, by name and as they are written."""

from collections.abc import Iterator
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import dnscache
from twisted.internet.error import DNSLookupError

from catalog_jobs.sources.addresses import NOT_PUBLIC, PublicHostMiddleware, PublicResolver

NAMES = {"shop.example": "93.184.215.14", "inside.example": "10.0.0.1", "metadata.example": "169.254.169.254"}


@pytest.fixture
def resolver() -> Iterator[PublicResolver]:
    """A resolver that has the names' addresses in its cache, as after an answer of the name server."""
    dnscache.update(NAMES)
    yield PublicResolver(reactor=None, cache_size=10, timeout=1)
    for name in NAMES:
        dnscache.pop(name)


def resolved(resolver: PublicResolver, name: str) -> Any:
    results: list[Any] = []
    resolver.getHostByName(name).addBoth(results.append)
    return results[0]


def test_public_address_is_resolved(resolver: PublicResolver) -> None:
    assert resolved(resolver, "shop.example") == "93.184.215.14"
    assert resolver.refused == set()


@pytest.mark.parametrize("name", ["inside.example", "metadata.example"])
def test_name_of_a_private_address_is_not_resolved(resolver: PublicResolver, name: str) -> None:
    assert resolved(resolver, name).check(DNSLookupError)
    assert resolver.refused == {name}


def test_rebound_name_is_refused_although_it_was_public(resolver: PublicResolver) -> None:
    assert resolved(resolver, "shop.example") == "93.184.215.14"
    dnscache["shop.example"] = "127.0.0.1"
    assert resolved(resolver, "shop.example").check(DNSLookupError)


def test_named_private_host_is_resolved(resolver: PublicResolver) -> None:
    resolver.private_hosts = frozenset({"inside.example"})
    assert resolved(resolver, "inside.example") == "10.0.0.1"
    PublicHostMiddleware(resolver).process_request(Request("http://inside.example/"))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://[64:ff9b::7f00:1]/",
        "http://shop.example./",
        "http://169.254.169.254/computeMetadata/v1/",
        "file:///etc/passwd",
        "data:,x",
    ],
)
def test_request_of_a_private_address_is_ignored(resolver: PublicResolver, url: str) -> None:
    with pytest.raises(IgnoreRequest, match=NOT_PUBLIC):
        PublicHostMiddleware(resolver).process_request(Request(url))


def test_failure_of_a_refused_name_is_explained_and_others_are_left_alone(resolver: PublicResolver) -> None:
    resolved(resolver, "inside.example")
    middleware = PublicHostMiddleware(resolver)
    with pytest.raises(IgnoreRequest, match=NOT_PUBLIC):
        middleware.process_exception(Request("http://inside.example/"), OSError())
    middleware.process_exception(Request("http://shop.example/"), OSError())
