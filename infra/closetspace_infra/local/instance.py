"""One function in a process of its own, as Cloud Run starts an instance of it."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from closetspace_infra.local.functions_server import REPOSITORY
from closetspace_infra.local.ports import HANG_SECONDS, HOST, free_port
from closetspace_infra.local.stack import LocalStack


@dataclass(frozen=True)
class Instance:
    """A started process; ``started`` is the moment on the clock of `time.perf_counter`."""

    address: str
    started: float
    process: "subprocess.Popen[bytes]"

    def first_answer(self, **request: Any) -> httpx.Response:
        """Post until the process listens, then give its answer.

        Raises:
            TimeoutError: it does not listen, or has ended.
        """
        deadline = time.monotonic() + HANG_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                return httpx.post(self.address, timeout=HANG_SECONDS, trust_env=False, **request)
            except httpx.ConnectError:
                time.sleep(0.01)
        raise TimeoutError(f"no answer at {self.address}")


@contextmanager
def instance(stack: LocalStack, function: str, signature: str) -> Iterator[Instance]:
    """Start ``functions-framework`` with one function against the stack; ``signature`` is http or cloudevent."""
    search = os.pathsep.join([str(REPOSITORY / "shared"), str(REPOSITORY)])
    environment = os.environ | stack.environment | {"PYTHONPATH": search, "NO_GCE_CHECK": "true"}
    command = [str(Path(sys.executable).parent / "functions-framework"), "--source", "main.py", "--target", function]
    with tempfile.TemporaryFile() as log, ExitStack() as held:
        port = free_port(held)
        command += ["--signature-type", signature, "--host", HOST, "--port", str(port)]
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=REPOSITORY / "functions", env=environment, stdout=log, stderr=log)
        try:
            yield Instance(f"http://{HOST}:{port}/", started, process)
        finally:
            process.terminate()
            process.wait(HANG_SECONDS)
