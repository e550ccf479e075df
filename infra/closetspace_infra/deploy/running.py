"""Running a plan. Each step is printed before it runs, and the first that fails ends the run."""

import os
import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace_infra.deploy.programs import check_programs, check_versions, find, path_of
from closetspace_infra.deploy.steps import ROOT, Step

Print = Callable[[str], None]


def run(
    steps: Sequence[Step], print_line: Print, *, root: Path = ROOT, dry_run: bool = False, since: str | None = None
) -> None:
    """Run the steps, beginning with the one named ``since``, after those that always run.

    A dry run only prints them, and runs Terraform's plan if Terraform is initialised. Raises `InvalidInput` for an
    unknown step, and `FailedPrecondition` for a missing or outdated program or a failed step.
    """
    chosen = _since(steps, since)
    if not dry_run:
        programs = {step.command[0] for step in chosen}
        check_programs(programs)
        check_versions(programs)
    phase = ""
    for number, step in enumerate(chosen, start=1):
        if step.phase != phase:
            phase = step.phase
            minutes = sum(each.minutes for each in chosen if each.phase == phase)
            print_line(f"\n{phase}, {_duration(minutes)}")
        print_line(f"[{number}/{len(chosen)}] {step.name} ({_duration(step.minutes)}): {step.why}")
        if dry_run:
            _preview(step, print_line, root)
        else:
            _run_step(step, print_line, root)
    if dry_run:
        total = sum(step.minutes for step in chosen)
        print_line(f"\nIn all {_duration(total)} for a first deployment; a later one skips what is already there.")


def _since(steps: Sequence[Step], name: str | None) -> Sequence[Step]:
    names = [step.name for step in steps]
    if name is None:
        return steps
    if name not in names:
        raise InvalidInput("step_unknown", f"There is no step {name}. The steps are {', '.join(names)}.")
    begin = names.index(name)
    return [*(step for step in steps[:begin] if step.always), *steps[begin:]]


def _duration(minutes: float) -> str:
    if minutes < 1:
        return "seconds" if minutes < 0.3 else f"about {round(minutes * 60)} s"
    return f"about {round(minutes)} min"


def _preview(step: Step, print_line: Print, root: Path) -> None:
    data = step.environment.get("TF_DATA_DIR")
    initialised = bool(data) and (root / step.cwd / str(data)).is_dir() and find("terraform") is not None
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
        partial.write_text(output + step.added)
        partial.replace(root / step.into)
    if step.check:
        step.check(root)


def _succeeds(command: Sequence[str], cwd: Path) -> bool:
    whole = [path_of(command[0]), *command[1:]]
    return subprocess.run(whole, cwd=cwd, capture_output=True, check=False).returncode == 0


def _execute(step: Step, command: Sequence[str], print_line: Print, root: Path) -> str:
    print_line(f"    {_line(command, step)}")
    done = subprocess.run(
        [path_of(command[0]), *command[1:]],
        cwd=root / step.cwd,
        env={**os.environ, **step.environment},
        stdout=subprocess.PIPE if step.into else None,
        text=True,
        check=False,
    )
    if done.returncode:
        hint = f" {step.hint}" if step.hint else ""
        raise FailedPrecondition(
            f"The step {step.name} failed: {command[0]} exited with {done.returncode}, see above.{hint} Then continue"
            f" with --from {step.name}."
        )
    return done.stdout or ""


def _line(command: Sequence[str], step: Step) -> str:
    """Return the command as a line for a shell."""
    folder = f"cd {step.cwd} && " if step.cwd != Path() else ""
    variables = "".join(f"{name}={value} " for name, value in step.environment.items())
    line = f"{folder}{variables}{shlex.join(command)}"
    if step.into is None:
        return line
    file = os.path.relpath(step.into, step.cwd)
    return f"{line} > {file}" + (f" && echo {shlex.quote(step.added.strip())} >> {file}" if step.added else "")
