"""Fixtures of the local Firebase, alone or with our functions; each process of a run has at most one of each."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.refresh.index_builder import build_index, import_folder
from closetspace.bootstrap import open_store
from closetspace.errors import FailedPrecondition
from closetspace.services.index_versions import IndexVersions
from closetspace_infra.local.example_app import require_installed
from closetspace_infra.local.fireemu import find_program
from closetspace_infra.local.stack import LocalStack
from tests.support.journey import Journey

# A slow machine must not fail a test.
settings.register_profile("closetspace", deadline=None)
settings.load_profile("closetspace")


# The contract of ports is a module of tests in a support folder.
pytest.register_assert_rewrite("tests.support.ports_contract")

TIERS = ("unit", "stack", "jobs", "deployment")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, which is its folder in `tests`."""
    here = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(here).parts[0]
        if tier in TIERS:
            item.add_marker(tier)


def ignore_progress(done: int, total: int) -> None:
    """Show no progress."""


@pytest.fixture(scope="session")
def installed() -> None:
    """Skip if the local Firebase is not installed."""
    try:
        find_program()
    except FailedPrecondition as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def app_installed() -> None:
    """Skip if the example app's packages are not installed."""
    try:
        require_installed()
    except FailedPrecondition as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def firebase_alone(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Firebase without our functions."""
    folder = tmp_path_factory.mktemp("firebase")
    (folder / "main.py").write_text("")
    with LocalStack(functions_source=folder, log=folder / "firebase.log") as stack:
        yield stack


@pytest.fixture
def firebase(firebase_alone: LocalStack, monkeypatch: pytest.MonkeyPatch) -> LocalStack:
    """Firebase without our functions, with this process's clients connected to it."""
    for name, value in firebase_alone.environment.items():
        monkeypatch.setenv(name, value)
    return firebase_alone


@pytest.fixture(scope="session")
def drawn_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of sixty drawn products."""
    folder = tmp_path_factory.mktemp("catalog")
    draw_catalog(folder, items=60)
    return folder


@pytest.fixture(scope="session")
def everything(installed: None, drawn_catalog: Path) -> Iterator[Journey]:
    """Firebase with our functions and a published index."""
    lines: list[str] = []
    with LocalStack(log=lines.append) as stack, pytest.MonkeyPatch.context() as patch:
        for name, value in stack.environment.items():
            patch.setenv(name, value)
        store = open_store(f"gs://{stack.bucket}")
        import_folder(store, drawn_catalog, ignore_progress)
        version = build_index(store, ignore_progress).manifest.version
        IndexVersions(store).publish(version, datetime.now(UTC))
        patch.undo()
        yield Journey(stack, lines)


@pytest.fixture
def journey(everything: Journey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    """Everything, with this process's clients connected to it. No fault and no event outlives the test."""
    for name, value in everything.stack.environment.items():
        monkeypatch.setenv(name, value)
    yield everything
    everything.stack.control.clear_faults()
    everything.settle()
