"""The local stack: Firestore, Auth, Storage and the Python functions on this machine.

    with LocalStack() as stack:
        os.environ.update(stack.environment)     # Python clients
        stack.firebase_config, stack.addresses   # the Web SDK
        stack.control.await_idle()

Ctrl-C reaches only the caller, whose leaving of the ``with`` block stops everything in order.
"""

import json
import socket
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from catalog_jobs.processes.child import Child, ChildFailed
from catalog_jobs.processes.logs import Log, Sink
from closetspace_infra.local import fireemu, functions_server, manifest
from closetspace_infra.local.clock import Ticker
from closetspace_infra.local.control import Control
from closetspace_infra.local.person import Backend
from closetspace_infra.local.ports import HANG_SECONDS, Ports


class LocalStack:
    """Everything of Firebase that Closetspace uses, started and stopped together."""

    def __init__(
        self,
        *,
        ports: Ports | None = None,
        project: str = "demo-closetspace",
        region: str = "us-central1",
        log: Sink | Path | None = None,
        functions_source: Path = functions_server.REPOSITORY / "functions",
        firebase_json: Path = functions_server.REPOSITORY / "firebase.json",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """
        Args:
            ports: free ones when None.
            log: takes the lines, or the file to append them to.
            environment: more variables for the process of the Python functions.
        """
        self._held_ports = ExitStack()
        self.ports = ports or Ports.free(self._held_ports)
        self.addresses = self.ports.addresses()
        self.project = project
        self.region = region
        self.bucket = f"{project}.firebasestorage.app"
        self.control = Control(self.addresses.auth)
        self.ready_ms = 0.0
        self._log = Log(log)
        self._functions_source = functions_source
        self._firebase_json = firebase_json
        self._extra_environment = dict(environment or {})
        self._running = ExitStack()
        self._listener: socket.socket
        self._functions: Child

    @property
    def backend(self) -> Backend:
        """The addresses that a person's device uses."""
        at = self.addresses
        return Backend(at.auth, at.firestore, at.storage, at.functions, self.project, self.bucket, self.region)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point Google's Python clients at the stack."""
        return {
            "FIRESTORE_EMULATOR_HOST": self.addresses.firestore,
            "FIREBASE_AUTH_EMULATOR_HOST": self.addresses.auth,
            "STORAGE_EMULATOR_HOST": f"http://{self.addresses.storage}",
            "GCLOUD_PROJECT": self.project,
            "GOOGLE_CLOUD_PROJECT": self.project,
            "FIREBASE_CONFIG": json.dumps({"projectId": self.project, "storageBucket": self.bucket}),
        }

    @property
    def firebase_config(self) -> dict[str, str]:
        """The argument of the Web SDK's ``initializeApp``; any key and app id will do here."""
        return {
            "apiKey": "local",
            "appId": "local",
            "authDomain": f"{self.project}.firebaseapp.com",
            "projectId": self.project,
            "storageBucket": self.bucket,
        }

    def start(self) -> None:
        """Starts everything and returns when all of it answers; leaves nothing behind when it cannot."""
        self.ports.require_free()
        began = time.monotonic()
        with ExitStack() as starting:
            folder = Path(starting.enter_context(tempfile.TemporaryDirectory(prefix="closetspace-local-")))
            self._start_firebase(starting, folder, self._start_functions(starting))
            ticker = Ticker(self.control)
            starting.callback(ticker.stop)
            ticker.start()
            self._running = starting.pop_all()
        self.ready_ms = (time.monotonic() - began) * 1000

    def stop(self) -> None:
        """Ends every process that was started, in reverse order; harmless when there is none."""
        self._running.close()
        self.control.close()
        self._held_ports.close()

    def crash_functions(self) -> None:
        """Kills the Python process in the middle of whatever it does, as running out of memory would.

        Its unfinished events fail and are delivered again after the back-off; another process takes over.
        """
        functions_server.crash(self.addresses.functions)

    def log_mark(self, text: str) -> None:
        """Add a line to the log of the functions, behind everything that they have logged so far."""
        functions_server.log_mark(self.addresses.functions, text)

    def redeploy_functions(self, environment: Mapping[str, str]) -> None:
        """Replaces the process of the functions by one with these further variables, as a deployment does.

        Both answer for a moment: no request is refused, and what the old one has begun it finishes.
        """
        self._extra_environment |= environment
        old, new = self._functions, self._new_functions()
        try:
            new.wait_for(lambda: functions_server.answers(self.addresses.functions, new), HANG_SECONDS)
        except ChildFailed:
            new.stop()
            raise
        self._functions = new
        old.stop()

    def _start_functions(self, starting: ExitStack) -> dict[str, manifest.Endpoint]:
        self._listener = starting.enter_context(functions_server.listener(self.ports.functions))
        self._functions = self._new_functions()
        starting.callback(lambda: self._functions.stop())
        return self._functions.wait_for(lambda: manifest.fetch(self.addresses.functions), HANG_SECONDS)

    def _new_functions(self) -> Child:
        return functions_server.start(
            self._listener,
            source=self._functions_source,
            region=self.region,
            environment={**self.environment, **self._extra_environment},
            log=self._log,
        )

    def _start_firebase(self, starting: ExitStack, folder: Path, endpoints: Mapping[str, manifest.Endpoint]) -> None:
        bridge: dict[str, Any] = manifest.bridge(
            endpoints, project=self.project, region=self.region, functions_address=self.addresses.functions
        )
        firebase = fireemu.start(
            folder,
            project=self.project,
            ports=self.ports,
            firebase_json=self._firebase_json,
            bridge=bridge,
            log=self._log,
        )
        starting.callback(firebase.stop)
        firebase.wait_for(lambda: self.control.has_loaded(set(bridge)), HANG_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
