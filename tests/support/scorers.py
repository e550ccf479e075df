"""The independent scorers that the metrics are compared with. They are not part of the repository."""

import importlib.util
from types import ModuleType

import pytest

from tests.support.paths import SHARED_DATA


def load_scorer(name: str) -> ModuleType:
    """Import a scorer. Skip the test if it is missing."""
    path = SHARED_DATA / "bench" / f"{name}.py"
    if not path.is_file():
        pytest.skip("the scorer is not part of this repository")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
