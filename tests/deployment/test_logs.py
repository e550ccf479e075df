"""What functions and jobs log in the cloud: processes as production starts them, and each of their lines."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from closetspace.adapters.cloud_logging import hash_uid
from closetspace.adapters.storage.directory import DirectoryObjects
from closetspace.services.index_versions import IndexVersions
from closetspace_infra.local.functions import Instance, instance
from tests.support.indexes import NOW, upload
from tests.support.tokens import UID, unsigned_token

PROJECT = "demo-closetspace"
IN_PRODUCTION = {"LOG_EXECUTION_ID": "true", "K_REVISION": "facets-00001-abc", "GCLOUD_PROJECT": PROJECT}
TRACE = "0af7651916cd43dd8448eb211c80319c"


def entries(process: Instance) -> list[dict[str, Any]]:
    """Return the lines of a process that are JSON."""
    lines = process.process.last_lines.splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a published index."""
    folder = tmp_path_factory.mktemp("logs")
    versions = IndexVersions(DirectoryObjects(folder / "store"))
    versions.publish(upload(versions, folder / "bundle", "one").version, NOW)
    return folder / "store"


def production(store: Path) -> dict[str, str]:
    emulated = {"FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9", "GOOGLE_CLOUD_PROJECT": PROJECT}
    return {**IN_PRODUCTION, **emulated, "INDEX_STORE": str(store), "PHOTO_BUCKET": f"{PROJECT}-photos"}


def call(process: Instance, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    return process.first_answer(json={"data": {}}, headers=headers).status_code


def lines_of(function: str, store: Path, *tokens: str) -> Iterator[dict[str, Any]]:
    """Call a callable with each token, and return what its process has logged."""
    with instance({**production(store), "K_SERVICE": function}, function, "http") as process:
        for token in tokens:
            call(process, token)
    yield from entries(process)


def only(found: Sequence[dict[str, Any]], text: str) -> dict[str, Any]:
    """Return the one line whose message begins with a text."""
    [line] = [line for line in found if line["message"].startswith(text)]
    return line


def test_function_logs_information_and_refused_callers_with_their_severity_and_trace(store: Path) -> None:
    found = list(lines_of("facets", store, unsigned_token(PROJECT), "nonsense"))
    loaded = only(found, "index ")
    assert loaded["severity"] == "INFO"
    assert loaded["logging.googleapis.com/trace"] == f"projects/{PROJECT}/traces/{TRACE}"
    assert only(found, "Error validating token")["severity"] == "WARNING"


def test_function_logs_a_failure_with_its_traceback_and_without_the_person(tmp_path: Path) -> None:
    failed = only(list(lines_of("facets", tmp_path, unsigned_token(PROJECT))), "a callable failed")
    assert failed["severity"] == "ERROR"
    assert failed["stack_trace"].startswith("Traceback")
    assert failed["logging.googleapis.com/labels"]["uid_hash"] == hash_uid(PROJECT, UID)
    assert UID not in json.dumps(failed)


def test_function_logs_a_crash_of_a_callable_with_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    (endless := tmp_path / "index" / "current.json").symlink_to(endless)
    crash = only(list(lines_of("facets", tmp_path, unsigned_token(PROJECT))), "Unhandled error")
    assert crash["severity"] == "ERROR"
    assert "symbolic links" in crash["stack_trace"]


def test_function_logs_a_crash_of_a_trigger_with_its_traceback(store: Path) -> None:
    event = {
        "ce-id": "1",
        "ce-specversion": "1.0",
        "ce-source": "//firestore.googleapis.com/projects/x/databases/(default)",
        "ce-type": "google.cloud.firestore.document.v1.written",
        "Content-Type": "application/protobuf",
    }
    with instance({**production(store), "K_SERVICE": "item_written"}, "item_written", "cloudevent") as process:
        assert process.first_answer(content=b"\xff", headers=event).status_code == 500
    crash = only(entries(process), "Exception on")
    assert crash["severity"] == "ERROR"
    assert "Traceback" in crash["stack_trace"]


def test_job_logs_a_refusal_as_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "catalog_jobs", "index", "publish", "none", "--store", str(tmp_path)]
    environment = {**os.environ, "CLOUD_RUN_JOB": "catalog-refresh", "CLOUD_RUN_EXECUTION": "catalog-refresh-x1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    refusal = json.loads(line)
    assert refusal["severity"] == "ERROR"
    assert refusal["serviceContext"] == {"service": "catalog-refresh", "version": "catalog-refresh-x1"}
