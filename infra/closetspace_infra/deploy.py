"""The deployment to Google Cloud: a plan of commands in order, and how it is run.

Each command is printed before it runs. The first that fails ends the run, which can be continued from that step.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from closetspace.errors import FailedPrecondition, InvalidInput

ROOT = Path(__file__).resolve().parents[2]
TERRAFORM, FUNCTIONS = Path("infra/terraform"), Path("functions")

SOURCES = {
    "closetspace": "pip install -e '.[jobs]' in this repository",
    "firebase": "npm install -g firebase-tools",
    "gcloud": "https://cloud.google.com/sdk/docs/install",
    "git": "https://git-scm.com/downloads",
    "python3.11": "the functions' runtime: https://www.python.org/downloads/",
    "terraform": "https://developer.hashicorp.com/terraform/install",
}
"""Where to get each program that a deployment runs."""


@dataclass(frozen=True)
class Step:
    """One command.

    ``unless`` is a command that succeeds if the step is already done, ``into`` a file for the output, and ``preview`` a
    command that a dry run runs instead if Terraform is initialised.
    """

    name: str
    why: str
    command: tuple[str, ...]
    cwd: Path = Path()
    unless: tuple[str, ...] | None = None
    into: Path | None = None
    preview: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Deployment:
    """What is deployed, and its target. Other variables of Terraform are in ``infra/terraform/PROJECT.tfvars``."""

    project: str
    commit: str
    alert_email: str
    region: str
    firestore_location: str
    billing_account: str = ""
    budget: int | None = None
    scrapfly: bool = False
    refresh: bool = False
    variables: Path | None = None

    @property
    def image(self) -> str:
        """The job's image, with the commit as its tag."""
        return f"{self.region}-docker.pkg.dev/{self.project}/closetspace/catalog:{self.commit}"

    @property
    def store(self) -> str:
        return f"gs://{self.project}-catalog"


def plan(to: Deployment) -> list[Step]:
    """Return all steps, in order."""
    return [*_preparation(to), *_infrastructure(to), *_functions(to), *_final_steps(to)]


def _preparation(to: Deployment) -> list[Step]:
    project, state = f"--project={to.project}", f"gs://{to.project}-terraform"
    create = ("gcloud", "storage", "buckets", "create", state, project, f"--location={to.region}")
    services = ("serviceusage.googleapis.com", "cloudresourcemanager.googleapis.com")
    return [
        Step("login", "gcloud is signed in and sees the project", ("gcloud", "projects", "describe", to.project)),
        Step("firebase-login", "the Firebase CLI is signed in", ("firebase", "projects:list")),
        Step(
            "services",
            "Terraform can enable all others through these two",
            ("gcloud", "services", "enable", *services, project),
        ),
        Step(
            "state",
            "Terraform's state is in a bucket, so that others can deploy too",
            (*create, "--uniform-bucket-level-access", "--public-access-prevention"),
            unless=("gcloud", "storage", "buckets", "describe", state, project),
        ),
        Step(
            "state-versions",
            "a damaged state can be restored",
            ("gcloud", "storage", "buckets", "update", state, "--versioning", project),
        ),
    ]


def _infrastructure(to: Deployment) -> list[Step]:
    state = f"-backend-config=bucket={to.project}-terraform"
    account = f"projects/{to.project}/serviceAccounts/closetspace-build@{to.project}.iam.gserviceaccount.com"
    build = ("gcloud", "builds", "submit", ".", f"--project={to.project}", f"--region={to.region}")
    options = ("--config=infra/cloudbuild.yaml", "--ignore-file=.dockerignore", f"--service-account={account}")
    staging = f"--gcs-source-staging-dir=gs://{to.project}-build/source"
    return [
        Step(
            "init",
            "Terraform gets its providers and this project's state",
            ("terraform", "init", "-input=false", "-reconfigure", state),
            TERRAFORM,
        ),
        _apply(
            "foundation", "the resources that the build of the image needs", to, "-target=terraform_data.foundation"
        ),
        Step(
            "image",
            "the catalog job runs the committed code",
            (*build, *options, staging, f"--substitutions=_IMAGE={to.image}"),
            unless=("gcloud", "artifacts", "docker", "images", "describe", to.image, f"--project={to.project}"),
        ),
        _apply("infrastructure", "database, buckets, roles, job, schedule, alerts and budget", to),
    ]


def _apply(name: str, why: str, to: Deployment, *options: str) -> Step:
    known = {
        "project": to.project,
        "region": to.region,
        "firestore_location": to.firestore_location,
        "alert_email": to.alert_email,
        "image": to.image,
        "scrapfly": "true" if to.scrapfly else "",
        "billing_account": to.billing_account,
        "budget": str(to.budget or ""),
    }
    files = (f"-var-file={to.variables}",) if to.variables else ()
    variables = (*files, *(f"-var={name}={value}" for name, value in known.items() if value), *options)
    apply = ("terraform", "apply", "-input=false", "-auto-approve", *variables)
    return Step(name, why, apply, TERRAFORM, preview=("terraform", "plan", "-input=false", "-lock=false", *variables))


def _functions(to: Deployment) -> list[Step]:
    make = ("python3.11", "-m", "venv", "venv")
    install = ("python3.11", "-m", "pip", "--python", "venv", "install", "--quiet", "--requirement", "requirements.txt")
    deploy = ("firebase", "deploy", "--only", "firestore:rules,functions", "--force", "--non-interactive")
    return [
        Step("python", "the Firebase CLI imports the functions to discover them", make, FUNCTIONS),
        Step("packages", "the functions need their packages for that", install, FUNCTIONS),
        Step(
            "settings",
            "the functions get their buckets and service account",
            ("terraform", "output", "-raw", "functions_env"),
            TERRAFORM,
            into=FUNCTIONS / f".env.{to.project}",
        ),
        Step(
            "functions",
            "Firestore's rules, and functions; --force confirms retries of failed events, and the deletion of old"
            " images and of functions that are no longer in the code",
            (*deploy, f"--project={to.project}"),
        ),
    ]


def _final_steps(to: Deployment) -> list[Step]:
    where = (f"--project={to.project}", f"--region={to.region}")
    refresh = Step(
        "refresh",
        "a first catalog and index, without waiting for the schedule",
        ("gcloud", "run", "jobs", "execute", "catalog-refresh", "--wait", *where),
    )
    status = Step(
        "status",
        "what is deployed is compared with the repository",
        ("closetspace", "cloud", "status", *where, f"--store={to.store}"),
    )
    return [refresh, status] if to.refresh else [status]


Print = Callable[[str], None]


def run(
    steps: Sequence[Step], print_line: Print, *, root: Path = ROOT, dry_run: bool = False, since: str | None = None
) -> None:
    """Run the steps, beginning with the one named ``since``; print each before it runs.

    A dry run only prints them, and runs Terraform's plan if Terraform is initialised. Raises `InvalidInput` for an
    unknown step, and `FailedPrecondition` for a missing program or a failed step.
    """
    chosen = _since(steps, since)
    if not dry_run:
        _check_programs(chosen)
    for number, step in enumerate(chosen, start=1):
        print_line(f"[{number}/{len(chosen)}] {step.name}: {step.why}")
        if dry_run:
            _preview(step, print_line, root)
        else:
            _run_step(step, print_line, root)


def _since(steps: Sequence[Step], name: str | None) -> Sequence[Step]:
    names = [step.name for step in steps]
    if name is None:
        return steps
    if name not in names:
        raise InvalidInput("step_unknown", f"There is no step {name}. The steps are {', '.join(names)}.")
    return steps[names.index(name) :]


def _check_programs(steps: Sequence[Step]) -> None:
    missing = sorted({step.command[0] for step in steps if _program(step.command[0]) is None})
    if missing:
        sources = "; ".join(f"{name} ({SOURCES[name]})" for name in missing)
        raise FailedPrecondition(f"Deploying needs programs that are not installed: {sources}.")


def _program(name: str) -> str | None:
    # Our own command is beside the interpreter, even if the environment is not activated.
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def _path_of(name: str) -> str:
    return _program(name) or name


def _preview(step: Step, print_line: Print, root: Path) -> None:
    initialised = (root / TERRAFORM / ".terraform").is_dir() and _program("terraform") is not None
    if step.preview and initialised:
        _execute(step, step.preview, print_line, root)
    else:
        print_line(f"    {_line(step.command, step)}")


def _run_step(step: Step, print_line: Print, root: Path) -> None:
    if step.unless and _succeeds(step.unless, root / step.cwd):
        print_line("    already done")
        return
    output = _execute(step, step.command, print_line, root)
    if step.into:
        # Written atomically, and only if the command has succeeded.
        partial = root / step.into.with_name(step.into.name + ".partial")
        partial.write_text(output)
        partial.replace(root / step.into)


def _succeeds(command: Sequence[str], cwd: Path) -> bool:
    return (
        subprocess.run([_path_of(command[0]), *command[1:]], cwd=cwd, capture_output=True, check=False).returncode == 0
    )


def _execute(step: Step, command: Sequence[str], print_line: Print, root: Path) -> str:
    print_line(f"    {_line(command, step)}")
    output = subprocess.PIPE if step.into else None
    whole = [_path_of(command[0]), *command[1:]]
    done = subprocess.run(whole, cwd=root / step.cwd, stdout=output, text=True, check=False)
    if done.returncode:
        raise FailedPrecondition(
            f"The step {step.name} failed: {command[0]} exited with {done.returncode}, see above. Fix that, then"
            f" continue with --from {step.name}."
        )
    return done.stdout or ""


def _line(command: Sequence[str], step: Step) -> str:
    """Return the command as a line for a shell."""
    folder = f"cd {step.cwd} && " if step.cwd != Path() else ""
    into = f" > {os.path.relpath(step.into, step.cwd)}" if step.into else ""
    return f"{folder}{shlex.join(command)}{into}"


def committed(root: Path = ROOT) -> str:
    """Return the checked-out commit. Raises `FailedPrecondition` if there are uncommitted changes."""
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if _git(root, "status", "--porcelain", "--untracked-files=no"):
        raise FailedPrecondition("There are uncommitted changes. Commit them: the image's tag is its commit.")
    return commit


def _git(root: Path, *arguments: str) -> str:
    git = _program("git")
    if git is None:
        raise FailedPrecondition(f"Deploying needs git ({SOURCES['git']}).")
    done = subprocess.run([git, *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedPrecondition(f"Deploy from a clone of the repository: {done.stderr.strip()}")
    return done.stdout.strip()
