"""Starts processes that serve the Python functions, and reads their manifest.

The manifest is the one that a deployment reads (the Firebase SDK's own discovery), so the local stack delivers the same
events, with the same filters and the same retries, as production.
"""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log
from closetspace_infra.local.ports import HANG_SECONDS, HOST, PROBE_SECONDS, free_port

REPOSITORY = Path(__file__).resolve().parents[3]

THREADS = 16
"""Of the serving process: a burst of events keeps no callable waiting. Production allows 80 per instance."""

MANIFEST_PATH, CRASH_PATH, GROUP_PATH, LOG_PATH = "/__/functions.yaml", "/__/crash", "/__/group", "/__/log"
"""Paths of the serving process beside the functions' own."""

Endpoint = Mapping[str, Any]


def listener(port: int) -> socket.socket:
    """Return the socket that all serving processes share, one after the other or two at once.

    It listens from the first process on. While one process replaces another, requests wait or go to the other.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


def start(listening: socket.socket, *, source: Path, region: str, environment: Mapping[str, str], log: Log) -> Child:
    """Start a process that serves all functions; it answers once main.py is imported."""
    return Child(
        "functions",
        _gunicorn(listening),
        environment=_environment(region, environment),
        folder=source,
        log=log,
        handles=[listening.fileno()],
    )


def answers(address: str, server: Child) -> bool | None:
    """Return True if this process answers, None if another one does or none."""
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"http://{address}{GROUP_PATH}", timeout=PROBE_SECONDS, trust_env=False)
        return answer.text == str(server.pid) or None
    return None


def crash(address: str) -> None:
    """Kill the process that handles requests, in the middle of its work; another takes its place at once."""
    with contextlib.suppress(httpx.TransportError):  # the killed process sends no answer
        httpx.post(f"http://{address}{CRASH_PATH}", timeout=HANG_SECONDS, trust_env=False)


def log_mark(address: str, text: str) -> None:
    """Make the functions log a line, after everything that they have logged so far."""
    httpx.post(f"http://{address}{LOG_PATH}", content=text, timeout=HANG_SECONDS, trust_env=False).raise_for_status()


def fetch_manifest(address: str) -> dict[str, Endpoint] | None:
    """Return the endpoint of each function by name, None while the process does not answer."""
    try:
        response = httpx.get(f"http://{address}{MANIFEST_PATH}", timeout=PROBE_SECONDS, trust_env=False)
    except httpx.TransportError:
        return None
    response.raise_for_status()
    endpoints: dict[str, Endpoint] = yaml.safe_load(response.text)["endpoints"]
    return endpoints


def bridge_endpoints(endpoints: Mapping[str, Endpoint], *, project: str, region: str, address: str) -> dict[str, Any]:
    """Return the bridge's exports: endpoint and URL of each function that an event or a schedule triggers.

    Limits of size (memory, instances) are left out, since one process serves all functions.
    """
    return {
        name: {
            "url": f"http://{address}{path(name, endpoint, project, region)}",
            "endpoint": _trigger(endpoint, region),
        }
        for name, endpoint in endpoints.items()
        if "eventTrigger" in endpoint or "scheduleTrigger" in endpoint
    }


def path(name: str, endpoint: Endpoint, project: str, region: str) -> str:
    """Return the URL path of a function; for HTTP functions it is Firebase's own."""
    if "eventTrigger" in endpoint:
        return f"/events/{name}"
    return f"/{project}/{_region(endpoint, region)}/{name}"


@dataclass(frozen=True)
class Instance:
    """A process that serves one function; ``started`` is a time of `time.perf_counter`."""

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
def instance(
    environment: Mapping[str, str],
    function: str,
    signature: str,
    python: Path = Path(sys.executable),
    deployed: Path | None = None,
) -> Iterator[Instance]:
    """Start one function in a process of its own, as Cloud Run does.

    ``environment`` is that of the stack, ``signature`` is http or cloudevent, ``python`` the interpreter of an
    environment with the functions' packages. ``deployed`` is a folder with the package beside main.py; without one
    this repository's folders are used.
    """
    search = [deployed] if deployed else [REPOSITORY / "shared", REPOSITORY]
    paths = os.pathsep.join(map(str, search))
    variables = {**os.environ, **environment, "PYTHONPATH": paths, "NO_GCE_CHECK": "true"}
    source = deployed or REPOSITORY / "functions"
    command = [str(python.parent / "functions-framework"), "--source", "main.py", "--target", function]
    with ExitStack() as held:
        port = free_port(held)
        command += ["--signature-type", signature, "--host", HOST, "--port", str(port)]
        started = time.perf_counter()
        process = Child(function, command, environment=variables, folder=source, log=Log(None))
        try:
            yield Instance(f"http://{HOST}:{port}/", started, process)
        finally:
            process.stop()


def _gunicorn(listening: socket.socket) -> list[str]:
    options = {
        "bind": f"fd://{listening.fileno()}",
        "name": f"{HOST}:{listening.getsockname()[1]}",  # in the list of processes
        "workers": "1",
        "worker-class": "closetspace_infra.local.worker.Worker",
        "threads": str(THREADS),
        "timeout": "0",  # a worker that is busy in native code does not hang
        # Less than the grace period of a child process: requests may end while another process takes over.
        "graceful-timeout": "25",
        # Longer than the bridge keeps an idle connection, so that it never sends into a closing one.
        "keep-alive": "75",
        "log-level": "warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "gunicorn", *flags, "closetspace_infra.local.serve:application()"]


def _environment(region: str, environment: Mapping[str, str]) -> dict[str, str]:
    search = [str(REPOSITORY / "shared"), str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, search)),
        "PYTHONUNBUFFERED": "1",
        "FUNCTIONS_EMULATOR": "true",
        "NO_GCE_CHECK": "true",  # there are no credentials to look for
        "CLOSETSPACE_LOCAL_REGION": region,
        **environment,
    }


def _trigger(endpoint: Endpoint, region: str) -> dict[str, Any]:
    kept = ("eventTrigger", "scheduleTrigger", "timeoutSeconds")
    return {
        "platform": "gcfv2",
        "region": [_region(endpoint, region)],
        "labels": {},
        **{key: endpoint[key] for key in kept if key in endpoint},
    }


def _region(endpoint: Endpoint, default: str) -> str:
    regions = endpoint.get("region") or [default]
    return str(regions[0])
