"""Traces of requests by OpenTelemetry, which is imported at the first request, and only if it is switched on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from closetspace.adapters.cloud_logging import cloud_service
from closetspace.settings import Settings
from closetspace.spans import install_tracer

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import Tracer

GOOGLE = "https://telemetry.googleapis.com/v1/traces"
"""Where Cloud Trace takes spans in OTLP; the standard variable OTEL_EXPORTER_OTLP_ENDPOINT names another collector."""

SEND_AFTER_MS = 1_000
"""An instance gets processor time during requests only, so that spans have to leave soon."""


def configure_tracing(settings: Settings) -> None:
    """Trace ``settings.trace_share`` of all requests; with 0, which is the default, nothing is imported."""
    if settings.trace_share:
        install_tracer(OpenTelemetry(settings.trace_share).start)


class OpenTelemetry:
    """Starts spans, as parts of the trace of the request that this thread answers.

    ``processor`` gets the spans that have ended; by default it sends them to Cloud Trace.
    """

    def __init__(self, share: float, processor: "SpanProcessor | None" = None) -> None:
        self._share = share
        self._processor = processor
        self._tracer: Tracer | None = None
        self._lock = Lock()

    @contextmanager
    def start(self, name: str) -> Iterator[None]:
        """Return the block of one span."""
        with self._lock:
            if self._tracer is None:
                self._tracer = _new_tracer(self._share, self._processor or _to_collector())
        from opentelemetry.propagate import extract
        from opentelemetry.trace import get_current_span

        is_inner = get_current_span().get_span_context().is_valid
        with self._tracer.start_as_current_span(name, None if is_inner else extract(_headers())):
            yield


def _headers() -> dict[str, str]:
    flask = sys.modules.get("flask")
    is_request = flask is not None and flask.has_request_context()
    return {"traceparent": flask.request.headers.get("traceparent", "")} if flask and is_request else {}


def _new_tracer(share: float, processor: "SpanProcessor") -> "Tracer":
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    # Google's front end samples few requests: those that it has not chosen are drawn by our own share.
    sampler = ParentBased(TraceIdRatioBased(share), remote_parent_not_sampled=TraceIdRatioBased(share))
    names = {"service.name": cloud_service() or "closetspace", "gcp.project_id": os.environ.get("GCLOUD_PROJECT", "")}
    provider = TracerProvider(sampler=sampler, resource=Resource.create(names))
    provider.add_span_processor(processor)
    return provider.get_tracer("closetspace")


def _to_collector() -> "SpanProcessor":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        exporter = OTLPSpanExporter()
    else:
        import google.auth
        from google.auth.transport.requests import AuthorizedSession

        credentials, _ = google.auth.default(scopes=["https://www.googleapis.com/auth/cloud-platform"])
        exporter = OTLPSpanExporter(GOOGLE, session=AuthorizedSession(credentials))  # type: ignore[no-untyped-call]
    return BatchSpanProcessor(exporter, schedule_delay_millis=SEND_AFTER_MS)
