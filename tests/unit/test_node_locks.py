"""The locks of the Node.js packages: complete, so that `npm ci` takes them, and without the address of a registry."""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.support.paths import REPOSITORY

LOCKED = ("clients/web", "examples/react", "infra/local")
KINDS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
NEEDED = ("dependencies", "optionalDependencies")

locked = pytest.mark.parametrize("folder", [REPOSITORY / name for name in LOCKED], ids=LOCKED)


def packages(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the packages of a lock, by their path; that of the project itself is empty."""
    found: dict[str, dict[str, Any]] = json.loads((folder / "package-lock.json").read_text())["packages"]
    return found


def places(path: str, name: str) -> Iterator[str]:
    """Yield where Node.js looks for a package that another one needs, the nearest first."""
    yield str(PurePosixPath(path, "node_modules", name))
    yield from (str(parent / "node_modules" / name) for parent in PurePosixPath(path).parents)


@locked
def test_every_package_that_another_needs_is_locked(folder: Path) -> None:
    found = packages(folder)
    needed = [(path, name) for path, package in found.items() for kind in NEEDED for name in package.get(kind, {})]
    assert not [(path, name) for path, name in needed if not found.keys() & set(places(path, name))]


@locked
def test_projects_of_this_repository_are_locked_as_they_are(folder: Path) -> None:
    for path, package in packages(folder).items():
        if "node_modules" not in path:
            project = json.loads((folder / path / "package.json").read_text())
            assert [package.get(kind) for kind in KINDS] == [project.get(kind) for kind in KINDS]


@locked
def test_no_registry_is_named(folder: Path) -> None:
    assert not [path for path, package in packages(folder).items() if "://" in package.get("resolved", "")]
