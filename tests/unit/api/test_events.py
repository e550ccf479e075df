"""Firestore's events through the SDK's own wrapper."""

from datetime import UTC, datetime
from typing import Any

import firebase_admin
import pytest
from cloudevents.http import CloudEvent
from firebase_functions import firestore_fn
from google.events.cloud.firestore import DocumentEventData

from closetspace.api.events import without_fields
from closetspace.api.handlers import closet_version_in

NAME = "projects/demo/databases/(default)/documents/closets/ann"
UPDATED = datetime(2026, 11, 28, 12, 0, 0, 123_456, UTC)
DOCUMENT = {"name": NAME, "fields": {"uid": {"string_value": "ann"}}, "create_time": UPDATED, "update_time": UPDATED}

received: list[firestore_fn.Event[Any]] = []


@without_fields
@firestore_fn.on_document_written(document="closets/{uid}")
def closet_written(event: firestore_fn.Event[Any]) -> None:
    received.append(event)


@pytest.fixture(autouse=True)
def firebase(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo")
    received.clear()
    app = firebase_admin.initialize_app()
    yield
    firebase_admin.delete_app(app)


def deliver(**documents: Any) -> firestore_fn.Event[Any]:
    attributes = {
        "type": "google.cloud.firestore.document.v1.written",
        "source": "//firestore.googleapis.com/projects/demo/databases/(default)",
        "subject": "documents/closets/ann",
        "time": "2026-11-28T12:00:01.000000Z",
        "datacontenttype": "application/protobuf",
        "project": "demo",
        "database": "(default)",
        "namespace": "(default)",
        "document": "closets/ann",
        "location": "nam5",
    }
    closet_written(CloudEvent(attributes, DocumentEventData.serialize(DocumentEventData(**documents))))
    [event] = received
    return event


def test_documents_arrive_with_their_times_and_without_fields() -> None:
    event = deliver(value=DOCUMENT, old_value=DOCUMENT)
    assert event.params == {"uid": "ann"}
    assert event.data.before.to_dict() == event.data.after.to_dict() == {}
    assert closet_version_in(event) == 1_795_867_200_123_456


def test_deletion_stays_one() -> None:
    event = deliver(old_value=DOCUMENT)
    assert event.data.before is not None
    assert event.data.after is None
    assert closet_version_in(event) is None


def test_creation_stays_one() -> None:
    event = deliver(value=DOCUMENT)
    assert event.data.before is None
    assert closet_version_in(event) == 1_795_867_200_123_456


def test_trigger_is_deployed_like_others() -> None:
    assert closet_written.__firebase_endpoint__.eventTrigger["eventFilterPathPatterns"] == {"document": "closets/{uid}"}  # type: ignore[attr-defined]
    assert closet_written.__name__ == "closet_written"
