"""Events in the form in which Python functions receive them in production.

The local Firebase hands out JSON CloudEvents. Eventarc sends Firestore events as protobuf, and the Python
SDK reads nothing else; timestamps carry microseconds, and the Storage trigger reads nothing else.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from cloudevents.http import CloudEvent, from_http
from google.events.cloud.firestore import DocumentEventData
from google.protobuf import json_format  # type: ignore[import-untyped]

STRUCTURED = "application/cloudevents+json"

_FRACTION = re.compile(r"(?:\.(\d+))?Z$")


def from_request(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """The event of a request: the bridge's JSON turned into the production form, or one that already is."""
    if headers.get("Content-Type", "").startswith(STRUCTURED):
        return production_form(json.loads(body))
    return from_http(headers, body)


def production_form(event: Mapping[str, Any]) -> CloudEvent:
    """A JSON CloudEvent of the local Firebase as Eventarc would deliver it."""
    # Path parameters are no attribute of the event: the SDK matches them out of the document's name.
    attributes = {key: value for key, value in event.items() if key not in ("data", "params")}
    attributes["time"] = _microseconds(event["time"])
    if not event["type"].startswith("google.cloud.firestore."):
        return CloudEvent(attributes, event.get("data"))
    attributes["datacontenttype"] = "application/protobuf"
    return CloudEvent(attributes, _firestore_bytes(event.get("data") or {}))


def _firestore_bytes(data: Mapping[str, Any]) -> bytes:
    message = json_format.ParseDict(data, DocumentEventData()._pb)
    payload: bytes = message.SerializeToString()
    return payload


def _microseconds(time: str) -> str:
    return _FRACTION.sub(lambda fraction: f".{(fraction[1] or '0')[:6].ljust(6, '0')}Z", time)
