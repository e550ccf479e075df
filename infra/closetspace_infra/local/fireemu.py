"""Finds, configures and starts the local Firebase (the program ``fireemu``)."""

import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from catalog_jobs.processes.child import Child
from catalog_jobs.processes.logs import Log
from closetspace.errors import FailedPrecondition
from closetspace_infra.local.functions import THREADS
from closetspace_infra.local.ports import HOST, Ports

FOLDER = Path(__file__).resolve().parents[2] / "local"
MIN_NODE = 20

_MACHINES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}
# What fireemu prints that helps no reader: its banner (indented), Node's stack traces of the bridge (the Python process
# has logged the real one), and that the bridge does without the Node Functions SDK.
_NOISE = re.compile(
    r"^(\s|fireemu up$|Require stack:|- |shutting down|"
    r"\[functions:\w+\] (stopped$|runner exited|warn cannot inspect firebase-functions))"
)
EVENTS_AT_ONCE = THREADS - 4
"""Fewer than the Python process has threads, so that a burst of events keeps no callable waiting."""

_PROFILE = {
    "schemaVersion": 1,
    "profile": "strict",  # production's limits and index rules, not the official emulators'
    "firestore": {"edition": "standard", "apiMode": "native"},
    # Doubling from 10 seconds to 10 minutes, 150 attempts are the 24 hours of production; the default is 4.
    "events": {"maxAttempts": 150},
    "functions": {"maxGlobalConcurrency": EVENTS_AT_ONCE},
}


def start(folder: Path, *, project: str, ports: Ports, firebase_json: Path, bridge: Any, log: Log) -> Child:
    """Write the configuration into ``folder`` and start the program with the bridge as its functions.

    Raises `FailedPrecondition` if something has to be installed first.
    """
    require_node()
    program = find_program()
    _write_bridge(folder / "bridge", bridge)
    _write(folder / "fireemu.json", _PROFILE)
    _write(folder / "firebase.json", _configuration(firebase_json, folder / "bridge", ports))
    command = [str(program), "up", "--config", "fireemu.json", "--firebase-json", "firebase.json"]
    command += ["--project", project, "--only", "auth,firestore,storage,functions"]
    # Zero is any free port: nothing calls the bridge by its address, and the others are not used.
    for unused in ("functions", "eventarc", "tasks", "hub", "logging"):
        command += [f"--{unused}-port", "0"]
    quiet = log.filtered(lambda line: not _NOISE.match(line))
    return Child("firebase", command, environment=os.environ, folder=folder, log=quiet)


def this_system() -> str:
    """Return the system's name in npm packages, such as ``linux-x64``."""
    return f"{platform.system().lower()}-{_MACHINES.get(platform.machine().lower(), platform.machine())}"


def find_program(folder: Path = FOLDER, system: str | None = None) -> Path:
    """Return the binary for this system from the npm packages in ``folder``.

    Raises `FailedPrecondition` if it is not installed, or if there is none for this system.
    """
    system = system or this_system()
    program = folder / "node_modules" / "@fireemu" / system / "bin" / "fireemu"
    if program.is_file():
        program.chmod(0o755)  # npm unpacks it without the executable bit
        return program
    if system == "linux-x64":
        raise FailedPrecondition("The local Firebase is not installed. Run: npm ci --prefix infra/local")
    raise FailedPrecondition(
        f"The local Firebase has no program for {system}. Use the official Emulator Suite instead: "
        "make emulators, in the repository. It needs the Firebase CLI (npm install -g firebase-tools), Java 21 or "
        "newer, and the Python of the functions' runtime."
    )


def require_node() -> None:
    """Raise `FailedPrecondition` if Node.js is missing or too old."""
    node = shutil.which("node")
    if node is None:
        raise FailedPrecondition(f"Node.js is not installed. Install version {MIN_NODE} or newer.")
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    version = answer.stdout.strip()
    if int(version.lstrip("v").split(".")[0]) < MIN_NODE:
        raise FailedPrecondition(f"Node.js {version} is too old. Install version {MIN_NODE} or newer.")


def _configuration(firebase_json: Path, bridge: Path, ports: Ports) -> dict[str, Any]:
    """Return the repository's firebase.json with the bridge instead of the Python functions."""
    repository = json.loads(firebase_json.read_text())
    return {
        **{service: _absolute(repository[service], firebase_json.parent) for service in ("firestore", "storage")},
        "functions": [{"source": str(bridge), "codebase": "bridge", "runtime": f"nodejs{MIN_NODE}"}],
        "emulators": {
            "ui": {"enabled": True, "host": HOST, "port": ports.ui},
            **{
                service: {"host": HOST, "port": getattr(ports, service)} for service in ("firestore", "auth", "storage")
            },
        },
    }


def _absolute(section: Mapping[str, str], base: Path) -> dict[str, str]:
    return {key: str((base / file).resolve()) for key, file in section.items()}


def _write_bridge(folder: Path, bridge: Any) -> None:
    shutil.copytree(FOLDER / "bridge", folder)
    _write(folder / "endpoints.json", bridge)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2))
