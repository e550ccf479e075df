"""The values of a deployment, checked before anything is made."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from closetspace.errors import InvalidInput
from closetspace_infra.deploy.finish import DRAWN
from closetspace_infra.deploy.programs import find
from closetspace_infra.deploy.steps import ROOT, TERRAFORM, Deployment
from closetspace_infra.deploy.terraform import variable_options


def check_values(to: Deployment, root: Path = ROOT) -> None:
    """Raise `InvalidInput` for values with which a step would fail, or that would have no effect.

    Terraform's own rules for variables need neither its providers nor a project. Where it is not installed, which is
    enough for a dry run, they are not checked.
    """
    if to.budget and not to.billing_account:
        raise InvalidInput("budget_without_account", "A budget needs its billing account: give --billing-account, too.")
    if to.catalog not in ("", DRAWN) and "://" not in to.catalog and not (root / to.catalog).exists():
        raise InvalidInput("catalog_missing", f"There is no {root / to.catalog}, which --catalog names.")
    program = find("terraform")
    faults = list(_faults(program, variable_options(to), root)) if program else []
    if faults:
        raise InvalidInput("variable_invalid", " ".join(faults))


def _faults(program: str, options: Sequence[str], root: Path) -> Iterator[str]:
    """Yield what Terraform says of the variables, without the resources that use them."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(root / TERRAFORM / "variables.tf", folder)
        # Neither the data of a project nor variables of this shell.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
        command = [program, "plan", "-input=false", "-json", *options]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    for line in done.stdout.splitlines():
        diagnostic = json.loads(line).get("diagnostic", {})
        if diagnostic.get("severity") == "error":
            # After an empty line follows where the rule is.
            yield diagnostic["detail"].split("\n\n")[0]
