"""The commit that is deployed."""

import subprocess
from pathlib import Path

from closetspace.errors import FailedPrecondition
from closetspace_infra.deploy.programs import SOURCES, find
from closetspace_infra.deploy.steps import ROOT


def committed(root: Path = ROOT) -> str:
    """Return the checked-out commit. Raises `FailedPrecondition` if there are uncommitted changes."""
    commit = _git(root, "rev-parse", "--short=12", "HEAD")
    if _git(root, "status", "--porcelain", "--untracked-files=no"):
        raise FailedPrecondition("There are uncommitted changes. Commit them: the image's tag is its commit.")
    return commit


def _git(root: Path, *arguments: str) -> str:
    git = find("git")
    if git is None:
        raise FailedPrecondition(f"Deploying needs git ({SOURCES['git']}).")
    done = subprocess.run([git, *arguments], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FailedPrecondition(f"Deploy from a clone of the repository: {done.stderr.strip()}")
    return done.stdout.strip()
