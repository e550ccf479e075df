"""Fixtures: the local Firebase, alone or with our functions; one of each for the whole run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.fireemu import find_program
from infra.local.stack import LocalStack


@pytest.fixture(scope="session")
def needs_firebase() -> None:
    """Skip where the local Firebase is not installed."""
    if not find_program_or_none():
        pytest.skip("the local Firebase is not installed: npm ci --prefix infra/local")


def find_program_or_none() -> Path | None:
    from closetspace.errors import FailedPrecondition

    try:
        return find_program()
    except FailedPrecondition:
        return None


@pytest.fixture(scope="session")
def firebase(needs_firebase: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Firebase without any function of ours, for adapters; this process's clients point at it."""
    source = tmp_path_factory.mktemp("no-functions")
    (source / "main.py").write_text("")
    log = tmp_path_factory.mktemp("log") / "firebase.log"
    with LocalStack(functions_source=source, log=log) as stack, pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        yield stack
