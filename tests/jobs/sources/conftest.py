"""The local shop of these tests."""

from collections.abc import Iterator

import pytest

from tests.support.shop_server import ShopServer


@pytest.fixture
def server() -> Iterator[ShopServer]:
    with ShopServer() as running:
        yield running
