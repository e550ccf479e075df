"""The uploaded functions: they install in a clean environment, and their manifest is as expected."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from closetspace_infra.local.ports import free_port
from closetspace_infra.vendor import annoy_entry, check_wheel, find_python, problem_of, runtime_version, vendor
from tests.support.locks import pinned_with_hashes
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS, eventually


@pytest.fixture(scope="module")
def package_index() -> None:
    """Skip where no package index can be reached."""
    if subprocess.run([sys.executable, "-m", "pip", "index", "versions", "annoy"], capture_output=True).returncode:
        pytest.skip("no package index can be reached")


@pytest.fixture(scope="module")
def uploaded(package_index: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions' folder as ``firebase deploy`` uploads it, without the rest of the repository."""
    folder = tmp_path_factory.mktemp("upload") / "functions"
    shutil.copytree(
        REPOSITORY / "functions",
        folder,
        ignore=shutil.ignore_patterns("closetspace", "wheels", "requirements.txt", "venv", ".env.*", "__pycache__"),
    )
    vendor(folder, sys.executable)
    return folder


@pytest.fixture(scope="module")
def manifest(uploaded: Path) -> Iterator[dict[str, Any]]:
    """The manifest of the SDK's own discovery, in an environment with the requirements and nothing else."""
    venv = uploaded.parent / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    subprocess.run([*install, "--require-hashes", "--requirement", "requirements.txt"], cwd=uploaded, check=True)
    environment = {"PATH": os.environ["PATH"], "GCLOUD_PROJECT": "demo-closetspace"}
    environment["FIREBASE_CONFIG"] = json.dumps({"storageBucket": "demo-closetspace.firebasestorage.app"})
    command = [str(venv / "bin" / "python"), "-m", "firebase_functions.private.serving"]
    with ExitStack() as held:
        port = free_port(held)
        server = subprocess.Popen(command, cwd=uploaded, env=environment | {"ADMIN_PORT": str(port)})
        try:
            yield yaml.safe_load(fetch(f"http://127.0.0.1:{port}/__/functions.yaml", server))
        finally:
            server.terminate()
            server.wait()


def fetch(url: str, server: "subprocess.Popen[bytes]") -> str:
    def answer() -> str | None:
        assert server.poll() is None, "the discovery has ended"
        try:
            return httpx.get(url, timeout=HANG_SECONDS, trust_env=False).raise_for_status().text
        except httpx.TransportError:
            return None

    text: str = eventually(answer, "the discovery to answer")
    return text


def test_discovery_finds_every_function(manifest: dict[str, Any]) -> None:
    assert set(manifest["endpoints"]) == {
        *("item_written", "photo_finalized", "photo_deleted", "closet_written", "account_marked", "export_written"),
        *("recommend", "facets", "feedback", "deleteAccount", "exportMyData", "sweep"),
    }


def test_every_event_trigger_is_retried(manifest: dict[str, Any]) -> None:
    triggers = {name: e["eventTrigger"] for name, e in manifest["endpoints"].items() if "eventTrigger" in e}
    assert len(triggers) == 6
    assert [name for name, trigger in triggers.items() if trigger["retry"] is not True] == []


def test_every_function_states_its_size(manifest: dict[str, Any]) -> None:
    for name, endpoint in manifest["endpoints"].items():
        for size in ("cpu", "availableMemoryMb", "concurrency", "timeoutSeconds", "maxInstances"):
            assert isinstance(endpoint.get(size), int), f"{name} does not state its {size}"
        assert endpoint["region"] == ["us-central1"]


def test_triggers_listen_only_to_what_clients_write_to_closets_and_to_requests(manifest: dict[str, Any]) -> None:
    patterns = {
        name: e["eventTrigger"].get("eventFilterPathPatterns", {}).get("document")
        or e["eventTrigger"]["eventFilters"].get("document")
        for name, e in manifest["endpoints"].items()
        if "eventTrigger" in e and "firestore" in e["eventTrigger"]["eventType"]
    }
    assert patterns == {
        "item_written": "wardrobe/{itemId}",
        "closet_written": "closets/{uid}",
        "account_marked": "account_deletions/{uid}",
        "export_written": "exports/{uid}",
    }


def test_requirements_are_pinned_and_have_no_torch(uploaded: Path) -> None:
    text = (uploaded / "requirements.txt").read_text()
    requirements = pinned_with_hashes(text.removeprefix("--find-links ./wheels\n\n"))
    assert not [line for line in requirements if line.startswith(("torch", "sentence-transformers", "nvidia"))]
    assert "://" not in text


def test_deployed_requirements_are_those_that_are_tested(uploaded: Path) -> None:
    tested = set((REPOSITORY / "requirements.lock").read_text().splitlines())
    deployed = pinned_with_hashes((REPOSITORY / "requirements-functions.lock").read_text())
    assert set(deployed) <= tested


def test_annoy_is_shipped_as_a_wheel_and_nothing_else_is_accepted(uploaded: Path, manifest: dict[str, Any]) -> None:
    """The installation did not build it from source."""
    assert manifest
    (wheel,) = (uploaded / "wheels").iterdir()
    entry = annoy_entry((uploaded / "requirements.txt").read_text())
    assert re.findall("sha256:([0-9a-f]+)", entry) == [hashlib.sha256(wheel.read_bytes()).hexdigest()]


@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs objdump")
def test_annoy_runs_on_every_processor(uploaded: Path, tmp_path: Path) -> None:
    """It has no instruction of AVX, which the baseline lacks."""
    (wheel,) = (uploaded / "wheels").iterdir()
    with zipfile.ZipFile(wheel) as files:
        (library,) = [name for name in files.namelist() if name.endswith(".so")]
        path = files.extract(library, tmp_path)
    code = subprocess.run(["objdump", "-d", path], capture_output=True, text=True, check=True).stdout
    assert "%xmm" in code
    assert re.findall("%[yz]mm", code) == []
    assert re.findall(r"\tv\w+ +.*%xmm", code) == [], "those of AVX on short registers"


ELF = b"\x7fELF\x02\x01".ljust(18, b"\0")


@pytest.mark.parametrize(
    ("library", "problem"),
    [
        (b"", "not for Linux"),
        (b"\xcf\xfa\xed\xfe" + bytes(60), "not for Linux"),
        (ELF + b"\xb7\0", "not for Linux"),
        (ELF + b"\x3e\0\0GLIBC_2.14\0GLIBC_2.38\0", "GLIBC 2.38, and the runtime has 2.35"),
        (ELF + b"\x3e\0\0GLIBCXX_3.4.9\0GLIBCXX_3.4.32\0", "GLIBCXX 3.4.32"),
        (ELF + b"\x3e\0\0CXXABI_1.3.15\0", "CXXABI 1.3.15"),
    ],
)
def test_library_that_the_runtime_cannot_load_is_refused(library: bytes, problem: str) -> None:
    assert problem in str(problem_of(library))


def test_library_of_older_symbols_is_accepted() -> None:
    assert problem_of(ELF + b"\x3e\0\0GLIBC_2.9\0GLIBC_2.35\0GLIBCXX_3.4.30\0GLIBC_PRIVATE\0") is None


def test_lock_without_a_hash_of_annoy_is_refused() -> None:
    with pytest.raises(SystemExit, match="make lock"):
        annoy_entry("annoy==1.17.3\nnumpy==2.5.0\n")


def test_importing_main_makes_no_client_and_loads_nothing_heavy() -> None:
    heavy = ("numpy", "onnxruntime", "PIL", "annoy", "google.cloud.storage")
    code = f"import sys, main; print([m for m in {heavy} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "shared"), "FIREBASE_CONFIG": '{"storageBucket": "b"}'}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY / "functions",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_wheel_is_built_by_the_python_of_the_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ``python3`` the Firebase CLI runs the hook with."""
    version = runtime_version()
    found = tmp_path / "bin" / f"python{version}"
    found.parent.mkdir()
    found.write_text(f"#!/bin/sh\necho {version}\n")
    found.chmod(0o755)
    other = tmp_path / "bin" / "python3"
    other.write_text("#!/bin/sh\necho 3.99\n")
    other.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(other))
    monkeypatch.setenv("PATH", str(found.parent))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert find_python(version) == str(found)
    found.unlink()
    with pytest.raises(SystemExit, match=rf"install Python {version}"):
        find_python(version)


@pytest.mark.parametrize(
    "name",
    [
        "annoy-1.17.3-cp312-cp312-linux_x86_64.whl",
        "annoy-1.17.3-cp313-cp313-linux_aarch64.whl",
        "annoy-1.17.3-cp313-cp313-macosx_14_0_x86_64.whl",
        "annoy-1.17.3-cp313-cp313t-linux_x86_64.whl",
    ],
)
def test_wheel_of_another_python_or_system_is_refused(name: str) -> None:
    with pytest.raises(SystemExit, match="cp313 for Linux on x86_64"):
        check_wheel(name, "3.13")


def test_wheel_that_fits_is_accepted() -> None:
    check_wheel("annoy-1.17.3-cp313-cp313-linux_x86_64.whl", "3.13")
    check_wheel("annoy-1.17.3-cp313-cp313-manylinux_2_28_x86_64.whl", "3.13")


def test_build_of_the_image_needs_the_hook_alone(tmp_path: Path) -> None:
    """It is copied into a folder directly below the root, and there is no repository around it."""
    shutil.copy(REPOSITORY / "infra" / "closetspace_infra" / "vendor.py", tmp_path)
    in_source = "pathlib.Path.resolve = lambda path: pathlib.Path('/source/vendor.py')"
    code = f"import pathlib; {in_source}; import vendor; print(vendor.FLAGS)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("-O3")
