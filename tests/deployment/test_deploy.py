"""The deployment: which commands, in which order, and what happens when one of them fails."""

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
from closetspace_infra.deploy import Deployment, plan
from closetspace_infra.steps import SOURCES, Step, committed, run

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
    """A folder like the repository, and programs that only note how they were called."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self._log = folder / "clone", folder / "bin", folder / "calls"
        for name in ("infra/terraform", "functions"):
            (self.root / name).mkdir(parents=True)
        self.bin.mkdir()
        self.install(*SOURCES)

    def install(self, *names: str, failing: str = "nothing") -> None:
        """``failing`` is a shell pattern of the calls that fail."""
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
    # Nothing is there but these and the shell's own; what lies beside the interpreter would be found too.
    monkeypatch.setenv("PATH", f"{made.bin}:/bin:/usr/bin")
    monkeypatch.setattr(sys, "executable", str(made.bin / "python"))
    made.install("gcloud", failing="*describe*state*|*describe*gs:*|*images\\ describe*")
    return made


def silent(line: str) -> None:
    """Nobody reads."""


def starts(calls: list[str], *beginnings: str) -> bool:
    """Whether calls that begin so come in this order."""
    remaining = iter(calls)
    return all(any(call.startswith(beginning) for call in remaining) for beginning in beginnings)


def test_everything_is_deployed_in_order(machine: Machine) -> None:
    run(plan(TO), silent, root=machine.root)
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


def test_the_foundation_comes_before_the_image_and_the_image_before_the_job() -> None:
    commands = {step.name: step.command for step in plan(TO)}
    assert list(commands).index("foundation") < list(commands).index("image") < list(commands).index("infrastructure")
    assert "-target=terraform_data.foundation" in commands["foundation"]
    assert f"--substitutions=_IMAGE={IMAGE}" in commands["image"]
    assert f"-var=image={IMAGE}" in commands["infrastructure"]
    assert not any(option.startswith("-target") for option in commands["infrastructure"])


def test_the_functions_settings_come_from_what_terraform_made(machine: Machine) -> None:
    run(plan(TO), silent, root=machine.root)
    written = machine.root / "functions" / ".env.closetspace-demo"
    assert written.read_text() == "PHOTO_BUCKET=closetspace-demo-photos\n"
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_what_is_there_already_is_not_made_again(machine: Machine) -> None:
    machine.install("gcloud")
    run(plan(TO), silent, root=machine.root)
    assert not [call for call in machine.calls if "buckets create" in call or "builds submit" in call]


def test_the_first_failure_ends_it_and_says_how_to_go_on(machine: Machine) -> None:
    machine.install("gcloud", failing="*builds*|*describe*gs:*|*images\\ describe*")
    with pytest.raises(FailedPrecondition, match=r"The step image failed \(gcloud ended with 3.*--from image"):
        run(plan(TO), silent, root=machine.root)
    assert machine.calls[-1].startswith("gcloud builds submit")


def test_it_goes_on_where_it_was_cut_off(machine: Machine) -> None:
    run(plan(TO), silent, root=machine.root, since="image")
    assert machine.calls[0].startswith("gcloud artifacts docker images describe")
    assert not [call for call in machine.calls if call.startswith(("terraform init", "gcloud services"))]


def test_an_unknown_step_is_refused_with_those_that_there_are(machine: Machine) -> None:
    with pytest.raises(InvalidInput, match=r"no step functons\. Steps are: login, .*functions, status"):
        run(plan(TO), silent, root=machine.root, since="functons")
    assert machine.calls == []


def test_settings_are_not_written_when_terraform_fails(machine: Machine) -> None:
    machine.install("terraform", failing="*output*")
    with pytest.raises(FailedPrecondition, match="--from settings"):
        run(plan(TO), silent, root=machine.root)
    assert list((machine.root / "functions").iterdir()) == []


@pytest.mark.parametrize("name", ["firebase", "terraform", "closetspace"])
def test_a_missing_program_is_named_before_anything_runs(
    machine: Machine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.bin / name).unlink()
    monkeypatch.setenv("PATH", str(machine.bin))
    with pytest.raises(FailedPrecondition, match=rf"{name} \({SOURCES[name][:12]}"):
        run(plan(TO), silent, root=machine.root)
    assert machine.calls == []


def test_a_dry_run_tells_every_command_and_runs_none(machine: Machine) -> None:
    told: list[str] = []
    run(plan(TO), told.append, root=machine.root, dry_run=True)
    assert machine.calls == []
    for step in plan(TO):
        assert any(line.endswith(f"{step.name}: {step.why}") for line in told)
        assert any(line.strip().startswith(("cd ", step.command[0])) for line in told)
    assert (
        "    cd infra/terraform && terraform output -raw functions_env > ../../functions/.env.closetspace-demo" in told
    )


def test_a_dry_run_plans_where_terraform_is_initialised(machine: Machine) -> None:
    (machine.root / "infra/terraform/.terraform").mkdir()
    run(plan(TO), silent, root=machine.root, dry_run=True)
    assert len(machine.calls) == 2
    assert all(call.startswith("terraform plan -input=false -lock=false") for call in machine.calls)


def test_a_dry_run_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run(plan(TO), silent, root=tmp_path, dry_run=True)


def test_what_is_asked_for_reaches_terraform() -> None:
    to = replace(TO, billing_account="012345-6789AB-CDEF01", budget=80, scrapfly=True, variables=Path("demo.tfvars"))
    (command,) = (step.command for step in plan(to) if step.name == "infrastructure")
    assert "-var-file=demo.tfvars" in command
    assert {"-var=billing_account=012345-6789AB-CDEF01", "-var=budget=80", "-var=scrapfly=true"} <= set(command)
    (without,) = (step.command for step in plan(TO) if step.name == "infrastructure")
    assert not [option for option in without if "billing" in option or "budget" in option or "scrapfly" in option]


def test_a_first_refresh_runs_when_asked_for() -> None:
    assert [step.name for step in plan(replace(TO, refresh=True))][-2:] == ["refresh", "status"]
    assert "refresh" not in [step.name for step in plan(TO)]


def test_every_step_says_why_has_a_name_of_its_own_and_a_program_that_is_known() -> None:
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


def test_an_image_is_named_by_what_was_committed(tmp_path: Path, clone: Callable[..., None]) -> None:
    commit = committed(tmp_path)
    assert len(commit) == 12
    (tmp_path / "file").write_text("two")
    with pytest.raises(FailedPrecondition, match="Commit them"):
        committed(tmp_path)
    clone("commit", "--all", "--message", "two")
    assert committed(tmp_path) != commit


def test_a_folder_that_is_no_clone_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="Deploy from a clone"):
        committed(tmp_path)


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    app = typer.Typer()
    app.command()(deploy)
    done = CliRunner().invoke(app, list(arguments))
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def test_the_command_shows_what_it_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSETSPACE_REGION", "europe-west1")
    done = command("--project", "closetspace-demo", "--alert-email", "operator@shop.example", "--dry-run")
    assert done.returncode == 0
    told = " ".join(done.stderr.split())
    assert "-var=firestore_location=europe-west1" in told
    assert told.endswith("Nothing was changed.")


def test_the_command_says_what_it_needs() -> None:
    done = command("--dry-run")
    assert done.returncode != 0
    assert "--project" in done.stderr
