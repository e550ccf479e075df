"""Events as the local Firebase sends them, delivered to the functions directly: late, repeated, out of order."""

import random
from typing import Any

import httpx

from tests.support.journey import Journey

Event = dict[str, Any]


def item_event(journey: Journey, item_id: str, before: dict[str, str] | None, after: dict[str, str] | None) -> Event:
    """Return a Firestore event in the local Firebase's format, with earlier versions of documents."""
    stack = journey.stack
    name = f"projects/{stack.project}/databases/(default)/documents/wardrobe/{item_id}"

    def document(fields: dict[str, str] | None) -> Event:
        if fields is None:
            return {}
        values = {key: {"stringValue": value} for key, value in fields.items()}
        stamp = "2026-01-01T00:00:00.000000Z"
        return {"name": name, "fields": values, "createTime": stamp, "updateTime": stamp}

    return {
        "specversion": "1.0",
        "id": f"{item_id}-{random.random()}",
        "type": "google.cloud.firestore.document.v1.written",
        "source": f"//firestore.googleapis.com/projects/{stack.project}/databases/(default)",
        "subject": f"documents/wardrobe/{item_id}",
        "time": "2026-01-01T00:00:00.000000Z",
        "project": stack.project,
        "database": "(default)",
        "namespace": "(default)",
        "document": f"wardrobe/{item_id}",
        "location": "us-central1",
        "data": {"value": document(after), "oldValue": document(before)},
    }


def deliver(journey: Journey, event: Event) -> httpx.Response:
    """Post an event of an item to the functions, and return their answer."""
    return journey.http.post(
        f"http://{journey.stack.addresses.functions}/events/item_written",
        json=event,
        headers={"Content-Type": "application/cloudevents+json"},
    )
