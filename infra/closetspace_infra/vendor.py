#!/usr/bin/env python3
"""Complete the functions' folder for a deployment: ``firebase deploy`` uploads this folder only.

Usage: vendor.py FUNCTIONS_DIR

Copies the shared package into it, and on Linux builds a wheel of Annoy for a baseline processor. Annoy built during the
installation is compiled for the processor of that machine, and may crash with an illegal instruction on another.
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
    """Replace ``functions/closetspace`` and ``functions/wheels``."""
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
        sys.stderr.write(
            "Annoy's wheel is not built on this system: deploy from Linux for one that runs on any processor.\n"
        )


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
