"""The requirements of Closetspace, and whether this machine meets them."""

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from closetspace.errors import ClosetspaceError

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Finding:
    """One requirement. Those that are ``required`` are needed by the demo and the tests, others by single jobs."""

    name: str
    ok: bool
    found: str
    purpose: str
    remedy: str
    required: bool = True


def examine() -> list[Finding]:
    """Check all requirements, in the order of their installation."""
    return [
        _python(),
        _program("node", (20, 19), "the local Firebase and the example app", "install Node.js 20.19 or newer"),
        _program("npm", (9, 0), "the local Firebase", "install Node.js, which has it"),
        _program("make", (3, 0), "the commands of the README", "install make, for example: apt-get install make"),
        _program(
            "cc", (0, 0), "building Annoy", "install a C++ compiler, for example: apt-get install build-essential"
        ),
        _path("local Firebase", ROOT / "infra" / "local" / "node_modules", "npm ci --prefix infra/local"),
        _system(),
        _example_app(),
        _encoder(),
        _module("torch", "exporting the encoder"),
        _program("firebase", (13, 0), "deploying", "npm install -g firebase-tools", required=False),
        _program("gcloud", (0, 0), "deploying", "install the Google Cloud CLI: cloud.google.com/sdk", required=False),
        _program(
            "terraform", (1, 7), "deploying", "install Terraform: developer.hashicorp.com/terraform", required=False
        ),
    ]


def _python() -> Finding:
    version = sys.version_info
    found = f"{version.major}.{version.minor}.{version.micro}"
    return Finding("python", version >= (3, 11), found, "everything", "install Python 3.11 or newer")


def _program(name: str, least: tuple[int, int], purpose: str, remedy: str, *, required: bool = True) -> Finding:
    path = shutil.which(name)
    version = _version_of(path) if path else None
    ok = version is not None and version >= least
    found = ".".join(map(str, version)) if version else ("unknown version" if path else "not found")
    return Finding(name, ok, found, purpose, remedy, required)


def _version_of(path: str) -> tuple[int, int] | None:
    try:
        output = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else None


def _path(name: str, path: Path, remedy: str) -> Finding:
    return Finding(name, path.is_dir(), "installed" if path.is_dir() else "not installed", "demo and tests", remedy)


def _system() -> Finding:
    system = f"{platform.system().lower()}-{platform.machine()}"
    remedy = "use the official emulators: make emulators (needs Java and the Firebase CLI)"
    from closetspace_infra.local.fireemu import find_program

    return _attempt("fireemu", find_program, system, "demo and tests", remedy)


def _example_app() -> Finding:
    from closetspace_infra.local.example_app import require_installed

    return _attempt("example app", require_installed, "installed", "demo and tests", "make setup")


def _encoder() -> Finding:
    from closetspace.bootstrap import load_encoder
    from closetspace.settings import Settings

    remedy = "git checkout shared/closetspace/models, or closetspace encoder export"
    return _attempt("encoder", lambda: load_encoder(Settings.from_env()), "verified", "embedding", remedy)


def _attempt(name: str, attempt: Callable[[], object], found: str, purpose: str, remedy: str) -> Finding:
    try:
        attempt()
    except ClosetspaceError as error:
        return Finding(name, ok=False, found=str(error), purpose=purpose, remedy=remedy)
    return Finding(name, ok=True, found=found, purpose=purpose, remedy="")


def _module(name: str, purpose: str) -> Finding:
    ok = importlib.util.find_spec(name) is not None
    remedy = "pip install -e '.[train]'"
    return Finding(name, ok, "installed" if ok else "not installed", purpose, remedy, required=False)
