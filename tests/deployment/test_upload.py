"""The uploaded functions: they install in a clean environment, and their manifest is as expected."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from closetspace_infra.local.ports import free_port
from closetspace_infra.vendor import check_wheel, find_python, runtime_version, vendor
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
        ignore=shutil.ignore_patterns("closetspace", "wheels", "venv", ".env.*", "__pycache__"),
    )
    vendor(folder, sys.executable)
    return folder


@pytest.fixture(scope="module")
def manifest(uploaded: Path) -> Iterator[dict[str, Any]]:
    """The manifest of the SDK's own discovery, in an environment with the requirements and nothing else."""
    venv = uploaded.parent / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(venv / "bin" / "python")]
    subprocess.run([*install, "--requirement", "requirements.txt"], cwd=uploaded, check=True)
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
    lines = (uploaded / "requirements.txt").read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("--find-links")]
    assert all(re.fullmatch(r"[a-z0-9_.-]+==[\w.]+( ; .+)?", line) for line in requirements)
    assert not [line for line in requirements if line.startswith(("torch", "sentence-transformers", "nvidia"))]
    assert not [line for line in lines if "://" in line]


def test_deployed_requirements_are_those_that_are_tested(uploaded: Path) -> None:
    tested = set((REPOSITORY / "requirements.lock").read_text().splitlines())
    deployed = {line for line in (uploaded / "requirements.txt").read_text().splitlines() if "==" in line}
    assert deployed <= tested


@pytest.mark.skipif(sys.platform != "linux", reason="the portable wheel is built on Linux")
def test_annoy_is_shipped_as_a_wheel_for_any_processor(uploaded: Path, manifest: dict[str, Any]) -> None:
    assert manifest
    assert len(list((uploaded / "wheels").glob("annoy-*.whl"))) == 1


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
    assert find_python(version, tmp_path) == str(found)
    found.unlink()
    with pytest.raises(SystemExit, match=rf"install Python {version}"):
        find_python(version, tmp_path)


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
