"""Terraform's steps: each project has a state in a bucket and a data directory of its own."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from closetspace.errors import FailedPrecondition
from closetspace_infra.deploy.programs import path_of
from closetspace_infra.deploy.steps import TERRAFORM, Deployment, Step


def state_bucket(to: Deployment) -> str:
    """Return the name of the bucket of the project's state."""
    return f"{to.project}-terraform"


def init(to: Deployment) -> Step:
    """Return the step that every deployment begins with: the state of another project must never be used."""
    backend = f"-backend-config=bucket={state_bucket(to)}"
    return Step(
        "init",
        "Terraform gets its providers and this project's state",
        ("terraform", "init", "-input=false", "-reconfigure", backend),
        0.5,
        TERRAFORM,
        environment=_environment(to),
        always=True,
        check=_belongs_to(to),
    )


def apply(to: Deployment, name: str, why: str, minutes: float, *options: str) -> Step:
    """Return a step that applies the configuration; a dry run shows Terraform's plan."""
    variables = (*variable_options(to), *options)
    return Step(
        name,
        why,
        ("terraform", "apply", "-input=false", "-auto-approve", *variables),
        minutes,
        TERRAFORM,
        preview=("terraform", "plan", "-input=false", "-lock=false", *variables),
        environment=_environment(to),
    )


def variable_options(to: Deployment) -> list[str]:
    """Return the options that give Terraform its variables."""
    return [f"-var={name}={_value(value)}" for name, value in _variables(to).items()]


def output(to: Deployment, name: str, why: str, output: str, *, into: Path | None = None, added: str = "") -> Step:
    """Return a step that prints an output of the configuration, or writes it into a file."""
    command = ("terraform", "output", "-raw", output)
    return Step(name, why, command, 0.1, TERRAFORM, into=into, added=added, environment=_environment(to))


def _environment(to: Deployment) -> dict[str, str]:
    return {"TF_DATA_DIR": f".terraform/{to.project}"}


def _variables(to: Deployment) -> dict[str, object]:
    known = {
        "project": to.project,
        "region": to.region,
        "firestore_location": to.firestore_location,
        "alert_email": to.alert_email,
        "image": to.image,
        "scrapfly": to.scrapfly,
        "refresh_paused": not to.has_shops,
        "billing_account": to.billing_account,
        "budget": to.budget,
        "functions_settings": dict(to.settings),
    }
    return {**to.variables, **{name: value for name, value in known.items() if value}}


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _belongs_to(to: Deployment) -> Callable[[Path], None]:
    def check(root: Path) -> None:
        folder, environment = root / TERRAFORM, _environment(to)
        backend = json.loads((folder / environment["TF_DATA_DIR"] / "terraform.tfstate").read_text())["backend"]
        if backend["config"]["bucket"] != state_bucket(to):
            raise FailedPrecondition(
                f"Terraform uses the state in {backend['config']['bucket']}, not that of {to.project}: delete"
                f" {TERRAFORM}/{environment['TF_DATA_DIR']} and start again."
            )
        if state_bucket(to) not in _buckets(to):
            raise FailedPrecondition(
                f"gs://{state_bucket(to)} is not a bucket of {to.project}: someone else has taken its name. Use another"
                " project."
            )
        bucket = _photos_bucket(folder, environment)
        if bucket not in (None, f"{to.project}-photos"):
            raise FailedPrecondition(
                f"The state in gs://{state_bucket(to)} is that of another deployment, with the bucket {bucket}. Restore"
                " the object's version before that."
            )

    return check


def _buckets(to: Deployment) -> list[str]:
    """Return the names of the project's own buckets: anyone can take a name, and let others write there."""
    command = ["gcloud", "storage", "buckets", "list", f"--project={to.project}", "--format=value(name)"]
    return _output_of(command, Path(), {}).split()


def _photos_bucket(folder: Path, environment: Mapping[str, str]) -> str | None:
    """Return the bucket of photos that the state has, None before the first deployment."""
    bucket = json.loads(_output_of(["terraform", "output", "-json"], folder, environment)).get("photos_bucket")
    return str(bucket["value"]) if bucket else None


def _output_of(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [path_of(command[0]), *command[1:]],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise FailedPrecondition(f"The state's project can't be found out: {done.stderr.strip()}")
    return done.stdout
