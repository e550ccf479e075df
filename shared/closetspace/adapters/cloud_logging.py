"""Logs as Cloud Logging and Error Reporting read them: a line of JSON for each record.

https://cloud.google.com/logging/docs/structured-logging and
https://cloud.google.com/error-reporting/docs/formatting-error-messages name the fields.

The handler of google-cloud-logging would do a part of this, for 0.14 s of every cold start.
"""

import hashlib
import hmac
import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from closetspace.domain.person.personal_data import COLLECTIONS
from closetspace.log_labels import UID, current_labels, labels_of

OUR_LOGGERS = ("closetspace", "catalog_jobs", "closetspace_infra")
"""Loggers whose lines are kept from INFO on. Of libraries only warnings are: each line costs money."""

MAX_TEXT = 50_000
"""Characters of a message and of a traceback. Cloud Logging refuses a line of more than 256 KB."""

UID_HASH_DIGITS = 16

ERROR_EVENT = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"

CRASH = "Unhandled error"
"""How the Functions SDK begins the line about an exception in a callable."""

SEVERITIES = frozenset({"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"})

_FOLDERS = "|".join(each.parent for each in COLLECTIONS if each.is_one_document)
_PERSON_IN_PATH = re.compile(rf"(?:\b(?:users|documents/(?:{_FOLDERS}))(?:/|%2F))([^/%\s\"']+)")
"""A person's id where errors of libraries name an object or a document."""

_TOKEN = re.compile(r"\beyJ[\w.-]+", re.ASCII)
"""A JSON Web Token or a part of it, which errors about one that can't be read repeat. It has the person's id."""

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}", re.ASCII)


def cloud_service(env: Mapping[str, str] = os.environ) -> str:
    """Return the name of the function or the job that this process runs in the cloud, "" elsewhere."""
    return env.get("K_SERVICE") or env.get("CLOUD_RUN_JOB") or ""


def configure_cloud_logging(env: Mapping[str, str] = os.environ) -> None:
    """Log in Cloud Logging's form if this process is a function or a job in the cloud; elsewhere change nothing.

    Replaces what functions-framework sets up, whose lines have no severity and which drops INFO.
    """
    service = cloud_service(env)
    if not service:
        return
    version = env.get("K_REVISION") or env.get("CLOUD_RUN_EXECUTION") or ""
    project = env.get("GOOGLE_CLOUD_PROJECT") or env.get("GCLOUD_PROJECT") or ""
    # The framework redirects sys.stderr during requests, in a way that requests at the same time disturb.
    handler = logging.StreamHandler(sys.__stderr__)
    handler.addFilter(blame_callers)
    handler.addFilter(add_handled_exception)
    handler.setFormatter(CloudFormatter(project, service, version))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in OUR_LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)


def hash_uid(project: str, uid: str) -> str:
    """Return what stands for a person in the logs of this project: the operator can compute it, and not undo it."""
    return hmac.new(project.encode(), uid.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()[:UID_HASH_DIGITS]


def add_handled_exception(record: logging.LogRecord) -> bool:
    """Add the exception that is being handled to an error: the Functions SDK logs a crash without its traceback.

    A filter of `logging`; it always returns True.
    """
    if record.levelno >= logging.ERROR and not record.exc_info and sys.exc_info()[0] is not None:
        record.exc_info = sys.exc_info()
    return True


def blame_callers(record: logging.LogRecord) -> bool:
    """Make a warning of what the Functions SDK logs about a request that its caller has got wrong, without its content.

    A filter of `logging`; it always returns True.
    """
    is_of_sdk = "/firebase_functions/" in record.pathname and record.levelno in (logging.WARNING, logging.ERROR)
    if is_of_sdk and not record.exc_info and not str(record.msg).startswith(CRASH):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        # The arguments are what the request had.
        record.msg, record.args = str(record.msg).replace(": %s", ""), None
    return True


class CloudFormatter(logging.Formatter):
    """Formats a record as one line of JSON with severity, labels, trace and, for errors, where they happened."""

    def __init__(self, project: str, service: str, version: str) -> None:
        super().__init__()
        self._project = project
        self._context = {"service": service, "version": version}

    def format(self, record: logging.LogRecord) -> str:
        labels = {**labels_of(record.exc_info[1] if record.exc_info else None), **current_labels()}
        uid = labels.pop(UID, "")
        if uid:
            labels["uid_hash"] = hash_uid(self._project, uid)

        def clean(text: str) -> str:
            # Messages of libraries name documents and files, and these name the person.
            text = _TOKEN.sub("TOKEN", _PERSON_IN_PATH.sub(self._without_person, text))
            return text.replace(uid, labels["uid_hash"]) if uid else text

        entry: dict[str, Any] = {
            "severity": record.levelname if record.levelname in SEVERITIES else "DEFAULT",
            "message": clean(_message(record))[:MAX_TEXT],
            "logger": record.name,
            **getattr(record, "fields", {}),
            **self._trace(),
        }
        if record.levelno >= logging.ERROR:
            entry |= {"@type": ERROR_EVENT, "serviceContext": self._context}
            place = {"filePath": record.pathname, "lineNumber": record.lineno, "functionName": record.funcName}
            entry["context"] = {"reportLocation": place}
        if record.exc_info:
            # The end of a traceback says most.
            entry["stack_trace"] = clean(self.formatException(record.exc_info))[-MAX_TEXT:]
        return json.dumps(entry | {"logging.googleapis.com/labels": labels})

    def _without_person(self, found: re.Match[str]) -> str:
        person = found[1]
        return found[0].removesuffix(person) + hash_uid(self._project, unquote(person))

    def _trace(self) -> dict[str, str]:
        """Return the trace of the request that this thread answers, so that Cloud Logging shows its lines together."""
        flask = sys.modules.get("flask")
        if flask is None or not flask.has_request_context():
            return {}
        traced = _TRACEPARENT.fullmatch(flask.request.headers.get("traceparent", ""))
        if not traced:
            return {}
        return {
            "logging.googleapis.com/trace": f"projects/{self._project}/traces/{traced[1]}",
            "logging.googleapis.com/spanId": traced[2],
        }


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        # Libraries have lines whose arguments do not fit their text.
        return str(record.msg)
