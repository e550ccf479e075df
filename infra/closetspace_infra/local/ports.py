"""Ports and timeouts of the local stack."""

import socket
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Self

from closetspace.errors import FailedPrecondition

HOST = "127.0.0.1"
HANG_SECONDS = 300.0
"""The longest wait for anything on this machine; only a hang takes this long, however busy the machine is."""
PROBE_SECONDS = 2.0
"""The timeout of a request that finds out whether a process answers yet. It is repeated until it does or has ended."""


@dataclass(frozen=True)
class Ports:
    """One port per service; the defaults are those of the official Emulator Suite."""

    firestore: int = 8080
    auth: int = 9099
    storage: int = 9199
    functions: int = 5001
    ui: int = 4000

    @classmethod
    def free(cls, held: ExitStack) -> Self:
        """Return ports that are free, and keep them from other processes until ``held`` closes."""
        return cls(**{field.name: free_port(held) for field in fields(cls)})

    def require_free(self) -> None:
        """Raise `FailedPrecondition` with the first port that is in use."""
        for field in fields(self):
            port = getattr(self, field.name)
            with socket.socket() as probe:
                # As servers do: a port whose last connections are still closing is free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError as exc:
                    raise FailedPrecondition(
                        f"Port {port} ({field.name}) can't be used: {exc.strerror}. Stop what listens there, or use"
                        " free ports: closetspace local up --free-ports."
                    ) from exc

    def addresses(self) -> "Addresses":
        """Return the services' addresses."""
        return Addresses(**{field.name: f"{HOST}:{getattr(self, field.name)}" for field in fields(self)})


@dataclass(frozen=True)
class Addresses:
    """The services' addresses, as ``127.0.0.1:port``. The control API is on the port of Auth."""

    firestore: str
    auth: str
    storage: str
    functions: str
    ui: str


def free_port(held: ExitStack) -> int:
    """Return a free port, bound until ``held`` closes.

    The system gives a bound port neither to a server that takes any free port nor to an outgoing connection. A server
    that binds this port can still do so: its socket and this one set SO_REUSEADDR, and this one does not listen.
    """
    holder = held.enter_context(socket.socket())
    holder.bind((HOST, 0))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port: int = holder.getsockname()[1]
    return port
