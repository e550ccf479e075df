"""The address that was checked is the address that is connected to."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore
import pytest

from closetspace.adapters.network.connecting import PublicNetwork
from closetspace.adapters.network.fetching import Fetcher, FetchLimits
from closetspace.errors import InvalidInput, Transient

PUBLIC, ANOTHER = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\na photo"


class Stream(httpcore.AsyncMockStream):
    """A stream that notes the name whose certificate TLS would check, and what is sent."""

    def __init__(self, network: "Network", response: bytes) -> None:
        super().__init__([response])
        self.network = network

    async def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> Any:
        self.network.names.append(server_hostname)
        return self

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.network.sent += buffer


class Network(httpcore.AsyncNetworkBackend):
    """Notes the addresses that are connected to. ``silent`` ones do not answer."""

    def __init__(self, *responses: bytes, silent: Sequence[str] = ()) -> None:
        self.responses, self.silent = list(responses) or [RESPONSE], silent
        self.connected: list[str] = []
        self.names: list[str | None] = []
        self.sent = b""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.connected.append(host)
        if host in self.silent:
            raise httpcore.ConnectError("refused")
        return Stream(self, self.responses.pop(0) if len(self.responses) > 1 else self.responses[0])


class Answers:
    """A name server that gives its answers one after the other, and repeats the last one."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def fetcher(network: Network, resolver: Answers, **private: Any) -> Fetcher:
    return Fetcher(FetchLimits(1_000, 60), network=PublicNetwork(resolver=resolver, network=network, **private))


def test_checked_address_is_connected_to_and_tls_stays_on_the_name() -> None:
    network, resolver = Network(), Answers([PUBLIC])
    assert fetcher(network, resolver).fetch("https://Shop.example/1.jpg?a=b") == b"a photo"
    assert (network.connected, network.names, resolver.asked) == ([PUBLIC], ["shop.example"], ["shop.example"])
    assert network.sent.startswith(b"GET /1.jpg?a=b HTTP/1.1\r\nHost: shop.example\r\n")


def test_rebinding_name_reaches_nothing_internal() -> None:
    network, resolver = Network(), Answers([PUBLIC], ["127.0.0.1"])
    assert fetcher(network, resolver).fetch("https://rebinding.example/") == b"a photo"
    with pytest.raises(InvalidInput) as caught:
        fetcher(network, resolver).fetch("https://rebinding.example/")
    assert caught.value.code == "url_not_allowed"
    assert network.connected == [PUBLIC]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1", PUBLIC], ["64:ff9b::7f00:1"]])
def test_name_with_any_private_address_is_refused(addresses: list[str]) -> None:
    network = Network()
    with pytest.raises(InvalidInput) as caught:
        fetcher(network, Answers(addresses)).fetch("https://mixed.example/")
    assert caught.value.code == "url_not_allowed"
    assert network.connected == []


@pytest.mark.parametrize("location", ["http://127.0.0.1/", "//inside.example/", "https://0x7f.1/", "http://[::1]/a"])
def test_every_redirect_is_checked_again(location: str) -> None:
    redirect = f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
    network, resolver = Network(redirect, RESPONSE), Answers([PUBLIC], ["127.0.0.1"])
    with pytest.raises(InvalidInput) as caught:
        fetcher(network, resolver).fetch("https://shop.example/")
    assert caught.value.code == "url_not_allowed"
    assert network.connected == [PUBLIC]


def test_next_address_is_tried_if_one_does_not_answer() -> None:
    network = Network(silent=[ANOTHER])
    assert fetcher(network, Answers([ANOTHER, PUBLIC])).fetch("http://shop.example/") == b"a photo"
    assert network.connected == [ANOTHER, PUBLIC]
    with pytest.raises(Transient, match=r"shop\.example does not answer"):
        fetcher(network, Answers([ANOTHER])).fetch("http://shop.example/")


def test_name_without_an_address_is_transient() -> None:
    with pytest.raises(Transient, match="has no address"):
        fetcher(Network(), Answers([])).fetch("http://shop.example/")


def test_deadline_includes_the_name_server() -> None:
    class Silent(Answers):
        async def __call__(self, host: str, port: int) -> Sequence[str]:
            await asyncio.Event().wait()
            return await super().__call__(host, port)

    network = PublicNetwork(resolver=Silent([PUBLIC]), network=Network())
    with pytest.raises(Transient, match=r"shop\.example did not send it within 0\.01 s"):
        Fetcher(FetchLimits(1_000, seconds=0.01), network=network).fetch("http://shop.example/")


def test_redirects_count_in_the_limits_of_one_download() -> None:
    redirect = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    network = Network(redirect)
    with pytest.raises(InvalidInput, match="Too many redirects"):
        fetcher(network, Answers([PUBLIC])).fetch("http://shop.example/")
    assert network.sent.count(b"GET ") == 4


def test_named_private_host_is_reached_and_no_other() -> None:
    network, resolver = Network(), Answers(["10.0.0.1"])
    inside = fetcher(network, resolver, private_hosts={"inside.example"})
    assert inside.fetch("http://inside.example/feed") == b"a photo"
    with pytest.raises(InvalidInput, match="not a host on the public internet"):
        inside.fetch("http://also.inside.example/feed")
    assert network.connected == ["10.0.0.1"]


def test_socket_of_this_machine_is_refused() -> None:
    with pytest.raises(InvalidInput):
        asyncio.run(PublicNetwork().connect_unix_socket("/run/docker.sock"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "http:///x",
        "http://user@shop.example/",
        "http://shop.example:99999/",
        "http://[::1/",
        "http://shop.example:x/",
        "data:,x",
        f"http://{'a' * 70_000}/",
    ],
)
def test_invalid_url_is_refused_before_its_name_is_resolved(url: str) -> None:
    resolver = Answers([PUBLIC])
    with pytest.raises(InvalidInput) as caught:
        fetcher(Network(), resolver).fetch(url)
    assert caught.value.code == "url_invalid"
    assert resolver.asked == []


def test_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:3128")
    network = Network()
    fetcher(network, Answers([PUBLIC])).fetch("http://shop.example/")
    assert network.connected == [PUBLIC]
