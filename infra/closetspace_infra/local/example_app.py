"""Builds the example app for a local stack and serves it: the page of the demo, and what tests open in a browser.

    with ExampleApp(setup.variables("VITE_"), log=Log(None)) as app:
        print(app.serve())

Each app is built into a folder of its own, so several can be built and served at the same time.
"""

import contextlib
import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import httpx

from catalog_jobs.processes.child import Child, ChildFailed
from catalog_jobs.processes.logs import Log
from closetspace.errors import FailedPrecondition
from closetspace_infra.local.functions import REPOSITORY
from closetspace_infra.local.ports import HANG_SECONDS, HOST, PROBE_SECONDS, free_port

FOLDER = REPOSITORY / "examples" / "react"
REQUIRED = (
    FOLDER / "node_modules" / "vite" / "bin" / "vite.js",
    FOLDER / "node_modules" / "@closetspace" / "web" / "dist" / "index.js",
)
"""Vite, and the client library as built."""


class ExampleApp:
    """The app, built in a temporary folder during a ``with`` block, and served from `serve` on."""

    def __init__(self, variables: Mapping[str, str], *, log: Log) -> None:
        """Configure the build; ``variables`` are those that examples/react/README.md lists."""
        self._environment = {**os.environ, **variables}
        self._log = log
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start the build and return at once. Raises `FailedPrecondition` if something has to be installed first."""
        require_installed()
        self._folder = self._running.enter_context(TemporaryDirectory(prefix="closetspace-app-"))
        self._build = self._start("build", "--emptyOutDir")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def serve(self) -> str:
        """Serve the app on a free port of 127.0.0.1 once it is built, and return its URL.

        Raises `ChildFailed` with what Vite printed if it can't be built or served.
        """
        if not self._build.wait(HANG_SECONDS) or self._build.exit_status != 0:
            raise ChildFailed(f"The example app could not be built:\n{self._build.last_lines}")
        port = free_port(self._running)
        server = self._start("preview", "--host", HOST, "--port", str(port), "--strictPort")
        url = f"http://{HOST}:{port}/"
        server.wait_for(lambda: _answers(url), HANG_SECONDS)
        return url

    def _start(self, command: str, *options: str) -> Child:
        vite = ["node", str(REQUIRED[0]), command, "--outDir", self._folder, *options]
        child = Child("app", vite, environment=self._environment, folder=FOLDER, log=self._log)
        self._running.callback(child.stop)
        return child


def require_installed(required: tuple[Path, ...] = REQUIRED) -> None:
    """Raise `FailedPrecondition` if the app's packages are not installed, or the client library is not built."""
    for path in required:
        if not path.is_file():
            raise FailedPrecondition(f"{path} is missing. Run `make setup` in {REPOSITORY} first.")


def _answers(url: str) -> bool | None:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(url, timeout=PROBE_SECONDS, trust_env=False).is_success or None
    return None
