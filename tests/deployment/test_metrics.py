"""Metrics, objectives and the dashboard in Terraform, compared with the lines that the code logs."""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from catalog_jobs.catalog.run_records import Report
from closetspace.adapters.cloud_logging import CloudFormatter
from closetspace.adapters.memory import MemoryObjects
from closetspace.api.handlers import Handlers
from closetspace.errors import Transient
from closetspace.services.index_versions import IndexVersions
from tests.support.fakes import World
from tests.support.indexes import NOW, upload
from tests.support.terraform_files import FOLDER, locals_

START = datetime(2026, 11, 28, tzinfo=UTC)
TERRAFORM = "\n".join(path.read_text() for path in sorted(FOLDER.glob("*.tf")))


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> list[dict[str, Any]]:
    """Every kind of line that is counted, as Cloud Logging gets it."""
    caplog.set_level(logging.INFO)
    world = World(now=START)
    world.upload("shirt")
    world.write_item("shirt")
    world.reconciler.reconcile("shirt", None, START - timedelta(seconds=7))
    world.upload("broken", b"x" * 1001)
    world.write_item("broken")
    world.reconciler.reconcile("broken")
    _leave_unsettled(world)
    _give_up(world)
    world.photos.now = lambda: START
    world.upload("stray")
    list(world.sweeper.auditor.audit(START + timedelta(days=2)))
    world.database.bookmarks.clear()
    list(world.sweeper.auditor.audit(START + timedelta(days=2)))
    versions = IndexVersions(MemoryObjects())
    versions.publish(upload(versions, tmp_path / "bundle", "one").version, NOW)
    idle = Mock(sweep=Mock(return_value=0))
    services: Any = SimpleNamespace(sweeper=idle, data_exporter=idle, account_remover=idle, index_versions=versions)
    Handlers(services).sweep()
    formatter = CloudFormatter("demo", "sweep", "1")
    return [json.loads(formatter.format(record)) for record in caplog.records]


def _leave_unsettled(world: World) -> None:
    world.web.photos["https://photos.example/a.jpg"] = Transient("the network is down")
    world.write_item("stuck", photo_path=None, secure_url="https://photos.example/a.jpg")
    with pytest.raises(Transient):
        world.reconciler.reconcile("stuck")
    world.now += timedelta(minutes=11)
    with pytest.raises(Transient):
        world.sweeper.sweep(world.now)


def _give_up(world: World) -> None:
    world.upload("cursed")
    world.write_item("cursed")
    world.encoder.before = Mock(side_effect=ZeroDivisionError)
    for _ in range(world.settings.max_attempts - 1):
        with pytest.raises(ZeroDivisionError):
            world.reconciler.reconcile("cursed")
    world.reconciler.reconcile("cursed")


def with_event(lines: list[dict[str, Any]], event: str) -> dict[str, Any]:
    """Return a line of an event."""
    return next(line for line in lines if line.get("event") == event)


def test_each_metric_counts_lines_that_the_code_logs(lines: list[dict[str, Any]]) -> None:
    for metric in locals_()["counted_events"].values():
        assert with_event(lines, metric["event"])
    for metric in locals_()["measured_events"].values():
        assert isinstance(with_event(lines, metric["event"])[metric["value"]], float | int), metric


def test_lines_have_the_numbers_of_what_happened(lines: list[dict[str, Any]]) -> None:
    assert with_event(lines, "item_settled")["seconds"] == 7
    assert with_event(lines, "swept")["oldest_unsettled_seconds"] == 600
    assert with_event(lines, "item_given_up")["severity"] == "ERROR"
    assert with_event(lines, "removal_refused")["severity"] == "ERROR"


def test_refresh_metrics_are_fields_of_its_report() -> None:
    printed = Report(version="v1").model_dump()
    assert [name for name in locals_()["refresh_counts"] if not isinstance(printed[name], float | int)] == []
    assert "version" in printed
    assert locals_()["refresh_args"] == ["catalog", "refresh", "--json"]


def test_charts_alerts_and_objectives_use_metrics_that_exist() -> None:
    own = locals_()
    names = {*own["counted_events"], *own["measured_events"]}
    names |= {f"refresh_{name}" for name in own["refresh_counts"]}
    used = set(re.findall(r"user/?_?closetspace_(\w+)", TERRAFORM))
    used |= set(re.findall(r"local\.own\}_(\w+)", TERRAFORM))
    known = names | {f"{name}_{part}" for name in names for part in ("bucket", "sum", "count")}
    assert {name for name in used if not name.startswith("refresh_")} <= known
    assert names - {re.sub(r"_(bucket|sum|count)$", "", name) for name in used} <= {
        "embeddings",
        "items_failed",
        *(f"refresh_{name}" for name in own["refresh_counts"]),
    }


def test_objectives_are_those_of_the_guide() -> None:
    guide = (FOLDER.parent.parent / "docs" / "operating.md").read_text()
    for objective in locals_()["objectives"].values():
        assert f"### {objective['name']}\n" in guide
        assert f"{100 * objective['goal']:g} %" in guide
    bounds = [objective["bound"] for objective in locals_()["objectives"].values()]
    assert bounds == [500, 30]


def test_what_is_compared_with_a_distribution_is_a_bound_of_it() -> None:
    """A value within a bucket would be interpolated."""
    assert 30 in locals_()["seconds"]
    assert "> 72" in locals_()["alerts"]["index_old"]["query"]
    assert 72 in locals_()["hours"]
