#!/usr/bin/env python3
"""Complete the functions' folder for a deployment: ``firebase deploy`` uploads this folder only.

Usage: vendor.py FUNCTIONS_DIR

Copies the shared package into it, and builds a wheel of Annoy for the Python of the functions' runtime and for a
baseline processor. Annoy built during the installation is compiled for the processor of that machine, and may crash
with an illegal instruction on another. The Firebase CLI runs this with the system's ``python3``, from 3.9 on.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

BASELINE = {"x86_64": "-march=x86-64-v2", "aarch64": "-march=armv8-a"}
FLAGS = "-O3,-ffast-math,-fno-associative-math,-std=c++14,-fpermissive,-DANNOYLIB_MULTITHREADED_BUILD"


def vendor(functions: Path, python: str | None = None) -> None:
    """Replace ``functions/closetspace`` and ``functions/wheels``.

    ``python`` builds the wheel, and decides which Python it is for; by default it is that of the functions' runtime.
    """
    source = _root() / "shared" / "closetspace"
    package = functions / source.name
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    wheels = functions / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    wheels.mkdir()
    python = python or find_python(runtime_version(), functions)
    _build_annoy(python, functions / "requirements.txt", wheels)
    check_wheel(next(wheels.iterdir()).name, version_of(python))


def runtime_version() -> str:
    """Return the Python version of the functions' runtime, which firebase.json names: ``3.13`` for python313."""
    (runtime,) = {each["runtime"] for each in json.loads((_root() / "firebase.json").read_text())["functions"]}
    return re.sub("^python3", "3.", runtime)


def find_python(version: str, functions: Path) -> str:
    """Return an interpreter of this version: this one, that of the functions' environment, or another one with pip."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [
        sys.executable,
        str(functions / "venv" / "bin" / "python"),
        shutil.which(f"python{version}"),
        *map(str, sorted(pyenv.glob(f"{version}.*/bin/python"))),
    ]
    for python in filter(None, candidates):
        if version_of(python) == version:
            return python
    raise SystemExit(
        f"The functions run on Python {version}, and Annoy's wheel has to be built by the same version: install Python"
        f" {version} with its headers (on Debian and Ubuntu: python{version}-dev), and deploy again."
    )


def version_of(python: str) -> str:
    """Return an interpreter's version such as ``3.13``; an empty one if it can't build a wheel."""
    code = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def check_wheel(name: str, version: str) -> None:
    """Exit if a wheel is not for this Python on the functions' system: pip would build the source there instead."""
    tag = f"cp{version.replace('.', '')}"
    if not re.search(rf"-{tag}-{tag}-(many)?linux\w*_x86_64\.whl$", name):
        raise SystemExit(
            f"{name} does not fit the functions, which need {tag} for Linux on x86_64. Deploy from such a machine, or"
            " by the workflow .github/workflows/deploy.yml."
        )


def _root() -> Path:
    """Return the root of the repository; not a constant, because the build of the job's image has this file alone."""
    return Path(__file__).resolve().parents[2]


def _build_annoy(python: str, requirements: Path, wheels: Path) -> None:
    pinned = re.search(r"^annoy==\S+", requirements.read_text(), re.MULTILINE)
    if pinned is None:
        raise SystemExit(f"{requirements} does not pin annoy")
    command = [python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-binary", "annoy", "--no-cache-dir"]
    baseline = BASELINE.get(platform.machine(), "")
    environment = {**os.environ, "ANNOY_COMPILER_ARGS": ",".join(filter(None, [FLAGS, baseline]))}
    subprocess.run([*command, "--wheel-dir", str(wheels), pinned[0]], check=True, env=environment)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    vendor(Path(sys.argv[1]))
