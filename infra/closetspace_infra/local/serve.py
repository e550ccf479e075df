"""The Python functions, all in one process, under the addresses that Firebase gives them.

    gunicorn 'closetspace_infra.local.serve:application()'      in the folder of main.py

Callables and HTTP functions answer at ``/{project}/{region}/{name}`` (the SDK does the callable protocol and
CORS), scheduled ones there too, event functions at ``/events/{name}``.
"""

import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

import yaml
from firebase_functions.private import serving
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from closetspace_infra.local import events, manifest
from closetspace_infra.local.functions_server import CRASH_PATH, GROUP_PATH, LOG_PATH

Function = Callable[[Any], Any]

_CHATTY = ("firebase_functions", "httpx")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

logger = logging.getLogger(__name__)


def application() -> Flask:
    """Imports main.py of the current folder and serves what it defines."""
    _log_readably()
    # Before main.py puts its own folder first on the path: a deployment's copy in there may be out of date.
    importlib.import_module("closetspace")
    return create_app(
        serving.get_functions(),  # type: ignore[no-untyped-call]
        project=os.environ["GCLOUD_PROJECT"],
        region=os.environ["CLOSETSPACE_LOCAL_REGION"],
    )


def create_app(functions: Mapping[str, Function], *, project: str, region: str) -> Flask:
    """One route a function, and the manifest that a deployment would read."""
    app = Flask(__name__)
    spec = serving.functions_as_yaml(dict(functions))
    app.add_url_rule(manifest.MANIFEST_PATH, "manifest", lambda: Response(spec, mimetype="text/yaml"))
    app.add_url_rule(CRASH_PATH, "crash", _crash, methods=["POST"])
    app.add_url_rule(GROUP_PATH, "group", lambda: str(os.getpgrp()))
    app.add_url_rule(LOG_PATH, "log", _log, methods=["POST"])
    for name, endpoint in yaml.safe_load(spec)["endpoints"].items():
        function = functions[name]
        view = _on_event(name, function) if "eventTrigger" in endpoint else _on_request(function)
        app.add_url_rule(
            manifest.path(name, endpoint, project, region),
            name,
            view,
            methods=_METHODS,
            provide_automatic_options=False,
        )
    return app


def _crash() -> ResponseReturnValue:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("unreachable")


def _log() -> ResponseReturnValue:
    logger.info("%s", request.get_data(as_text=True))
    return "", 204


def _on_request(function: Function) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        answer: ResponseReturnValue = function(request)
        return answer

    return view


def _on_event(name: str, function: Function) -> Callable[[], ResponseReturnValue]:
    def view() -> ResponseReturnValue:
        try:
            function(events.from_request(dict(request.headers), request.get_data()))
        except Exception as error:
            # Whatever it is, production would deliver the event again.
            logger.exception("%s failed", name)
            return f"{type(error).__name__}: {error}", 500
        return "", 204

    return view


def _log_readably() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_is_news)
    handler.addFilter(_keep_traceback)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", handlers=[handler])


def _is_news(record: logging.LogRecord) -> bool:
    """False for what libraries say about every single request."""
    return record.levelno > logging.INFO or not any(f"/{name}/" in record.pathname for name in _CHATTY)


def _keep_traceback(record: logging.LogRecord) -> bool:
    """Adds the exception being handled: the SDK logs a callable's unexpected error without its traceback."""
    if record.levelno >= logging.ERROR and not record.exc_info and sys.exc_info()[0] is not None:
        record.exc_info = sys.exc_info()
    return True
