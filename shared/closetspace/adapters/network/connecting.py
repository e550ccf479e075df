"""Connections to public addresses: a name is resolved once, and the address that was checked is connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any

import httpcore

from closetspace.adapters.network.addresses import is_public
from closetspace.errors import InvalidInput

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns the addresses of a host."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host as the system resolves them. Raises `OSError` if there are none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def host_not_public(host: str) -> InvalidInput:
    """Return the error for a host that is not on the public internet."""
    return InvalidInput("url_not_allowed", f"{host} is not a host on the public internet.")


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """A network of which only the public addresses can be reached.

    Names are resolved here and nowhere else, so there is no second answer of another address. TLS stays on the name.
    ``private_hosts`` may have any address. ``resolver`` and ``network`` replace the system's.
    """

    def __init__(
        self,
        private_hosts: Collection[str] = (),
        resolver: Resolver = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._private_hosts = frozenset(private_hosts)
        self._resolve = resolver
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers.

        Raises:
            InvalidInput: an address of the host is not public (``url_not_allowed``). One is enough: a name with
                addresses of both kinds is an attack or a mistake.
            OSError: the host has no address.
            httpcore.ConnectError, httpcore.ConnectTimeout: no address answers.
        """
        addresses = await self._resolve(host, port)
        if host not in self._private_hosts and not all(map(is_public, addresses)):
            raise host_not_public(host)
        problem: Exception = OSError(f"{host} has no address")
        for address in addresses:
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                problem = exc
        raise problem

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """Refuse: sockets of this machine are not on the public internet."""
        raise host_not_public(path)

    async def sleep(self, seconds: float) -> None:
        """Sleep on the wrapped network's clock."""
        await self._network.sleep(seconds)
