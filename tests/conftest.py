"""Fixtures: the local Firebase, alone or with our functions; at most one of each for the whole run."""

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
from closetspace_infra.local.fireemu import find_program
from closetspace_infra.local.stack import LocalStack
from tests.support.journey import Journey

# A slow machine must not fail a test.
settings.register_profile("closetspace", deadline=None)
settings.load_profile("closetspace")


TIERS = ("unit", "stack", "jobs", "deployment")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test with its tier, the folder below `tests` that it is in."""
    here = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(here).parts[0]
        if tier in TIERS:
            item.add_marker(tier)


def ignore_progress(done: int, total: int) -> None:
    """Nobody watches."""


@pytest.fixture(scope="session")
def installed() -> None:
    """Skip where the local Firebase is not installed."""
    try:
        find_program()
    except FailedPrecondition as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def firebase_alone(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Firebase without any function of ours."""
    folder = tmp_path_factory.mktemp("firebase")
    (folder / "main.py").write_text("")
    with LocalStack(functions_source=folder, log=folder / "firebase.log") as stack:
        yield stack


@pytest.fixture
def firebase(firebase_alone: LocalStack, monkeypatch: pytest.MonkeyPatch) -> LocalStack:
    """Firebase alone, with this process's clients pointed at it."""
    for name, value in firebase_alone.environment.items():
        monkeypatch.setenv(name, value)
    return firebase_alone


@pytest.fixture(scope="session")
def drawn_catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty drawn products."""
    folder = tmp_path_factory.mktemp("catalog")
    draw_catalog(folder, items=60)
    return folder


@pytest.fixture(scope="session")
def everything(installed: None, drawn_catalog: Path) -> Iterator[Journey]:
    """Firebase, our functions and a published index."""
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
    """Everything, with this process's clients pointed at it; no fault and no event outlives the test."""
    for name, value in everything.stack.environment.items():
        monkeypatch.setenv(name, value)
    yield everything
    everything.stack.control.clear_faults()
    everything.settle()
