"""Log lines in the form of Cloud Logging."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from closetspace.adapters.cloud_logging import (
    MAX_TEXT,
    CloudFormatter,
    blame_callers,
    configure_cloud_logging,
    hash_uid,
)
from closetspace.log_labels import add_log_labels, current_labels, log_labels

LABELS = "logging.googleapis.com/labels"
UID = "Xy3personKq"


@pytest.fixture
def formatter() -> CloudFormatter:
    return CloudFormatter("demo-project", "recommend", "recommend-00007-abc")


def record(text: str, *arguments: object, level: int = logging.INFO, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("closetspace.services.sweep", level, "/x/sweep.py", 7, text, arguments, None, "sweep")
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def formatted(formatter: CloudFormatter, made: logging.LogRecord) -> dict[str, Any]:
    line = formatter.format(made)
    assert "\n" not in line
    entry: dict[str, Any] = json.loads(line)
    return entry


def crash(text: str) -> logging.LogRecord:
    """Return the record of an exception, as a framework logs it: after the block that it ended."""
    try:
        with log_labels(item="a1"):
            add_log_labels(uid=UID)
            raise RuntimeError(text)
    except RuntimeError:
        return record("Exception on / [POST]", level=logging.ERROR, exc_info=sys.exc_info())


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_line_has_its_severity_and_message(formatter: CloudFormatter, level: str) -> None:
    entry = formatted(formatter, record("swept %d items", 3, level=getattr(logging, level)))
    assert (entry["severity"], entry["message"]) == (level, "swept 3 items")


def test_level_that_cloud_logging_does_not_know_is_the_default(formatter: CloudFormatter) -> None:
    assert formatted(formatter, record("x", level=25))["severity"] == "DEFAULT"


def test_labels_name_the_item_and_hash_the_person(formatter: CloudFormatter) -> None:
    with log_labels(uid=UID, item="a1"):
        entry = formatted(formatter, record("closets/%s is full", UID))
    digest = hash_uid("demo-project", UID)
    assert entry[LABELS] == {"item": "a1", "uid_hash": digest}
    assert entry["message"] == f"closets/{digest} is full"


def test_exception_keeps_the_labels_of_the_block_that_it_ended(formatter: CloudFormatter) -> None:
    entry = formatted(formatter, crash(f"404 No document closets/{UID}"))
    assert UID not in json.dumps(entry)
    assert entry[LABELS] == {"item": "a1", "uid_hash": hash_uid("demo-project", UID)}
    assert current_labels() == {}


@pytest.mark.parametrize(
    "text",
    [
        f"404 GET https://storage.googleapis.com/b/photos/o/users%2F{UID}%2Fwardrobe%2Fa1%2Fphoto.jpg: No such object",
        f"No such object: photos/users/{UID}/wardrobe/a1/photo.jpg",
        f"No document to update: projects/demo/databases/(default)/documents/closets/{UID}",
        f"too much contention on projects/demo/databases/(default)/documents/closets/{UID}/shards/1",
        f'no entity "projects/demo/databases/(default)/documents/preferences/{UID}".',
    ],
)
def test_person_whom_no_label_names_is_hashed_where_a_path_names_them(formatter: CloudFormatter, text: str) -> None:
    hashed = text.replace(UID, hash_uid("demo-project", UID))
    assert formatted(formatter, record(text, level=logging.ERROR))["message"] == hashed
    with log_labels(uid=UID):
        assert formatted(formatter, record(text, level=logging.ERROR))["message"] == hashed


def test_token_that_a_library_repeats_is_left_out(formatter: CloudFormatter) -> None:
    entry = formatted(formatter, record("Error validating token: Wrong number of segments in token: eyJhbG.eyJ1aWQi"))
    assert entry["message"].endswith("token: TOKEN")


def test_paths_of_code_stay_as_they_are(formatter: CloudFormatter) -> None:
    text = 'File "/workspace/closetspace/domain/taste/membership.py", line 7'
    assert formatted(formatter, record("%s", text))["message"] == text


def test_error_has_the_form_of_error_reporting(formatter: CloudFormatter) -> None:
    entry = formatted(formatter, crash("broken"))
    assert entry["@type"].endswith("ReportedErrorEvent")
    assert entry["serviceContext"] == {"service": "recommend", "version": "recommend-00007-abc"}
    assert entry["context"]["reportLocation"] == {"filePath": "/x/sweep.py", "lineNumber": 7, "functionName": "sweep"}
    assert entry["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert entry["stack_trace"].endswith("RuntimeError: broken")


def test_hashes_differ_between_projects() -> None:
    assert hash_uid("one", UID) != hash_uid("two", UID)
    assert len(hash_uid("one", "\ud800")) == len(hash_uid("one", UID))


@pytest.mark.parametrize(
    ("header", "trace"),
    [
        (f"00-{'4' * 32}-{'a' * 16}-01", f"projects/demo-project/traces/{'4' * 32}"),
        ("00-xyz-1-01", None),
        (f"00-{'4' * 32}-{'a' * 16}-01\u0661", None),
        ("", None),
    ],
)
def test_line_belongs_to_the_trace_of_its_request(formatter: CloudFormatter, header: str, trace: str | None) -> None:
    with Flask("recommend").test_request_context(environ_overrides={"HTTP_TRACEPARENT": header}):
        assert formatted(formatter, record("x")).get("logging.googleapis.com/trace") == trace


def test_huge_message_and_traceback_are_cut(formatter: CloudFormatter) -> None:
    entry = formatted(formatter, crash("z" * 2 * MAX_TEXT))
    assert len(entry["stack_trace"]) == MAX_TEXT
    assert len(formatted(formatter, record("y" * 2 * MAX_TEXT))["message"]) == MAX_TEXT


def test_line_whose_arguments_do_not_fit_is_still_a_line(formatter: CloudFormatter) -> None:
    made = record("verification failed", ["content"], level=logging.WARNING)
    assert formatted(formatter, made)["message"] == "verification failed"


@pytest.mark.parametrize(
    ("text", "arguments"),
    [("Request body has extra fields: %s", ("name: My coat,",)), ("Request body is missing data.", (["My coat"],))],
)
def test_what_a_refused_request_had_is_not_logged(
    formatter: CloudFormatter, text: str, arguments: tuple[object, ...]
) -> None:
    of_sdk = record(text, *arguments, level=logging.WARNING, pathname="/x/firebase_functions/private/util.py")
    blame_callers(of_sdk)
    entry = formatted(formatter, of_sdk)
    assert "coat" not in json.dumps(entry)
    assert entry["message"].startswith("Request body")


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("Invalid request, unable to process.", "WARNING"),
        ("Error validating token: Not a bearer token", "WARNING"),
        ("Unhandled error: broken", "ERROR"),
    ],
)
def test_faults_of_callers_are_warnings(formatter: CloudFormatter, text: str, severity: str) -> None:
    of_sdk = record(text, level=logging.ERROR, pathname="/x/firebase_functions/https_fn.py")
    blame_callers(of_sdk)
    assert formatted(formatter, of_sdk)["severity"] == severity


@pytest.fixture
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_logging_stays_as_it_is_outside_of_the_cloud(restored_logging: None) -> None:
    handlers = logging.getLogger().handlers[:]
    configure_cloud_logging({})
    assert logging.getLogger().handlers == handlers
