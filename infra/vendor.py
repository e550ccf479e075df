#!/usr/bin/env python3
"""Copy the shared package into the functions' source, the only folder that ``firebase deploy`` uploads.

Usage: vendor.py FUNCTIONS_DIR
"""

import shutil
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "shared" / "closetspace"


def vendor(functions: Path) -> Path:
    """Replace ``functions/closetspace`` by a fresh copy; returns where it lies."""
    target = functions / PACKAGE.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    return target


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    vendor(Path(sys.argv[1]))
