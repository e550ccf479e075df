"""Closetspace's Cloud Functions: a table of contents. What each does is in `closetspace.api.handlers`."""

import os
from typing import Any

# Before gRPC is imported: it reads the answers of Firestore in the thread that waits for them, instead of another one.
os.environ.setdefault("GRPC_SINGLE_THREADED_UNARY_STREAM", "1")
# Before Cloud Storage's client is: for traces of its own it asks for the bucket's location, which it may not read.
os.environ.setdefault("DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA", "true")
# An instance serves many requests at once. Threads of linear algebra that wait for each other make it ten times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from firebase_admin import initialize_app
from firebase_functions import firestore_fn, https_fn, options, scheduler_fn, storage_fn

from closetspace.adapters.cloud_logging import configure_cloud_logging
from closetspace.adapters.tracing import configure_tracing
from closetspace.api.bodies import refuse_malformed
from closetspace.api.events import without_fields
from closetspace.api.handlers import Handlers
from closetspace.bootstrap import Services
from closetspace.settings import Settings

configure_cloud_logging()

# Without an app the SDK refuses every token. The app opens no client and needs no credentials until it is used.
initialize_app()

settings = Settings.from_env()
configure_tracing(settings)
handlers = Handlers(Services(settings))


def sized(memory: int, cpu: int, concurrency: int, timeout_sec: int, max_instances: int) -> dict[str, Any]:
    """Return a function's size. Every value is stated, because the platform's defaults do not fit."""
    return {
        "region": settings.region,
        "memory": memory,
        "cpu": cpu,
        "concurrency": concurrency,
        "timeout_sec": timeout_sec,
        "max_instances": max_instances,
        "service_account": settings.service_account,
    }


# A photo may take 0.5 GB while it is decoded, in a process of its own: two at once fit beside the networks.
EMBEDDING = sized(
    options.MemoryOption.GB_2, cpu=2, concurrency=2, timeout_sec=120, max_instances=settings.embedding_instances
)
# Mostly waits for Firestore. The index is in memory twice during a reload, and once more during a migration.
ANSWERING = sized(
    options.MemoryOption.GB_1, cpu=1, concurrency=40, timeout_sec=30, max_instances=settings.answering_instances
)
CALLED = {"enforce_app_check": settings.enforce_app_check, **ANSWERING}
# Most events find that another one does their work. Two tastes are derived at once.
DERIVING = sized(
    options.MemoryOption.MB_512, cpu=1, concurrency=20, timeout_sec=60, max_instances=settings.deriving_instances
)
# Documents and photos pass through in small parts; 540 s are the most that an event may take.
LEAVING = sized(
    options.MemoryOption.MB_512, cpu=1, concurrency=1, timeout_sec=540, max_instances=settings.leaving_instances
)
SWEEPING = sized(options.MemoryOption.GB_2, cpu=2, concurrency=1, timeout_sec=1800, max_instances=1)

# functions-framework imports this module before it starts its server, which has 4 threads per CPU unless this is set.
# Threads start when they are needed: the most of any function fits all.
os.environ.setdefault(
    "THREADS", str(max(size["concurrency"] for size in (EMBEDDING, ANSWERING, DERIVING, LEAVING, SWEEPING)))
)


def retried(function: Any) -> Any:
    """Let the platform deliver a failed event again, for 24 hours. The manifest has this option, the SDK does not."""
    function.__firebase_endpoint__.eventTrigger["retry"] = True
    return function


@retried
@firestore_fn.on_document_written(document=f"{settings.wardrobe_collection}/{{itemId}}", **EMBEDDING)
def item_written(event: firestore_fn.Event[Any]) -> None:
    handlers.item_written(event)


@retried
@storage_fn.on_object_finalized(bucket=settings.photo_bucket, **EMBEDDING)
def photo_finalized(event: Any) -> None:
    handlers.photo_changed(event)


@retried
@storage_fn.on_object_deleted(bucket=settings.photo_bucket, **EMBEDDING)
def photo_deleted(event: Any) -> None:
    handlers.photo_changed(event)


@retried
@without_fields
@firestore_fn.on_document_written(document="closets/{uid}", **DERIVING)
def closet_written(event: firestore_fn.Event[Any]) -> None:
    handlers.closet_written(event)


@refuse_malformed
@https_fn.on_call(**CALLED)
def recommend(request: https_fn.CallableRequest[Any]) -> Any:
    return handlers.recommend(request)


@refuse_malformed
@https_fn.on_call(**CALLED)
def facets(request: https_fn.CallableRequest[Any]) -> Any:
    return handlers.facets(request)


@refuse_malformed
@https_fn.on_call(**CALLED)
def feedback(request: https_fn.CallableRequest[Any]) -> Any:
    return handlers.feedback(request)


@refuse_malformed
@https_fn.on_call(**CALLED)
def deleteAccount(request: https_fn.CallableRequest[Any]) -> Any:  # noqa: N802
    return handlers.delete_account(request)


@refuse_malformed
@https_fn.on_call(**CALLED)
def exportMyData(request: https_fn.CallableRequest[Any]) -> Any:  # noqa: N802
    return handlers.export_my_data(request)


@retried
@firestore_fn.on_document_created(document="account_deletions/{uid}", **LEAVING)
def account_marked(event: firestore_fn.Event[Any]) -> None:
    handlers.account_marked(event)


@retried
@firestore_fn.on_document_written(document="exports/{uid}", **LEAVING)
def export_written(event: firestore_fn.Event[Any]) -> None:
    handlers.export_written(event)


@scheduler_fn.on_schedule(schedule="every 10 minutes", **SWEEPING)
def sweep(_: scheduler_fn.ScheduledEvent) -> None:
    handlers.sweep()
