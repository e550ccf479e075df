"""The deployment: its commands, their order, and what happens if one fails."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from catalog_jobs.cli.cloud_deploy import deploy
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace_infra.deploy import SOURCES, Deployment, Step, committed, plan, run

TO = Deployment(
    project="closetspace-demo",
    commit="0123456789ab",
    alert_email="operator@shop.example",
    region="us-central1",
    firestore_location="us-central1",
)
IMAGE = "us-central1-docker.pkg.dev/closetspace-demo/closetspace/catalog:0123456789ab"
PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "{log}"
case "$(basename "$0") $*" in
  {failing}) echo "no" >&2; exit 3;;
  *functions_env*) echo PHOTO_BUCKET=closetspace-demo-photos;;
esac
"""


class Machine:
    """A folder like the repository, and programs that only record their calls."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self._log = folder / "clone", folder / "bin", folder / "calls"
        for name in ("infra/terraform", "functions"):
            (self.root / name).mkdir(parents=True)
        self.bin.mkdir()
        self.install(*SOURCES)

    def install(self, *names: str, failing: str = "nothing") -> None:
        """Install programs; ``failing`` is a shell pattern of the calls that fail."""
        for name in names:
            program = self.bin / name
            program.write_text(PROGRAM.format(log=self._log, failing=failing))
            program.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []

    def forget(self) -> None:
        self._log.unlink(missing_ok=True)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    # Only these and the shell's own programs are found, and none beside the real interpreter.
    monkeypatch.setenv("PATH", f"{made.bin}:/bin:/usr/bin")
    monkeypatch.setattr(sys, "executable", str(made.bin / "python"))
    made.install("gcloud", failing="*describe*state*|*describe*gs:*|*images\\ describe*")
    return made


def print_nothing(line: str) -> None:
    """Print nothing."""


def starts(calls: list[str], *beginnings: str) -> bool:
    """Return whether calls with these beginnings come in this order."""
    remaining = iter(calls)
    return all(any(call.startswith(beginning) for call in remaining) for beginning in beginnings)


def test_everything_is_deployed_in_order(machine: Machine) -> None:
    run(plan(TO), print_nothing, root=machine.root)
    assert starts(
        machine.calls,
        "gcloud projects describe closetspace-demo",
        "firebase projects:list",
        "gcloud services enable",
        "gcloud storage buckets create gs://closetspace-demo-terraform",
        "terraform init",
        "terraform apply",
        "gcloud builds submit",
        "terraform apply",
        "python3.11 -m venv",
        "terraform output -raw functions_env",
        "firebase deploy --only firestore:rules,functions",
        "closetspace cloud status",
    )


def test_foundation_comes_before_the_image_and_the_image_before_the_job() -> None:
    commands = {step.name: step.command for step in plan(TO)}
    assert list(commands).index("foundation") < list(commands).index("image") < list(commands).index("infrastructure")
    assert "-target=terraform_data.foundation" in commands["foundation"]
    assert f"--substitutions=_IMAGE={IMAGE}" in commands["image"]
    assert f"-var=image={IMAGE}" in commands["infrastructure"]
    assert not any(option.startswith("-target") for option in commands["infrastructure"])


def test_functions_get_their_settings_from_terraform(machine: Machine) -> None:
    run(plan(TO), print_nothing, root=machine.root)
    written = machine.root / "functions" / ".env.closetspace-demo"
    assert written.read_text() == "PHOTO_BUCKET=closetspace-demo-photos\n"
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_existing_bucket_and_image_are_not_created_again(machine: Machine) -> None:
    machine.install("gcloud")
    run(plan(TO), print_nothing, root=machine.root)
    assert not [call for call in machine.calls if "buckets create" in call or "builds submit" in call]


def test_first_failure_ends_the_run_and_names_the_option_to_continue(machine: Machine) -> None:
    machine.install("gcloud", failing="*builds*|*describe*gs:*|*images\\ describe*")
    with pytest.raises(FailedPrecondition, match=r"The step image failed: gcloud exited with 3.*--from image"):
        run(plan(TO), print_nothing, root=machine.root)
    assert machine.calls[-1].startswith("gcloud builds submit")


def test_run_continues_from_a_step(machine: Machine) -> None:
    run(plan(TO), print_nothing, root=machine.root, since="image")
    assert machine.calls[0].startswith("gcloud artifacts docker images describe")
    assert not [call for call in machine.calls if call.startswith(("terraform init", "gcloud services"))]


def test_unknown_step_is_refused_with_the_known_ones(machine: Machine) -> None:
    with pytest.raises(InvalidInput, match=r"no step functons\. The steps are login, .*functions, status"):
        run(plan(TO), print_nothing, root=machine.root, since="functons")
    assert machine.calls == []


def test_settings_are_not_written_if_terraform_fails(machine: Machine) -> None:
    machine.install("terraform", failing="*output*")
    with pytest.raises(FailedPrecondition, match="--from settings"):
        run(plan(TO), print_nothing, root=machine.root)
    assert list((machine.root / "functions").iterdir()) == []


@pytest.mark.parametrize("name", ["firebase", "terraform", "closetspace"])
def test_missing_program_is_named_before_anything_runs(
    machine: Machine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.bin / name).unlink()
    monkeypatch.setenv("PATH", str(machine.bin))
    with pytest.raises(FailedPrecondition, match=rf"{name} \({SOURCES[name][:12]}"):
        run(plan(TO), print_nothing, root=machine.root)
    assert machine.calls == []


def test_dry_run_prints_every_command_and_runs_none(machine: Machine) -> None:
    lines: list[str] = []
    run(plan(TO), lines.append, root=machine.root, dry_run=True)
    assert machine.calls == []
    for step in plan(TO):
        assert any(line.endswith(f"{step.name}: {step.why}") for line in lines)
        assert any(line.strip().startswith(("cd ", step.command[0])) for line in lines)
    assert (
        "    cd infra/terraform && terraform output -raw functions_env > ../../functions/.env.closetspace-demo" in lines
    )


def test_dry_run_runs_terraforms_plan_if_it_is_initialised(machine: Machine) -> None:
    (machine.root / "infra/terraform/.terraform").mkdir()
    run(plan(TO), print_nothing, root=machine.root, dry_run=True)
    assert len(machine.calls) == 2
    assert all(call.startswith("terraform plan -input=false -lock=false") for call in machine.calls)


def test_dry_run_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run(plan(TO), print_nothing, root=tmp_path, dry_run=True)


def test_options_reach_terraform() -> None:
    to = replace(TO, billing_account="012345-6789AB-CDEF01", budget=80, scrapfly=True, variables=Path("demo.tfvars"))
    (command,) = (step.command for step in plan(to) if step.name == "infrastructure")
    assert "-var-file=demo.tfvars" in command
    assert {"-var=billing_account=012345-6789AB-CDEF01", "-var=budget=80", "-var=scrapfly=true"} <= set(command)
    (without,) = (step.command for step in plan(TO) if step.name == "infrastructure")
    assert not [option for option in without if "billing" in option or "budget" in option or "scrapfly" in option]


def test_first_refresh_is_optional() -> None:
    assert [step.name for step in plan(replace(TO, refresh=True))][-2:] == ["refresh", "status"]
    assert "refresh" not in [step.name for step in plan(TO)]


def test_each_step_has_a_unique_name_a_reason_and_a_known_program() -> None:
    steps: list[Step] = plan(replace(TO, refresh=True))
    assert len({step.name for step in steps}) == len(steps)
    assert all(step.why for step in steps)
    assert {step.command[0] for step in steps} <= set(SOURCES)


@pytest.fixture
def clone(tmp_path: Path) -> Callable[..., None]:
    def git(*arguments: str) -> None:
        author = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        subprocess.run(["git", *author, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "--message", "one")
    return git


def test_image_has_the_commit_as_tag_and_no_uncommitted_changes(tmp_path: Path, clone: Callable[..., None]) -> None:
    commit = committed(tmp_path)
    assert len(commit) == 12
    (tmp_path / "file").write_text("two")
    with pytest.raises(FailedPrecondition, match="Commit them"):
        committed(tmp_path)
    clone("commit", "--all", "--message", "two")
    assert committed(tmp_path) != commit


def test_folder_that_is_no_clone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="Deploy from a clone"):
        committed(tmp_path)


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    app = typer.Typer()
    app.command()(deploy)
    done = CliRunner().invoke(app, list(arguments))
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def test_command_prints_a_dry_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSETSPACE_REGION", "europe-west1")
    done = command("--project", "closetspace-demo", "--alert-email", "operator@shop.example", "--dry-run")
    assert done.returncode == 0
    output = " ".join(done.stderr.split())
    assert "-var=firestore_location=europe-west1" in output
    assert output.endswith("Nothing was changed.")


def test_command_names_missing_options() -> None:
    done = command("--dry-run")
    assert done.returncode != 0
    assert "--project" in done.stderr
