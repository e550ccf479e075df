"""Run a plan of commands: each is told before it is run, the first that fails ends it, and it can be gone on with."""

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
    """One command. ``unless`` is a command that succeeds where the step has nothing left to do, ``into`` a file that
    takes what the command prints, ``preview`` what a dry run may run in its place, once Terraform is initialised."""

    name: str
    why: str
    command: tuple[str, ...]
    cwd: Path = Path()
    unless: tuple[str, ...] | None = None
    into: Path | None = None
    preview: tuple[str, ...] | None = None


Tell = Callable[[str], None]


def run(
    steps: Sequence[Step], tell: Tell, *, root: Path = ROOT, dry_run: bool = False, since: str | None = None
) -> None:
    """Run the steps, each told before it is run, from the one named ``since``.

    A dry run tells all and runs nothing but Terraform's plan, where Terraform is initialised. Raises `InvalidInput` for
    a step that there is not, `FailedPrecondition` for a missing program and for a step that failed.
    """
    chosen = _since(steps, since)
    if not dry_run:
        _check_programs(chosen)
    for number, step in enumerate(chosen, start=1):
        tell(f"[{number}/{len(chosen)}] {step.name}: {step.why}")
        if dry_run:
            _preview(step, tell, root)
        else:
            _carry_out(step, tell, root)


def _since(steps: Sequence[Step], name: str | None) -> Sequence[Step]:
    names = [step.name for step in steps]
    if name is None:
        return steps
    if name not in names:
        raise InvalidInput("step_unknown", f"There is no step {name}. Steps are: {', '.join(names)}.")
    return steps[names.index(name) :]


def _check_programs(steps: Sequence[Step]) -> None:
    missing = sorted({step.command[0] for step in steps if _program(step.command[0]) is None})
    if missing:
        told = "; ".join(f"{name} ({SOURCES[name]})" for name in missing)
        raise FailedPrecondition(f"Deploying needs programs that are not here: {told}.")


def _program(name: str) -> str | None:
    # Our own command is beside the interpreter, whether or not the environment is activated.
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def _found(name: str) -> str:
    return _program(name) or name


def _preview(step: Step, tell: Tell, root: Path) -> None:
    initialised = (root / TERRAFORM / ".terraform").is_dir() and _program("terraform") is not None
    if step.preview and initialised:
        _execute(step, step.preview, tell, root)
    else:
        tell(f"    {_line(step.command, step)}")


def _carry_out(step: Step, tell: Tell, root: Path) -> None:
    if step.unless and _succeeds(step.unless, root / step.cwd):
        tell("    nothing left to do")
        return
    output = _execute(step, step.command, tell, root)
    if step.into:
        # Written only when the command has succeeded, and at once.
        partial = root / step.into.with_name(step.into.name + ".partial")
        partial.write_text(output)
        partial.replace(root / step.into)


def _succeeds(command: Sequence[str], cwd: Path) -> bool:
    return subprocess.run([_found(command[0]), *command[1:]], cwd=cwd, capture_output=True, check=False).returncode == 0


def _execute(step: Step, command: Sequence[str], tell: Tell, root: Path) -> str:
    tell(f"    {_line(command, step)}")
    wanted = subprocess.PIPE if step.into else None
    whole = [_found(command[0]), *command[1:]]
    done = subprocess.run(whole, cwd=root / step.cwd, stdout=wanted, text=True, check=False)
    if done.returncode:
        raise FailedPrecondition(
            f"The step {step.name} failed ({command[0]} ended with {done.returncode}; what it said is above). Put that"
            f" right, then go on with --from {step.name}."
        )
    return done.stdout or ""


def _line(command: Sequence[str], step: Step) -> str:
    """The command as one would type it."""
    folder = f"cd {step.cwd} && " if step.cwd != Path() else ""
    into = f" > {os.path.relpath(step.into, step.cwd)}" if step.into else ""
    return f"{folder}{shlex.join(command)}{into}"


def committed(root: Path = ROOT) -> str:
    """The commit that is checked out, with nothing changed since. Raises `FailedPrecondition`."""
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if _git(root, "status", "--porcelain", "--untracked-files=no"):
        raise FailedPrecondition(
            "There are changes that are not committed. Commit them: an image is named by its commit."
        )
    return commit


def _git(root: Path, *arguments: str) -> str:
    git = _program("git")
    if git is None:
        raise FailedPrecondition(f"Deploying needs git ({SOURCES['git']}).")
    done = subprocess.run([git, *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedPrecondition(f"Deploy from a clone of the repository: git said {done.stderr.strip()}")
    return done.stdout.strip()
