"""A Python environment with exactly the packages of the deployed functions, built once."""

import hashlib
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from closetspace.errors import FailedPrecondition
from closetspace_infra.deploy.programs import runtime_python
from closetspace_infra.local.functions import REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements-functions.lock"
FOLDER = REPOSITORY / ".local" / "functions-venv"


def deployed_python() -> Path:
    """Return the interpreter of the environment; build it if the requirements or the runtime have changed.

    It is of the functions' runtime if that Python is installed, else of the version that runs this.

    Raises `FailedPrecondition` if the environment can't be built, for example without a package registry.
    """
    built_from = FOLDER / "built-from"
    base = _runtime() or sys.executable
    wanted = f"{base} {hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()}"
    python = FOLDER / "bin" / "python"
    if not built_from.is_file() or built_from.read_text() != wanted:
        _run("venv", "--quiet", "--clear", "--python", base, str(FOLDER))
        # Bytecode is compiled here, as the cloud's builder does.
        options = ("--quiet", "--compile-bytecode", "--python", str(python))
        _run("pip", "install", *options, "--require-hashes", "--requirement", str(REQUIREMENTS))
        built_from.write_text(wanted)
    return python


def _runtime() -> str | None:
    with suppress(FailedPrecondition):
        return _run("python", "find", "--no-python-downloads", runtime_python(REPOSITORY)).strip()
    return None


def _run(*command: str) -> str:
    uv = str(Path(sys.executable).parent / "uv")
    done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedPrecondition(f"The functions' packages can't be installed: {done.stderr.strip()[-500:]}")
    return done.stdout
