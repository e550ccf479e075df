"""The image of the catalog job: what it is built of, and that the job runs on nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import yaml

from closetspace.adapters.encoder.files import models_directory
from closetspace_infra.deploy.programs import runtime_python
from tests.support.locks import pinned_with_hashes
from tests.support.paths import REPOSITORY
from tests.support.waiting import HANG_SECONDS

INSTRUCTIONS = re.findall(
    r"^([A-Z]+) (.+)$", (REPOSITORY / "infra" / "Dockerfile").read_text().replace("\\\n", " "), re.MULTILINE
)
COPIES = [arguments.split() for name, arguments in INSTRUCTIONS if name == "COPY" and "--from" not in arguments]
LEFT_OUT = (
    "catalog_jobs.benchmarks",
    "catalog_jobs.demo",
    "catalog_jobs.encoders.training",
    "catalog_jobs.evaluation",
    "closetspace_infra",
)

# Without `site`, the editable installation of the repository is not found, only what the paths given have.
START = "import sys; target, packages, *sys.argv[1:] = sys.argv[1:]; sys.path[:0] = [target, packages]\n"

# Of commands and encoders, what the command line imports; of the others everything.
IMPORT_JOB = """
import importlib, pkgutil
import catalog_jobs.cli.app, closetspace

for package in (catalog_jobs, closetspace):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.startswith(("catalog_jobs.__main__", "catalog_jobs.cli.", "catalog_jobs.encoders.")):
            importlib.import_module(module.name)
print(*sys.modules)
"""

RUN_COMMANDS = """
import json
from importlib.metadata import distribution
from typer.testing import CliRunner

[script] = distribution("closetspace").entry_points
app = script.load()
results = {command: CliRunner().invoke(app, command.split()) for command in sys.argv[1:]}
print(json.dumps({command: (result.exit_code, result.output) for command, result in results.items()}))
"""

RUN_COMMAND = """
from importlib.metadata import distribution
[script] = distribution("closetspace").entry_points
script.load()()
"""


def is_sent(path: str, rules: list[str]) -> bool:
    """Return whether a build gets a file, by the last rule of .dockerignore that matches it or a folder around it."""
    around = [path, *map(str, list(Path(path).parents)[:-1])]
    sent = True
    for rule in rules:
        pattern = rule.removeprefix("!").removeprefix("/").removeprefix("**/")
        if any(fnmatchcase(part, pattern) and part.count("/") == pattern.count("/") for part in around):
            sent = rule.startswith("!")
    return sent


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that a build gets, except for the encoders' weights, which are large and no code."""
    folder = tmp_path_factory.mktemp("context")
    rules = [line for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]

    def left_out(directory: str, names: list[str]) -> list[str]:
        inside = Path(directory).relative_to(REPOSITORY)
        return [name for name in names if name == "models" or not is_sent(str(inside / name), rules)]

    shutil.copytree(REPOSITORY, folder, ignore=left_out, dirs_exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def image(context: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's packages as the image has them."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("image")
    for *names, destination in COPIES:
        for name in names:
            to = source / destination / (Path(name).name if destination.endswith("./") else "")
            (shutil.copytree if (context / name).is_dir() else shutil.copy)(context / name, to)
    install = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--offline",
    ]
    subprocess.run([*install, "--target", str(target), str(source)], check=True)
    (target / "closetspace" / "models").symlink_to(models_directory())
    return target


def run_in(image: Path, code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-I", "-S", "-c", START + code, str(image), sysconfig.get_path("purelib"), *arguments]
    variables = {"PATH": os.environ["PATH"], "COLUMNS": "200"}
    return subprocess.run(command, cwd=image, env=variables, capture_output=True, text=True, timeout=HANG_SECONDS)


BASE = dict(INSTRUCTIONS)["ARG"].removeprefix("BASE=")


def test_both_stages_are_of_one_base_with_the_python_of_the_functions() -> None:
    bases = [arguments.split()[0] for name, arguments in INSTRUCTIONS if name == "FROM"]
    assert bases == ["${BASE}", "${BASE}"]
    runtime = runtime_python(REPOSITORY).removeprefix("python")
    assert re.fullmatch(rf"python:{re.escape(runtime)}(\.\d+)?-slim-\w+(@sha256:[0-9a-f]{{64}})?", BASE)


def test_cloud_build_names_the_base_by_its_digest(tmp_path: Path) -> None:
    digest = f"sha256:{'0123456789abcdef' * 4}"
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho docker "$@" >&2\n[ $1 != inspect ] || echo python@{digest}\n')
    docker.chmod(0o755)
    (step,) = yaml.safe_load((REPOSITORY / "infra" / "cloudbuild.yaml").read_text())["steps"]
    # As Cloud Build substitutes.
    values = {"$": "$", "_IMAGE": "registry/image:1"}
    script = re.sub(r"\$(\$|_IMAGE)", lambda found: values[found[1]], step["args"][-1])
    command = [step["entrypoint"], *step["args"][:-1], script]
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=REPOSITORY, env=path, capture_output=True, text=True, check=True)
    pull, inspect, build = done.stderr.splitlines()
    assert pull.endswith(f" {BASE}")
    assert inspect.endswith(f" {BASE}")
    assert f"--tag registry/image:1 --build-arg BASE=python@{digest} " in build
    assert f"--label org.opencontainers.image.base.digest={digest} ." in build


def test_failed_pull_ends_the_build(tmp_path: Path) -> None:
    docker = tmp_path / "docker"
    docker.write_text('#!/bin/sh\necho docker "$@" >&2\nexit 1\n')
    docker.chmod(0o755)
    (step,) = yaml.safe_load((REPOSITORY / "infra" / "cloudbuild.yaml").read_text())["steps"]
    command = [step["entrypoint"], *step["args"][:-1], step["args"][-1].replace("$$", "$")]
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "_IMAGE": "image"}
    done = subprocess.run(command, cwd=REPOSITORY, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_build_gets_every_file_that_the_image_copies(context: Path) -> None:
    assert [name for *names, _ in COPIES for name in names if not (context / name).exists()] == []
    assert {path.name for path in (context / "infra").rglob("*") if path.is_file()} == {"Dockerfile", "vendor.py"}


def test_image_runs_the_refresh_and_not_as_root() -> None:
    user = [arguments for name, arguments in INSTRUCTIONS if name == "USER"]
    assert user
    assert user[-1] not in ("root", "0")
    last = dict(INSTRUCTIONS)
    assert json.loads(last["ENTRYPOINT"]) + json.loads(last["CMD"]) == ["closetspace", "catalog", "refresh"]


def test_image_installs_the_pinned_and_tested_packages() -> None:
    pinned = pinned_with_hashes((REPOSITORY / "requirements-jobs.lock").read_text())
    assert set(pinned) <= set((REPOSITORY / "requirements.lock").read_text().splitlines())
    assert not [line for line in pinned if line.startswith(("torch", "pytest"))]


def test_image_imports_without_emulator_demo_evaluation_and_training(image: Path) -> None:
    done = run_in(image, IMPORT_JOB)
    assert done.returncode == 0, done.stderr
    modules = done.stdout.split()
    assert {"catalog_jobs.refresh.job", "catalog_jobs.sources.runner", "closetspace.services.migrate"} <= set(modules)
    assert [module for module in modules if module.startswith(LEFT_OUT)] == []
    assert [name for name in LEFT_OUT if (image / name.replace(".", "/")).exists()] == []


def test_image_refreshes_a_catalog(image: Path, drawn_catalog: Path, tmp_path: Path) -> None:
    options = ["--store", str(tmp_path / "store"), "--source", str(drawn_catalog), "--json"]
    done = run_in(image, RUN_COMMAND, "catalog", "refresh", *options)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["published"] is True


def test_commands_of_the_job_start_and_those_of_the_repository_say_that_they_need_it(image: Path) -> None:
    started = ["catalog refresh", "catalog status", "cloud status", "encoder migrate", "index publish"]
    missing = ["bench", "cloud deploy", "demo --once", "doctor", "encoder train x", "evaluate", "local up"]
    done = run_in(image, RUN_COMMANDS, *(f"{command} --help" for command in started), *missing)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)
    assert {command for command, (status, _) in results.items() if status == 0} == {f"{it} --help" for it in started}
    assert {status for command, (status, _) in results.items() if command in missing} == {1}
    assert [it for it in missing if "needs a clone of the repository" not in results[it][1]] == []
