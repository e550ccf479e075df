"""One function in a process of its own, as Cloud Run starts an instance of it."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log
from closetspace_infra.local.functions_server import REPOSITORY
from closetspace_infra.local.ports import HANG_SECONDS, HOST, free_port
from closetspace_infra.local.stack import LocalStack


@dataclass(frozen=True)
class Instance:
    """A process that has been started; ``started`` is a time of `time.perf_counter`."""

    address: str
    started: float
    process: Child

    def first_answer(self, **request: Any) -> httpx.Response:
        """Post until the process listens, and return its answer. Raises `ChildFailed` if it ends."""

        def post() -> httpx.Response | None:
            try:
                return httpx.post(self.address, timeout=HANG_SECONDS, trust_env=False, **request)
            except httpx.ConnectError:
                return None

        return self.process.wait_for(post, HANG_SECONDS)


@contextmanager
def instance(stack: LocalStack, function: str, signature: str) -> Iterator[Instance]:
    """Start ``functions-framework`` with one function against the stack; ``signature`` is http or cloudevent."""
    search = os.pathsep.join([str(REPOSITORY / "shared"), str(REPOSITORY)])
    environment = os.environ | stack.environment | {"PYTHONPATH": search, "NO_GCE_CHECK": "true"}
    command = [str(Path(sys.executable).parent / "functions-framework"), "--source", "main.py", "--target", function]
    with ExitStack() as held:
        port = free_port(held)
        command += ["--signature-type", signature, "--host", HOST, "--port", str(port)]
        started = time.perf_counter()
        process = Child(function, command, environment=environment, folder=REPOSITORY / "functions", log=Log(None))
        try:
            yield Instance(f"http://{HOST}:{port}/", started, process)
        finally:
            process.stop()
