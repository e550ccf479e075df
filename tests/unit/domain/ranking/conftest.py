"""The index of the structured catalog."""

import pytest

from closetspace.adapters.index.reader import Bundle
from tests.support.structured import build_catalog_index


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return build_catalog_index(tmp_path_factory.mktemp("structured"))
