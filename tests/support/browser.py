"""Pages in Chromium, and what they send."""

import json
import re
import shutil
import subprocess
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from closetspace_infra.local.ports import HOST
from tests.support.waiting import HANG_SECONDS

SDK_MODULES = ("app", "auth", "firestore", "storage", "functions")
SDK_ORIGIN = re.compile(r"https://www\.gstatic\.com/firebasejs/[^/'\"]+/")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def write_page(folder: Path, script: str, modules: dict[str, str], firebase: Path) -> None:
    """Write a page that runs a script, which may import the SDK of the package ``firebase`` and other modules."""
    (folder / "sdk").mkdir()
    for name in SDK_MODULES:
        file = f"firebase-{name}.js"
        (folder / "sdk" / file).write_text(SDK_ORIGIN.sub("/sdk/", (firebase / file).read_text()))
    imports = modules | {f"firebase/{name}": f"/sdk/firebase-{name}.js" for name in SDK_MODULES}
    (folder / "index.html").write_text(
        f'<!doctype html><script type="importmap">{json.dumps({"imports": imports})}</script>'
        f'<script type="module" src="{script}"></script>'
    )


class _Handler(SimpleHTTPRequestHandler):
    """Serves a folder, and keeps what is posted."""

    def __init__(self, posted: "SimpleQueue[Any]", *args: Any, **options: Any) -> None:
        self._posted = posted
        super().__init__(*args, **options)

    def do_POST(self) -> None:
        self._posted.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (named by the base class)
        """Log nothing."""


def seen_in_chromium(folder: Path, profile: Path) -> Any:
    """Return what the page in a folder posts as JSON. Skips the test if Chromium is not installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed")
    posted: SimpleQueue[Any] = SimpleQueue()
    server = ThreadingHTTPServer((HOST, 0), partial(_Handler, posted, directory=str(folder)))
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    command = [program, *FLAGS, f"--user-data-dir={profile}", f"http://{HOST}:{server.server_port}/"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return posted.get(timeout=HANG_SECONDS)
    finally:
        browser.terminate()
        browser.wait()
        server.shutdown()
        server.server_close()
