"""How the process that serves the Python functions is started."""

import contextlib
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log
from closetspace_infra.local.ports import HANG_SECONDS, HOST, PROBE_SECONDS

REPOSITORY = Path(__file__).resolve().parents[3]

# Enough that a burst of events does not keep a callable waiting; production allows 80 an instance.
THREADS = 16

CRASH_PATH = "/__/crash"
GROUP_PATH = "/__/group"
LOG_PATH = "/__/log"


def listener(port: int) -> socket.socket:
    """The socket that every process of the functions answers on, one after the other or two at once.

    It listens from the first process on; what arrives while one makes way for another waits or goes to the other.
    """
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((HOST, port))
    return bound


def start(listening: socket.socket, *, source: Path, region: str, environment: Mapping[str, str], log: Log) -> Child:
    """Starts the server; it answers once main.py is imported."""
    return Child(
        "functions",
        _command(listening),
        environment=_environment(region, environment),
        folder=source,
        log=log,
        handles=[listening.fileno()],
    )


def answers(address: str, server: Child) -> bool | None:
    """True when this process took the question, None when another one did or none."""
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"http://{address}{GROUP_PATH}", timeout=PROBE_SECONDS, trust_env=False)
        return answer.text == str(server.pid) or None
    return None


def crash(address: str) -> None:
    """Kills the process that handles requests, with all it is doing; another takes its place at once."""
    with contextlib.suppress(httpx.TransportError):  # nobody is left to answer
        httpx.post(f"http://{address}{CRASH_PATH}", timeout=HANG_SECONDS, trust_env=False)


def log_mark(address: str, text: str) -> None:
    """Make the functions log a line: once it is in the log, so is everything that they had logged before."""
    httpx.post(f"http://{address}{LOG_PATH}", content=text, timeout=HANG_SECONDS, trust_env=False).raise_for_status()


def _command(listening: socket.socket) -> list[str]:
    options = {
        "bind": f"fd://{listening.fileno()}",
        # For who looks at the list of processes.
        "name": f"{HOST}:{listening.getsockname()[1]}",
        "workers": "1",
        "worker-class": "gthread",
        "threads": str(THREADS),
        "timeout": "0",  # a busy native call is no hung worker
        # Less than the guard allows: requests that have begun may end when another process takes over.
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
