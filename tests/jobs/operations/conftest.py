"""What this repository expects to be deployed."""

import pytest

from catalog_jobs.operations.cloud_status.expected import Expected, read_expected
from tests.support.google_cloud import PROJECT


@pytest.fixture(scope="session")
def repository() -> Expected:
    """What this repository expects, without the settings of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CLOSETSPACE_REGION", "PHOTO_BUCKET", "WARDROBE_COLLECTION"):
            patch.delenv(name, raising=False)
        return read_expected(PROJECT, None, None)
