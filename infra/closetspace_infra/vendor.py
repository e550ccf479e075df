#!/usr/bin/env python3
"""Complete the functions' folder for a deployment: ``firebase deploy`` uploads this folder only.

Usage: vendor.py FUNCTIONS_DIR | --python

With --python it prints an interpreter of the functions' runtime, and does nothing else.

Copies the shared package into it, builds a wheel of Annoy for the functions' runtime and a baseline processor, and
writes requirements.txt: the lock, with that wheel's hash as the only one for Annoy. Annoy built where the functions are
installed is compiled for the processor of that machine, and may crash with an illegal instruction on another. The
Firebase CLI runs this with the system's ``python3``, from 3.9 on.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

BASELINE = {"x86_64": "-march=x86-64-v2", "aarch64": "-march=armv8-a"}
FLAGS = (
    "-O3,-ffast-math,-fno-associative-math,-fno-finite-math-only,-std=c++14,-fpermissive,-DANNOYLIB_MULTITHREADED_BUILD"
)
"""Annoy's own options, but with infinity: Annoy calculates with it, and clang takes the option at its word."""

NEWEST = {"GLIBC": (2, 35), "GLIBCXX": (3, 4, 30), "CXXABI": (1, 3, 13)}
"""The newest symbols of the C and C++ libraries of the runtime, which is Ubuntu 22.04."""

PLATFORM = "manylinux_{}_{}_x86_64".format(*NEWEST["GLIBC"])
ZIG = "ziglang==0.17.1"
"""A compiler for other systems than the one it runs on: it brings their C and C++ libraries."""

WHEEL = "wheel==0.47.0"


def vendor(functions: Path, python: str | None = None) -> None:
    """Replace ``closetspace``, ``wheels`` and ``requirements.txt`` in the folder of the functions.

    ``python`` decides which Python the wheel is for; by default it is that of the functions' runtime.
    """
    source = _root() / "shared" / "closetspace"
    package, wheels = functions / source.name, functions / "wheels"
    for folder in (package, wheels):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("__pycache__"))
    wheels.mkdir()
    lock = (_root() / "requirements-functions.lock").read_text()
    python = python or find_python(runtime_version())
    with tempfile.TemporaryDirectory() as work:
        wheel = _build_annoy(python, annoy_entry(lock), Path(work), wheels)
    check_wheel(wheel.name, version_of(python))
    (functions / "requirements.txt").write_text(upload_requirements(lock, wheel.read_bytes()))


def annoy_entry(lock: str) -> str:
    """Return Annoy's version and hashes, as a lock has them."""
    entry = re.search(r"^annoy==[\w.]+( \\\n +--hash=sha256:[0-9a-f]+)+$", lock, re.MULTILINE)
    if entry is None:
        raise SystemExit("The lock does not pin annoy with its hashes. Run: make lock")
    return entry[0]


def upload_requirements(lock: str, wheel: bytes) -> str:
    """Return the lock with a wheel of Annoy instead of those that are published.

    If the wheel does not fit, the installation fails. With the hash of the source it would build that instead.
    """
    entry = annoy_entry(lock)
    pinned = f"{entry.split()[0]} \\\n    --hash=sha256:{hashlib.sha256(wheel).hexdigest()}"
    return f"--find-links ./wheels\n\n{lock.replace(entry, pinned)}"


def runtime_version(root: Path | None = None) -> str:
    """Return the Python version of the functions' runtime, which firebase.json names: ``3.13`` for python313."""
    (runtime,) = {
        each["runtime"] for each in json.loads(((root or _root()) / "firebase.json").read_text())["functions"]
    }
    return re.sub("^python3", "3.", runtime)


def find_python(version: str) -> str:
    """Return an interpreter of this version: this one, or another that is installed."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    candidates = [
        sys.executable,
        shutil.which(f"python{version}"),
        *map(str, sorted(pyenv.glob(f"{version}.*/bin/python"))),
    ]
    for python in filter(None, candidates):
        if version_of(python) == version:
            return python
    raise SystemExit(
        f"The functions run on Python {version}, and Annoy's wheel needs the headers of that version: install Python"
        f" {version} (on Debian and Ubuntu: python{version}-dev and python{version}-venv), and try again."
    )


def version_of(python: str) -> str:
    """Return an interpreter's version such as ``3.13``; an empty one if Annoy can't be built for it."""
    code = (
        "import os, sys, sysconfig, ensurepip; assert not sysconfig.get_config_var('Py_GIL_DISABLED');"
        " assert os.path.exists(os.path.join(sysconfig.get_path('include'), 'Python.h'));"
        " print('%d.%d' % sys.version_info[:2])"
    )
    try:
        done = subprocess.run([python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


def check_wheel(name: str, version: str) -> None:
    """Exit if a wheel is not for this Python on the functions' system."""
    tag = f"cp{version.replace('.', '')}"
    if not re.search(rf"-{tag}-{tag}-(many)?linux\w*_x86_64\.whl$", name):
        raise SystemExit(f"{name} does not fit the functions, which need {tag} for Linux on x86_64.")


def problem_of(library: bytes) -> str | None:
    """Return why the functions' runtime can't load a library, None if it can."""
    # An ELF file of 64 bits, little-endian, for x86_64.
    if not library.startswith(b"\x7fELF\x02\x01") or int.from_bytes(library[18:20], "little") != 62:
        return "it is not for Linux on x86_64"
    # Versions of symbols are strings between zeros.
    for name, newest in NEWEST.items():
        found = re.findall(rb"(?<=\0)" + name.encode() + rb"_([\d.]+)(?=\0)", library)
        needed = max((tuple(map(int, version.split(b"."))) for version in found), default=newest)
        if needed > newest:
            return f"it needs {name} {_dotted(needed)}, and the runtime has {_dotted(newest)}"
    return None


def _root() -> Path:
    """Return the root of the repository; not a constant, because the build of the job's image has this file alone."""
    return Path(__file__).resolve().parents[2]


def _build_annoy(python: str, entry: str, work: Path, wheels: Path) -> Path:
    """Build the wheel from the source that the lock has."""
    _run(python, "-m", "venv", work / "tools")
    tools = str(work / "tools" / "bin" / "python")
    (work / "annoy.txt").write_text(entry)
    _pip(tools, "install", WHEEL)
    _pip(tools, "download", "--no-deps", "--no-binary=annoy", "--require-hashes", "-r", work / "annoy.txt", "-d", work)
    (archive,) = work.glob("annoy-*.tar.gz")
    shutil.unpack_archive(str(archive), str(work))
    source = work / archive.name[: -len(".tar.gz")]

    tree, tag = work / "wheel", f"cp{version_of(python).replace('.', '')}"
    shutil.copytree(source / "annoy", tree / "annoy")
    info = tree / f"{source.name}.dist-info"
    info.mkdir()
    shutil.copy(source / "PKG-INFO", info / "METADATA")
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}-{tag}-{PLATFORM}\n")
    headers = _run(python, "-c", "import sysconfig; print(sysconfig.get_path('include'))").strip()
    library = tree / "annoy" / f"annoylib.cpython-{tag[2:]}-x86_64-linux-gnu.so"
    _compile(source / "src" / "annoymodule.cc", headers, library, tools)
    _run(tools, "-m", "wheel", "pack", tree, "--dest-dir", wheels)
    return next(wheels.iterdir())


def _compile(source: Path, headers: str, library: Path, tools: str) -> None:
    problems = []
    for compiler in _compilers(tools):
        _run(*compiler, *FLAGS.split(","), "-w", "-shared", "-fPIC", "-s", f"-I{headers}", source, "-o", library)
        problem = problem_of(library.read_bytes())
        if problem is None:
            return
        problems.append(problem)
    raise SystemExit(f"Annoy can't be built for the functions' runtime: {'; '.join(problems)}.")


def _compilers(tools: str) -> Iterator[tuple[str, ...]]:
    """Yield this system's compiler if it is for the same system as the runtime, then Zig's, which is for any."""
    native = shutil.which("c++")
    if native and (platform.system(), platform.machine()) == ("Linux", "x86_64"):
        yield native, BASELINE["x86_64"]
    sys.stderr.write("Compiling Annoy by Zig, which takes a minute or more the first time.\n")
    _pip(tools, "install", ZIG)
    target = f"x86_64-linux-gnu.{_dotted(NEWEST['GLIBC'])}"
    # Zig writes the names of processors with underscores.
    yield tools, "-m", "ziglang", "c++", "-target", target, BASELINE["x86_64"].replace("x86-64-v2", "x86_64_v2")


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _pip(python: str, *arguments: str | Path) -> None:
    _run(python, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments)


def _run(*command: str | Path) -> str:
    """Run a command and return what it prints. Exit with all that it printed if it fails."""
    # The same wheel each time, so that the Firebase CLI skips functions that have not changed.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "315532800"}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    if sys.argv[1:] == ["--python"]:
        print(find_python(runtime_version()))
    elif len(sys.argv) == 2 and Path(sys.argv[1]).is_dir():
        vendor(Path(sys.argv[1]))
    else:
        sys.exit(__doc__)
