"""The functions as they are deployed: a Python environment with exactly their packages, and their source."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from closetspace.errors import FailedPrecondition
from closetspace_infra.local.functions import REPOSITORY
from closetspace_infra.vendor import find_python, runtime_version

REQUIREMENTS = REPOSITORY / "requirements-functions.lock"
FOLDER = REPOSITORY / ".local" / "functions-venv"


def deployed_python() -> Path:
    """Return the interpreter of the environment; build it if the requirements or the runtime have changed.

    It is of the functions' runtime if that Python is installed, else of the version that runs this.

    Raises `FailedPrecondition` if the environment can't be built, for example without a package registry.
    """
    built_from = FOLDER / "built-from"
    base = _runtime()
    wanted = f"{base} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    python = FOLDER / "bin" / "python"
    if not built_from.is_file() or built_from.read_text() != wanted:
        _run("venv", "--quiet", "--clear", "--python", base, str(FOLDER))
        # Bytecode is compiled here, as the cloud's builder does.
        options = ("--quiet", "--compile-bytecode", "--python", str(python))
        _run("pip", "install", *options, "--require-hashes", "--requirement", str(REQUIREMENTS))
        built_from.write_text(wanted)
    return python


def write_deployed_source(folder: Path, python: Path) -> None:
    """Write what a deployment uploads into a folder, compiled, as the cloud's builder does."""
    shutil.copy(REPOSITORY / "functions" / "main.py", folder)
    package = REPOSITORY / "shared" / "closetspace"
    shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([str(python), "-m", "compileall", "-q", str(folder)], check=True)


def _runtime() -> str:
    try:
        return find_python(runtime_version(REPOSITORY))
    except SystemExit:
        return sys.executable


def _run(*command: str) -> None:
    uv = str(Path(sys.executable).parent / "uv")
    done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedPrecondition(f"The functions' packages can't be installed: {done.stderr.strip()[-500:]}")
