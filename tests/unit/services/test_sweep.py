"""The sweep of unsettled items."""

from datetime import UTC, datetime, timedelta

import pytest

from closetspace.errors import Transient
from closetspace.services.sweep import Sweeper
from tests.support.fakes import World


def test_sweep_reconciles_unsettled_items_and_reports_those_that_fail() -> None:
    world = World()
    url = "https://photos.example/a.jpg"
    world.web.photos[url] = Transient("the network is down")
    world.write_item("recovered", photo_path=None, secure_url=url)
    world.write_item("stuck", photo_path=None, secure_url=url + "?stuck")
    world.web.photos[url + "?stuck"] = Transient("still down")
    for item_id in ("recovered", "stuck"):
        with pytest.raises(Transient):
            world.reconciler.reconcile(item_id)
    world.web.photos[url] = b"from the web"
    sweeper = Sweeper(world.database, world.reconciler.reconcile, world.settings)
    assert sweeper.sweep(datetime.now(UTC)) == 0, "items written a moment ago are left alone"
    with pytest.raises(Transient, match="1 of 2"):
        sweeper.sweep(datetime.now(UTC) + timedelta(minutes=11))
    assert world.status("recovered") == "ready"
