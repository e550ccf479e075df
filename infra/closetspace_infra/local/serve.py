"""Serves the Python functions in one process, under Firebase's own paths.

    gunicorn 'closetspace_infra.local.serve:application()'      in the folder of main.py

Callables, HTTP functions and scheduled functions are at ``/{project}/{region}/{name}`` (the SDK does the callable
protocol and CORS), event functions at ``/events/{name}``. The local Firebase sends events as JSON CloudEvents. They are
converted to the form of production: Eventarc sends Firestore events as protobuf, the only form that the Python SDK
reads, and timestamps have microseconds, which the Storage trigger requires.
"""

import importlib
import json
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from cloudevents.http import CloudEvent, from_http
from firebase_functions.private import serving
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from google.events.cloud.firestore import DocumentEventData
from google.protobuf import json_format  # type: ignore[import-untyped]

from closetspace.adapters.cloud_logging import add_handled_exception
from closetspace_infra.local.functions import CRASH_PATH, GROUP_PATH, LOG_PATH, MANIFEST_PATH, path

Function = Callable[[Any], Any]

_STRUCTURED = "application/cloudevents+json"
_FRACTION = re.compile(r"(?:\.(\d+))?Z$")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_CHATTY = ("firebase_functions", "httpx")

logger = logging.getLogger(__name__)


def application() -> Flask:
    """Import main.py of the current folder and serve its functions."""
    _log_readably()
    # Before main.py puts its own folder first on the path, where a deployment's copy may be out of date.
    importlib.import_module("closetspace")
    return create_app(
        serving.get_functions(),  # type: ignore[no-untyped-call]
        project=os.environ["GCLOUD_PROJECT"],
        region=os.environ["CLOSETSPACE_LOCAL_REGION"],
    )


def create_app(functions: Mapping[str, Function], *, project: str, region: str) -> Flask:
    """Return an app with a route for each function, and the manifest that a deployment reads."""
    app = Flask(__name__)
    spec = serving.functions_as_yaml(dict(functions))
    app.add_url_rule(MANIFEST_PATH, "manifest", lambda: Response(spec, mimetype="text/yaml"))
    app.add_url_rule(CRASH_PATH, "crash", _crash, methods=["POST"])
    app.add_url_rule(GROUP_PATH, "group", lambda: str(os.getpgrp()))
    app.add_url_rule(LOG_PATH, "log", _log, methods=["POST"])
    for name, endpoint in yaml.safe_load(spec)["endpoints"].items():
        function = functions[name]
        view = _event_view(name, function) if "eventTrigger" in endpoint else _request_view(function)
        rule = path(name, endpoint, project, region)
        app.add_url_rule(rule, name, view, methods=_METHODS, provide_automatic_options=False)
    return app


def _crash() -> ResponseReturnValue:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _log() -> ResponseReturnValue:
    logger.info("%s", request.get_data(as_text=True))
    return "", 204


def _request_view(function: Function) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        answer: ResponseReturnValue = function(request)
        return answer

    return view


def _event_view(name: str, function: Function) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        try:
            function(_event(dict(request.headers), request.get_data()))
        except Exception as error:
            # Production delivers the event again after any error.
            logger.exception("%s failed", name)
            return f"{type(error).__name__}: {error}", 500
        return "", 204

    return view


def _event(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    if headers.get("Content-Type", "").startswith(_STRUCTURED):
        return _production_form(json.loads(body))
    return from_http(headers, body)


def _production_form(event: Mapping[str, Any]) -> CloudEvent:
    """Return a JSON CloudEvent of the local Firebase as Eventarc would deliver it."""
    # Path parameters are no attribute of the event: the SDK takes them from the document's name.
    attributes = {key: value for key, value in event.items() if key not in ("data", "params")}
    attributes["time"] = _FRACTION.sub(_microseconds, event["time"])
    if not event["type"].startswith("google.cloud.firestore."):
        return CloudEvent(attributes, event.get("data"))
    attributes["datacontenttype"] = "application/protobuf"
    return CloudEvent(attributes, _firestore_bytes(event.get("data") or {}))


def _firestore_bytes(data: Mapping[str, Any]) -> bytes:
    message = json_format.ParseDict(data, DocumentEventData()._pb)
    payload: bytes = message.SerializeToString()
    return payload


def _microseconds(fraction: re.Match[str]) -> str:
    return f".{(fraction[1] or '0')[:6].ljust(6, '0')}Z"


def _log_readably() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_not_chatty)
    handler.addFilter(add_handled_exception)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", handlers=[handler])


def _is_not_chatty(record: logging.LogRecord) -> bool:
    """Return False for what libraries log about every request."""
    return record.levelno > logging.INFO or not any(f"/{name}/" in record.pathname for name in _CHATTY)
