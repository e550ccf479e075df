#!/usr/bin/env python3
"""Make the functions' folder whole for a deployment: ``firebase deploy`` uploads that folder and nothing else.

Usage: vendor.py FUNCTIONS_DIR

Copies the shared package in, and on Linux builds Annoy's wheel for a baseline of the processor: built where it is
installed, Annoy is compiled for that very machine and may die of an illegal instruction on the one that runs it.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "shared" / "closetspace"
BASELINE = {"x86_64": "-march=x86-64-v2", "aarch64": "-march=armv8-a"}
FLAGS = "-O3,-ffast-math,-fno-associative-math,-std=c++14,-fpermissive,-DANNOYLIB_MULTITHREADED_BUILD"


def vendor(functions: Path) -> None:
    """Replace ``functions/closetspace`` and ``functions/wheels`` by fresh ones."""
    package = functions / PACKAGE.name
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    wheels = functions / "wheels"
    shutil.rmtree(wheels, ignore_errors=True)
    wheels.mkdir()
    baseline = BASELINE.get(platform.machine())
    if platform.system() == "Linux" and baseline:
        _build_annoy(functions / "requirements.txt", wheels, baseline)
    else:
        sys.stderr.write("Annoy's wheel is not built here: deploy from Linux to ship one that runs on any processor.\n")


def _build_annoy(requirements: Path, wheels: Path, baseline: str) -> None:
    pinned = re.search(r"^annoy==\S+", requirements.read_text(), re.MULTILINE)
    if pinned is None:
        raise SystemExit(f"{requirements} does not pin annoy")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-binary", "annoy", "--no-cache-dir"]
    environment = os.environ | {"ANNOY_COMPILER_ARGS": f"{FLAGS},{baseline}"}
    subprocess.run([*command, "--wheel-dir", str(wheels), pinned[0]], check=True, env=environment)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    vendor(Path(sys.argv[1]))
