"""Shops of these tests are servers on this machine, which have to be named: their addresses are not public."""

import pytest


@pytest.fixture(autouse=True)
def _private_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSETSPACE_PRIVATE_HOSTS", "127.0.0.1")
