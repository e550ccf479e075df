"""The programs that a deployment runs, and where to get them."""

import json
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from closetspace.errors import FailedPrecondition

SOURCES = {
    "closetspace": "pip install -e '.[jobs]' in this repository",
    "firebase": "npm install -g firebase-tools",
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "git": "https://git-scm.com/downloads",
    "python": "the functions' runtime: https://www.python.org/downloads/",
    "terraform": "https://developer.hashicorp.com/terraform/install",
}
"""Where to get each program; ``python`` stands for any version."""


def find(name: str) -> str | None:
    """Return a program's path, None if it is not installed."""
    # Our own command is beside the interpreter, even if the environment is not activated.
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def path_of(name: str) -> str:
    """Return a program's path, or its name if it is not installed."""
    return find(name) or name


def source_of(name: str) -> str:
    """Return where to get a program."""
    return SOURCES[name.rstrip("0123456789.")]


def check_programs(names: Iterable[str]) -> None:
    """Raise `FailedPrecondition` if programs are not installed."""
    missing = sorted({name for name in names if find(name) is None})
    if missing:
        sources = "; ".join(f"{name} ({source_of(name)})" for name in missing)
        raise FailedPrecondition(f"Deploying needs programs that are not installed: {sources}.")


def runtime_python(root: Path) -> str:
    """Return the interpreter of the functions' runtime, which firebase.json names: ``python3.13`` for python313."""
    (runtime,) = {each["runtime"] for each in json.loads((root / "firebase.json").read_text())["functions"]}
    return str(runtime).replace("python3", "python3.", 1)
