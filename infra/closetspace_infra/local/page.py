"""Serves the demo page: its files, its configuration, and the Firebase Web SDK of the npm package.

    with PageServer(config={...}) as page:
        print(page.url)

All responses are in one table that is made at the start, so no other file can be requested.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from threading import BoundedSemaphore, Thread
from types import TracebackType
from typing import Any, Self

from closetspace.errors import FailedPrecondition
from closetspace_infra.local.fireemu import FOLDER
from closetspace_infra.local.ports import HOST

SDK = FOLDER / "node_modules" / "firebase"
SDK_MODULES = ("app", "auth", "firestore", "storage", "functions")

_FILES = FOLDER / "page"
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_SDK_ORIGIN = re.compile(rb"https://www\.gstatic\.com/firebasejs/[^/'\"]+/")
_MOST_CONNECTIONS = 16  # a browser opens six
_SECONDS_PER_REQUEST = 10
_SECONDS_TO_NOTICE_THE_END = 0.05

_HEADERS = {
    # Styles and scripts come from here only; the emulators and their pictures are on other ports of this machine.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src 'self' http://{HOST}:*",
            f"img-src 'self' blob: data: http://{HOST}:*",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class _Served:
    content: bytes
    type: str


class PageServer:
    """The page on 127.0.0.1, served during a ``with`` block."""

    def __init__(self, *, config: Mapping[str, Any], sdk: Path = SDK, port: int = 0) -> None:
        """Read all files. Raises `FailedPrecondition` if the SDK is not installed.

        Args:
            config: the content of ``/config.json``: ``firebase`` (the Web SDK's configuration), ``emulators``
                (``host:port`` of auth, firestore, storage and functions), ``region``, and ``email`` and ``password`` to
                sign in with.
            sdk: the npm package ``firebase``.
            port: a free one if 0.
        """
        self._server = _Server((HOST, port), _pages() | _sdk(sdk) | {"/config.json": _json(config)})
        self._thread = Thread(target=self._server.serve_forever, args=(_SECONDS_TO_NOTICE_THE_END,), daemon=True)

    @property
    def url(self) -> str:
        """The page's URL."""
        return f"http://{HOST}:{self._server.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], table: Mapping[str, _Served]) -> None:
        super().__init__(address, _Handler)
        self.table = table
        self._room = BoundedSemaphore(_MOST_CONNECTIONS)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        self._room.acquire()  # further connections wait in the listen queue
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SECONDS_PER_REQUEST
    server_version, sys_version = "closetspace", ""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (named by the base class)
        """Log nothing: the console is the demo's."""

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def _answer(self) -> None:
        # DNS rebinding: another site's name that resolves to this machine must not read the page's configuration.
        if self.headers.get("Host") not in {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}:
            return self.send_error(HTTPStatus.FORBIDDEN)
        found = self.server.table.get(self.path.partition("?")[0])
        if found is None:
            return self.send_error(HTTPStatus.NOT_FOUND)
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", f"{found.type}; charset=utf-8")
        self.send_header("Content-Length", str(len(found.content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(found.content)
        return None


def _pages() -> dict[str, _Served]:
    files = [path for path in _FILES.iterdir() if path.suffix in _TYPES]
    table = {f"/{path.name}": _Served(path.read_bytes(), _TYPES[path.suffix]) for path in files}
    return table | {"/": table["/index.html"]}


def _sdk(package: Path) -> dict[str, _Served]:
    """Return the SDK's bundles for browsers, which import each other from this server instead of Google's."""
    table = {}
    for name in SDK_MODULES:
        file = package / f"firebase-{name}.js"
        if not file.is_file():
            raise FailedPrecondition(f"{file} is missing. Run `npm ci` in infra/local first.")
        table[f"/sdk/{file.name}"] = _Served(_SDK_ORIGIN.sub(b"/sdk/", file.read_bytes()), _TYPES[".js"])
    return table


def _json(config: Mapping[str, Any]) -> _Served:
    return _Served(json.dumps(config).encode(), "application/json")
