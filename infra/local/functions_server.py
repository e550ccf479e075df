"""How the process that serves the Python functions is started."""

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from infra.local.logs import Log
from infra.local.processes import Child

REPOSITORY = Path(__file__).resolve().parents[2]

# Enough that a burst of events does not keep a callable waiting; production allows 80 an instance.
THREADS = 16

CRASH_PATH = "/__/crash"


def start(address: str, *, source: Path, region: str, environment: Mapping[str, str], log: Log) -> Child:
    """Starts the server; it answers once main.py is imported."""
    return Child(
        "functions",
        _command(address),
        environment=_environment(region, environment),
        folder=source,
        log=log,
    )


def crash(address: str) -> None:
    """Kills the process that handles requests, with all it is doing; another takes its place at once."""
    with contextlib.suppress(httpx.TransportError):  # nobody is left to answer
        httpx.post(f"http://{address}{CRASH_PATH}", timeout=10, trust_env=False)


def _command(address: str) -> list[str]:
    options = {
        "bind": address,
        "workers": "1",
        "worker-class": "gthread",
        "threads": str(THREADS),
        "timeout": "0",  # a busy native call is no hung worker
        "graceful-timeout": "2",
        # Longer than the bridge keeps an idle connection, so that it never sends into a closing one.
        "keep-alive": "75",
        "log-level": "warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "gunicorn", *flags, "infra.local.serve:application()"]


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
