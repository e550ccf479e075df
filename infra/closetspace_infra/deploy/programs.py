"""The programs that a deployment runs, and where to get them."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from closetspace.errors import FailedPrecondition
from closetspace_infra.vendor import runtime_version

SOURCES = {
    "closetspace": "pip install -e '.[jobs]' in this repository",
    "firebase": "npm install -g firebase-tools",
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "git": "https://git-scm.com/downloads",
    "python": "the functions' runtime: https://www.python.org/downloads/",
    "terraform": "https://developer.hashicorp.com/terraform/install",
}
"""Where to get each program; ``python`` stands for any version."""


OLDEST = {
    "firebase": (("--version",), (15, 34, 2)),
    "gcloud": (("version",), (528, 0, 0)),
    "terraform": (("version",), (1, 7, 0)),
}
"""How each program prints its version, and the oldest that the deployment's commands and options were tried with."""


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


def check_versions(names: Iterable[str]) -> None:
    """Raise `FailedPrecondition` if programs are too old for the commands and options of the deployment."""
    outdated = []
    for name in sorted({*names} & OLDEST.keys()):
        arguments, oldest = OLDEST[name]
        printed = subprocess.run([path_of(name), *arguments], capture_output=True, text=True, check=False).stdout
        version = _first_version(printed)
        if version < oldest:
            found = ".".join(map(str, version)) or "of an unknown version"
            outdated.append(f"{name} is {found}, {'.'.join(map(str, oldest))} is needed ({source_of(name)})")
    if outdated:
        raise FailedPrecondition(f"Update these programs: {'; '.join(outdated)}.")


def _first_version(text: str) -> tuple[int, ...]:
    """Return the first version in what a program prints, an empty one if there is none."""
    found = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(map(int, found[0].split("."))) if found else ()


def runtime_python(root: Path) -> str:
    """Return the interpreter of the functions' runtime, which firebase.json names: ``python3.13`` for python313."""
    return f"python{runtime_version(root)}"
