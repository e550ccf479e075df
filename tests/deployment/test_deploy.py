"""The deployment: its commands, their order, and what happens if one fails."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from catalog_jobs.cli.cloud_deploy import deploy
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace_infra.deploy.commit import committed
from closetspace_infra.deploy.plan import plan
from closetspace_infra.deploy.programs import OLDEST, runtime_python, source_of
from closetspace_infra.deploy.running import run
from closetspace_infra.deploy.steps import Deployment, Step
from closetspace_infra.deploy.values import check_values
from tests.support.paths import REPOSITORY
from tests.support.terraform_files import needs_terraform

TO = Deployment(
    project="closetspace-demo",
    commit="0123456789ab",
    alert_email="operator@shop.example",
    region="us-central1",
    firestore_location="us-central1",
    python="python3.13",
)
PROGRAMS = ("closetspace", "firebase", "gcloud", "python3.13", "terraform")
IMAGE = "us-central1-docker.pkg.dev/closetspace-demo/closetspace/catalog:0123456789ab"
PROGRAM = """#!/bin/sh
case "$(basename "$0") $*" in
  "firebase --version") echo "${{FIREBASE_VERSION:-15.34.2}}"; exit;;
  "gcloud version") printf 'Google Cloud SDK 600.0.0\nbq 2.1.18\n'; exit;;
  "terraform version") printf 'Terraform v1.11.4\non linux_amd64\n'; exit;;
esac
echo "$(basename "$0") $*" >> "{log}"
case "$(basename "$0") $*" in
  {failing}) echo "no" >&2; exit 3;;
  *functions_env*) echo PHOTO_BUCKET=closetspace-demo-photos;;
  "terraform init "*)
    bucket=$(echo "$*" | sed "s/.*bucket=//")
    mkdir -p "$TF_DATA_DIR"
    state=$TF_DATA_DIR/terraform.tfstate
    echo '{{"backend": {{"config": {{"bucket": "'"${{FORGOTTEN_BUCKET:-$bucket}}"'"}}}}}}' > "$state";;
  "terraform output -json") cat "{outputs}";;
  "gcloud storage buckets list "*) echo "${{OWN_BUCKETS:-closetspace-demo-terraform closetspace-live-terraform}}";;
esac
"""


class Machine:
    """A folder like the repository, and programs that only record their calls."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self._log = folder / "clone", folder / "bin", folder / "calls"
        self.outputs = folder / "outputs.json"
        self.outputs.write_text("{}")
        for name in ("infra/terraform", "functions"):
            (self.root / name).mkdir(parents=True)
        self.bin.mkdir()
        self.install(*PROGRAMS)

    def install(self, *names: str, failing: str = "nothing") -> None:
        """Install programs; ``failing`` is a shell pattern of the calls that fail."""
        for name in names:
            program = self.bin / name
            program.write_text(PROGRAM.format(log=self._log, failing=failing, outputs=self.outputs))
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
    made.install("firebase", failing="*apps:list*")
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
        "closetspace cloud check",
        "firebase projects:addfirebase",
        "gcloud storage buckets create gs://closetspace-demo-terraform",
        "terraform init",
        "terraform apply",
        "gcloud builds submit",
        "terraform apply",
        "python3.13 -m venv",
        "terraform output -raw functions_env",
        "firebase deploy --only firestore:rules,functions",
        "closetspace cloud access",
        "closetspace cloud traffic",
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
    assert written.read_text() == "PHOTO_BUCKET=closetspace-demo-photos\nCLOSETSPACE_RELEASE=0123456789ab\n"
    assert [path.name for path in written.parent.iterdir()] == [written.name]


def test_existing_bucket_and_image_are_not_created_again(machine: Machine) -> None:
    machine.install("gcloud")
    run(plan(TO), print_nothing, root=machine.root)
    assert not [call for call in machine.calls if "buckets create" in call or "builds submit" in call]


def test_first_failure_ends_the_run_and_names_the_option_to_continue(machine: Machine) -> None:
    machine.install("gcloud", failing="*builds*|*describe*gs:*|*images\\ describe*")
    with pytest.raises(FailedPrecondition, match=r"The step image failed: gcloud exited with 3.*wait.*--from image"):
        run(plan(TO), print_nothing, root=machine.root)
    assert machine.calls[-1].startswith("gcloud builds submit")


def test_nothing_is_made_before_the_checks_have_passed(machine: Machine) -> None:
    machine.install("closetspace", failing="*cloud\\ check*")
    with pytest.raises(FailedPrecondition, match="--from check"):
        run(plan(TO), print_nothing, root=machine.root)
    made = ("create", "apply", "addfirebase", "deploy", "submit")
    assert [call for call in machine.calls if any(word in call for word in made)] == []


def test_terms_that_are_not_accepted_are_named_with_the_page_to_accept_them(machine: Machine) -> None:
    machine.install("firebase", failing="*apps:list*|*addfirebase*")
    with pytest.raises(FailedPrecondition, match=r"Accept Firebase's terms.*forceCheckTos=true.*--from firebase"):
        run(plan(TO), print_nothing, root=machine.root)


def test_project_that_has_firebase_is_not_added_again(machine: Machine) -> None:
    machine.install("firebase")
    run(plan(TO), print_nothing, root=machine.root)
    assert not [call for call in machine.calls if "addfirebase" in call]


def test_run_continues_from_a_step(machine: Machine) -> None:
    run(plan(TO), print_nothing, root=machine.root, since="image")
    assert not [call for call in machine.calls if call.startswith(("gcloud services", "gcloud projects"))]
    assert [call for call in machine.calls if call.startswith("gcloud builds submit")]


@pytest.mark.parametrize("since", ["python", "settings", "functions", "status"])
def test_run_that_begins_later_initialises_terraform_first(machine: Machine, since: str) -> None:
    """A rollback that begins with python must not write another project's buckets into the functions' settings."""
    run(plan(TO), print_nothing, root=machine.root, since=since)
    assert machine.calls[0].startswith("terraform init")
    assert machine.calls[0].endswith("-backend-config=bucket=closetspace-demo-terraform")
    assert starts(machine.calls, "terraform init", next(s.command[0] for s in plan(TO) if s.name == since))


def test_two_projects_have_data_directories_of_their_own(machine: Machine) -> None:
    for to in (TO, replace(TO, project="closetspace-live")):
        run(plan(to), print_nothing, root=machine.root, since="status")
    folders = sorted(path.name for path in (machine.root / "infra/terraform/.terraform").iterdir())
    assert folders == ["closetspace-demo", "closetspace-live"]
    for step in plan(TO):
        assert (step.command[0] == "terraform") == ("TF_DATA_DIR" in step.environment)


def test_state_of_another_bucket_is_refused(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGOTTEN_BUCKET", "closetspace-live-terraform")
    with pytest.raises(
        FailedPrecondition, match="the state in closetspace-live-terraform, not that of closetspace-demo"
    ):
        run(plan(TO), print_nothing, root=machine.root, since="python")
    assert not [call for call in machine.calls if "functions_env" in call or "deploy" in call]


def test_bucket_of_the_state_that_belongs_to_someone_else_is_refused(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of buckets are the same for everyone, and a stranger may let others write."""
    monkeypatch.setenv("OWN_BUCKETS", "closetspace-demo-photos")
    with pytest.raises(FailedPrecondition, match="gs://closetspace-demo-terraform is not a bucket of closetspace-demo"):
        run(plan(TO), print_nothing, root=machine.root)
    assert not [call for call in machine.calls if "apply" in call]


def test_state_that_describes_another_project_is_refused(machine: Machine) -> None:
    machine.outputs.write_text('{"photos_bucket": {"value": "closetspace-live-photos"}}')
    with pytest.raises(FailedPrecondition, match="closetspace-live-photos"):
        run(plan(TO), print_nothing, root=machine.root, since="python")
    machine.outputs.write_text('{"photos_bucket": {"value": "closetspace-demo-photos"}}')
    run(plan(TO), print_nothing, root=machine.root, since="python")


def test_unknown_step_is_refused_with_the_known_ones(machine: Machine) -> None:
    with pytest.raises(InvalidInput, match=r"no step functons\. The steps are login, .*functions, .*access, .*status"):
        run(plan(TO), print_nothing, root=machine.root, since="functons")
    assert machine.calls == []


def test_settings_are_not_written_if_terraform_fails(machine: Machine) -> None:
    machine.install("terraform", failing="*output\\ -raw*")
    with pytest.raises(FailedPrecondition, match="--from settings"):
        run(plan(TO), print_nothing, root=machine.root)
    assert list((machine.root / "functions").iterdir()) == []


@pytest.mark.parametrize("name", ["firebase", "terraform", "closetspace"])
def test_missing_program_is_named_before_anything_runs(
    machine: Machine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (machine.bin / name).unlink()
    monkeypatch.setenv("PATH", str(machine.bin))
    with pytest.raises(FailedPrecondition, match=rf"{name} \({source_of(name)[:12]}"):
        run(plan(TO), print_nothing, root=machine.root)
    assert machine.calls == []


def test_dry_run_prints_every_command_and_runs_none(machine: Machine) -> None:
    lines: list[str] = []
    run(plan(TO), lines.append, root=machine.root, dry_run=True)
    assert machine.calls == []
    for step in plan(TO):
        assert any(line.endswith(f": {step.why}") and f"] {step.name} (" in line for line in lines)
        assert any(line.strip().startswith(("cd ", step.command[0])) for line in lines)
    file = "../../functions/.env.closetspace-demo"
    output = "TF_DATA_DIR=.terraform/closetspace-demo terraform output -raw functions_env"
    added = f"echo CLOSETSPACE_RELEASE=0123456789ab >> {file}"
    assert f"    cd infra/terraform && {output} > {file} && {added}" in lines


def test_dry_run_estimates_each_step_each_phase_and_the_whole(machine: Machine) -> None:
    lines: list[str] = []
    run(plan(TO), lines.append, root=machine.root, dry_run=True)
    assert [line.strip() for line in lines if "Infrastructure, " in line] == ["Infrastructure, about 23 min"]
    assert any(line.startswith("[11/20] infrastructure (about 10 min): ") for line in lines)
    assert any(line.startswith("[1/20] login (seconds): ") for line in lines)
    assert lines[-1].strip().startswith("In all about 37 min for a first deployment")


def test_dry_run_runs_terraforms_plan_if_it_is_initialised(machine: Machine) -> None:
    (machine.root / "infra/terraform/.terraform/closetspace-demo").mkdir(parents=True)
    run(plan(TO), print_nothing, root=machine.root, dry_run=True)
    assert len(machine.calls) == 2
    assert all(call.startswith("terraform plan -input=false -lock=false") for call in machine.calls)


def test_dry_run_needs_no_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    run(plan(TO), print_nothing, root=tmp_path, dry_run=True)


def test_options_reach_terraform() -> None:
    to = replace(TO, billing_account="012345-6789AB-CDEF01", budget=80, scrapfly=True)
    to = replace(
        to, variables={"refresh_tasks": 4, "time_zone": "Europe/Berlin"}, settings={"EMBEDDING_INSTANCES": "9"}
    )
    (command,) = (step.command for step in plan(to) if step.name == "infrastructure")
    assert {"-var=refresh_tasks=4", "-var=time_zone=Europe/Berlin"} <= set(command)
    assert '-var=functions_settings={"EMBEDDING_INSTANCES": "9"}' in command
    assert {"-var=billing_account=012345-6789AB-CDEF01", "-var=budget=80", "-var=scrapfly=true"} <= set(command)
    (without,) = (step.command for step in plan(TO) if step.name == "infrastructure")
    assert not [option for option in without if "billing" in option or "budget" in option or "scrapfly" in option]


def test_first_refresh_is_optional() -> None:
    assert [step.name for step in plan(replace(TO, refresh=True))][-3:] == ["refresh", "frontend", "status"]
    assert "refresh" not in [step.name for step in plan(TO)]


def test_first_catalog_is_drawn_or_read_and_published_only_if_there_is_none(machine: Machine) -> None:
    refresh = "closetspace catalog refresh --source={} --store=gs://closetspace-demo-catalog"
    run(plan(replace(TO, catalog="drawn")), print_nothing, root=machine.root, since="drawings")
    drawn = ".local/drawings/catalog"
    assert starts(machine.calls, f"closetspace cloud draw-catalog {drawn}", refresh.format(drawn))
    machine.forget()
    machine.install("gcloud")
    run(plan(replace(TO, catalog="https://shop.example/feed.xml")), print_nothing, root=machine.root, since="catalog")
    assert not [call for call in machine.calls if call.startswith("closetspace catalog")]
    assert not [step.name for step in plan(TO) if step.phase == "Catalog"]


def test_refresh_is_not_scheduled_without_shops() -> None:
    for has_shops, paused in ((True, False), (False, True)):
        steps = plan(replace(TO, has_shops=has_shops))
        (command,) = (step.command for step in steps if step.name == "infrastructure")
        assert ("-var=refresh_paused=true" in command) == paused


def test_new_release_gets_its_share_of_the_requests() -> None:
    commands = {step.name: step.command for step in plan(replace(TO, percent=10))}
    assert "--newest=10" in commands["traffic"]
    assert list(commands).index("functions") < list(commands).index("access") < list(commands).index("traffic")


def test_images_of_earlier_releases_are_kept_for_a_rollback() -> None:
    """The Firebase CLI alone deletes them after a day, and a revision without its image can't be started."""
    (command,) = (step.command for step in plan(TO) if step.name == "function-images")
    assert "--location=us-central1" in command
    policies = json.loads((REPOSITORY / command[5].removeprefix("--policy=")).read_text())
    assert {"Keep", "Delete"} == {policy["action"]["type"] for policy in policies}
    assert next(p for p in policies if p["action"]["type"] == "Keep")["mostRecentVersions"]["keepCount"] >= 5


def test_each_step_has_a_unique_name_a_reason_and_a_known_program() -> None:
    steps: list[Step] = plan(replace(TO, refresh=True, catalog="drawn"))
    assert len({step.name for step in steps}) == len(steps)
    assert all(step.why and step.minutes and step.phase for step in steps)
    assert {step.command[0] for step in steps} == set(PROGRAMS)
    assert all(source_of(step.command[0]) for step in steps)


def test_commands_of_ours_exist() -> None:
    for step in plan(replace(TO, catalog="drawn")):
        if step.command[0] == "closetspace":
            words = [word for word in step.command[1:] if not word.startswith("-")][:2]
            done = CliRunner().invoke(app, [*words, "--help"])
            assert done.exit_code == 0, step.command
            assert all(f"{word.split('=')[0]} " in done.output for word in step.command if word.startswith("--"))


@pytest.mark.parametrize("printed", ["15.34.1", "14.99.99", "not a version"])
def test_outdated_program_is_named_before_anything_runs(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, printed: str
) -> None:
    monkeypatch.setenv("FIREBASE_VERSION", printed)
    with pytest.raises(FailedPrecondition, match=r"firebase is .*15\.34\.2 is needed \(npm install"):
        run(plan(TO), lambda _: None, root=machine.root)
    assert machine.calls == []


def test_oldest_versions_are_those_of_the_pipeline_and_of_terraforms_files() -> None:
    assert (
        f"firebase-tools@{'.'.join(map(str, OLDEST['firebase'][1]))}"
        in (REPOSITORY / ".github" / "workflows" / "deploy.yml").read_text()
    )
    required = re.search(r'required_version = ">= ([\d.]+)', (REPOSITORY / "infra/terraform/versions.tf").read_text())
    assert required
    assert OLDEST["terraform"][1][:2] == tuple(map(int, required[1].split(".")))


def test_functions_are_discovered_with_the_python_of_their_runtime() -> None:
    assert runtime_python(REPOSITORY).startswith("python3.")


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
    alone = typer.Typer()
    alone.command()(deploy)
    done = CliRunner().invoke(alone, list(arguments))
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def test_command_prints_a_dry_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSETSPACE_REGION", "europe-west1")
    done = command("--project", "closetspace-demo", "--alert-email", "operator@shop.example", "--dry-run")
    assert done.returncode == 0
    output = " ".join(done.stderr.split())
    assert "-var=firestore_location=europe-west1" in output
    assert output.endswith("Nothing was changed.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--budget", "50"), "needs its billing account"),
        (("--catalog", "no/such/folder"), "There is no"),
    ],
)
def test_value_without_effect_or_file_is_refused_before_anything_is_printed(
    options: tuple[str, ...], message: str
) -> None:
    done = command("--project", "closetspace-demo", "--alert-email", "operator@shop.example", "--dry-run", *options)
    assert done.returncode == 1
    assert message in " ".join(done.stderr.split())
    assert "login" not in done.stderr


@needs_terraform
@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--project", "Closet Space", "6 to 30 lower-case letters"),
        ("--alert-email", "nobody", "valid e-mail address"),
        ("--region", "Europe", "looks like us-central1"),
    ],
)
def test_value_that_terraform_refuses_is_refused_before_anything_is_printed(
    option: str, value: str, message: str
) -> None:
    given = {"--project": "closetspace-demo", "--alert-email": "operator@shop.example"} | {option: value}
    done = command("--dry-run", *(each for pair in given.items() for each in pair))
    assert done.returncode == 1
    assert message in " ".join(done.stderr.split())
    assert "login" not in done.stderr


@needs_terraform
def test_variable_that_terraform_does_not_have_is_refused() -> None:
    with pytest.raises(InvalidInput, match="refresh_task"):
        check_values(replace(TO, variables={"refresh_task": 3}))
    check_values(replace(TO, variables={"refresh_tasks": 3}, billing_account="012345-6789AB-CDEF01", budget=50))


def test_command_names_missing_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    done = command("--dry-run")
    assert done.returncode != 0
    assert "Give --project, or --env with a file that has project." in " ".join(done.stderr.split())


def test_file_of_variables_that_is_no_longer_read_is_refused() -> None:
    old = REPOSITORY / "infra" / "terraform" / "closetspace-test-of-variables.tfvars"
    old.write_text("backup_days = 30\n")
    try:
        done = command("--project", old.stem, "--alert-email", "operator@shop.example", "--dry-run")
    finally:
        old.unlink()
    assert done.returncode == 1
    assert "is no longer read: move it into [terraform]" in " ".join(done.stderr.split())


def test_environment_comes_before_variables_of_the_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some shells name the project that was used last, and it may not be the environment's."""
    for name in ("GOOGLE_CLOUD_PROJECT", "ALERT_EMAIL"):
        monkeypatch.setenv(name, "other-project")
    monkeypatch.setenv("FIRESTORE_LOCATION", "eur3")
    done = command("--env", "example", "--dry-run")
    assert done.returncode == 0
    assert "other-project" not in done.stderr
    assert "-var=firestore_location=eur3" in " ".join(done.stderr.split()), "the file has none"
    done = command("--env", "example", "--project", "third-project", "--dry-run")
    assert "gcloud projects describe third-project" in " ".join(done.stderr.split())


def test_environment_gives_options_and_the_command_line_comes_first() -> None:
    done = command("--env", "example", "--alert-email", "other@shop.example", "--dry-run")
    assert done.returncode == 0
    output = " ".join(done.stderr.split())
    assert "gcloud projects describe my-project" in output
    assert "-var=alert_email=other@shop.example" in output
    assert "closetspace cloud check --env=example --project=my-project --region=us-central1" in output
