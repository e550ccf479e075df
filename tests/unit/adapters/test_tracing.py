"""Traces of requests: which spans there are, how they nest, and what is loaded if tracing is off."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from closetspace.adapters.tracing import OpenTelemetry, configure_tracing
from closetspace.api.handlers import Handlers
from closetspace.settings import Settings
from closetspace.spans import install_tracer, span
from tests.support.fakes import World

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def exported() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    install_tracer(OpenTelemetry(1.0, SimpleSpanProcessor(exporter)).start)
    yield exporter
    install_tracer(None)


def nested(exporter: InMemorySpanExporter) -> set[tuple[str, str]]:
    """Return each span's name with the name of the span that it is a part of, "" for none."""
    spans = exporter.get_finished_spans()
    names = {each.context.span_id: each.name for each in spans}
    return {(each.name, names.get(each.parent.span_id, "") if each.parent else "") for each in spans}


def test_stages_of_reconciling_are_parts_of_its_span(exported: InMemorySpanExporter) -> None:
    world = World()
    world.upload("shirt")
    world.write_item("shirt")
    services: Any = SimpleNamespace(reconciler=world.reconciler)
    event = SimpleNamespace(params={"itemId": "shirt"}, data=None, time=world.now)
    Handlers(services).item_written(event)
    stages = {
        "read item",
        "find photo",
        "load photo",
        "decode",
        "encode",
        "make thumbnails",
        "store thumbnails",
        "commit",
    }
    assert nested(exported) == {("reconcile", ""), *((stage, "reconcile") for stage in stages)}


def test_span_belongs_to_the_trace_of_its_request(exported: InMemorySpanExporter) -> None:
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-00"}
    with Flask("recommend").test_request_context(headers=headers), span("recommend"), span("rank"):
        pass
    assert {f"{each.context.trace_id:032x}" for each in exported.get_finished_spans()} == {TRACE}


def test_requests_after_each_other_have_traces_of_their_own(exported: InMemorySpanExporter) -> None:
    for _ in range(2):
        with span("recommend"):
            pass
    assert len({each.context.trace_id for each in exported.get_finished_spans()}) == 2


def test_span_of_a_failed_stage_says_so(exported: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="broken"), span("rank"):
        raise ValueError("broken")
    [failed] = exported.get_finished_spans()
    assert not failed.status.is_ok


def test_no_request_is_traced_by_default() -> None:
    configure_tracing(Settings())
    assert span("recommend") is span("rank")
