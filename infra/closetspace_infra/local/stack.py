"""The local stack: Firestore, Auth, Storage and the Python functions on this machine.

    with LocalStack() as stack:
        os.environ.update(stack.environment)     # Python clients
        stack.firebase_config, stack.addresses   # the Web SDK
        stack.control.await_idle()

Ctrl-C reaches only the caller; leaving the ``with`` block stops everything in order.
"""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from catalog_jobs.processes.child import Child, ChildFailed
from catalog_jobs.processes.logs import Log, Sink
from closetspace_infra.local import fireemu, functions
from closetspace_infra.local.control import Control, Ticker
from closetspace_infra.local.person import Backend
from closetspace_infra.local.ports import HANG_SECONDS, Ports


class LocalStack:
    """The services of Firebase that Closetspace uses, started and stopped together."""

    def __init__(
        self,
        *,
        ports: Ports | None = None,
        project: str = "demo-closetspace",
        region: str = "us-central1",
        log: Sink | Path | None = None,
        functions_source: Path = functions.REPOSITORY / "functions",
        firebase_json: Path = functions.REPOSITORY / "firebase.json",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Configure the stack; nothing is started.

        Args:
            ports: free ones if None.
            log: a function that takes lines, or a file to append them to.
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
        """The addresses that clients use."""
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
        """The argument of the Web SDK's ``initializeApp``; any key and app id are valid here."""
        return {
            "apiKey": "local",
            "appId": "local",
            "authDomain": f"{self.project}.firebaseapp.com",
            "projectId": self.project,
            "storageBucket": self.bucket,
        }

    def start(self) -> None:
        """Start everything and return once all services answer; if one does not, stop all and raise its error."""
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
        """Stop all processes, in reverse order."""
        self._running.close()
        self.control.close()
        self._held_ports.close()

    def crash_functions(self) -> None:
        """Kill the Python process in the middle of its work, as running out of memory would.

        Its unfinished events fail and are delivered again after the back-off; another process takes over.
        """
        functions.crash(self.addresses.functions)

    def log_mark(self, text: str) -> None:
        """Add a line to the log of the functions, after everything that they have logged so far."""
        functions.log_mark(self.addresses.functions, text)

    def redeploy_functions(self, environment: Mapping[str, str]) -> None:
        """Replace the process of the functions by one with more variables, as a deployment does.

        Both answer for a moment: no request is refused, and the old process finishes those that it has begun.
        """
        self._extra_environment |= environment
        old, new = self._functions, self._new_functions()
        try:
            new.wait_for(lambda: functions.answers(self.addresses.functions, new), HANG_SECONDS)
        except ChildFailed:
            new.stop()
            raise
        self._functions = new
        old.stop()

    def _start_functions(self, starting: ExitStack) -> dict[str, functions.Endpoint]:
        self._listener = starting.enter_context(functions.listener(self.ports.functions))
        self._functions = self._new_functions()
        starting.callback(lambda: self._functions.stop())
        return self._functions.wait_for(lambda: functions.fetch_manifest(self.addresses.functions), HANG_SECONDS)

    def _new_functions(self) -> Child:
        return functions.start(
            self._listener,
            source=self._functions_source,
            region=self.region,
            environment={**self.environment, **self._extra_environment},
            log=self._log,
        )

    def _start_firebase(self, starting: ExitStack, folder: Path, endpoints: Mapping[str, functions.Endpoint]) -> None:
        bridge = functions.bridge_endpoints(
            endpoints, project=self.project, region=self.region, address=self.addresses.functions
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


class Recurring:
    """Runs a command at once and then at an interval, but never twice at the same time; for a ``with`` block."""

    def __init__(
        self, name: str, command: Sequence[str], seconds: float, environment: Mapping[str, str], log: Log
    ) -> None:
        self._name, self._command, self._seconds = name, command, seconds
        self._environment, self._log = environment, log
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name=f"{name}-every", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _repeat(self) -> None:
        while not self._stopped.is_set():
            child = Child(self._name, self._command, environment=self._environment, log=self._log)
            self._stopped.wait(self._seconds)
            while child.exit_status is None and not self._stopped.is_set():
                self._log.write(self._name, "is still running: the next run waits")
                self._stopped.wait(self._seconds)
            child.stop()
