"""How many requests a process of the functions works on at once, started as production starts it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.events.cloud.firestore import Document, DocumentEventData

from closetspace_infra.local.functions import instance
from tests.support.indexes import NOW
from tests.support.tokens import unsigned_token
from tests.support.waiting import HANG_SECONDS

PROJECT = "demo-closetspace"
CLOSET = f"projects/{PROJECT}/databases/(default)/documents/closets/someone"
OPINION = {"data": {"itemId": "one", "kind": "like"}}
WRITTEN = {
    "ce-id": "1",
    "ce-specversion": "1.0",
    "ce-source": f"//firestore.googleapis.com/projects/{PROJECT}/databases/(default)",
    "ce-type": "google.cloud.firestore.document.v1.written",
    "ce-subject": "documents/closets/someone",
    "ce-time": "2026-01-01T00:00:00.000000Z",
    "ce-project": PROJECT,
    "ce-database": "(default)",
    "ce-namespace": "(default)",
    "ce-location": "us-central1",
    "ce-document": "closets/someone",
    "Content-Type": "application/protobuf",
}


def written_closet() -> bytes:
    """Return the event of a closet that was written."""
    data: bytes = DocumentEventData.serialize(DocumentEventData(value=Document(name=CLOSET, update_time=NOW)))
    return data


class SlowFirestore(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Keeps every read waiting until as many as are expected are in progress, and then refuses them."""

    def __init__(self, expected: int) -> None:
        self.saw_all = threading.Event()
        self.together = threading.Barrier(expected, action=self.saw_all.set)

    def service(self, call: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_stream_rpc_method_handler(self._read)

    def _read(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        self.together.wait(HANG_SECONDS)
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "refused")
        yield b""


@contextmanager
def served(firestore: SlowFirestore) -> Iterator[str]:
    """Serve it, and yield its address."""
    server = grpc.server(ThreadPoolExecutor(firestore.together.parties), handlers=[firestore])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        firestore.together.abort()
        server.stop(None).wait()


@pytest.mark.parametrize(
    ("function", "concurrency", "signature", "request_"),
    [
        ("feedback", 40, "http", {"json": OPINION, "headers": {"Authorization": f"Bearer {unsigned_token(PROJECT)}"}}),
        ("closet_written", 20, "cloudevent", {"content": written_closet(), "headers": WRITTEN}),
    ],
)
def test_process_works_on_as_many_requests_at_once_as_the_platform_sends_it(
    function: str, concurrency: int, signature: str, request_: dict[str, Any], tmp_path: Path
) -> None:
    firestore = SlowFirestore(concurrency)
    with served(firestore) as address, ThreadPoolExecutor(concurrency) as clients:
        environment = {
            "FIRESTORE_EMULATOR_HOST": address,
            "FIREBASE_AUTH_EMULATOR_HOST": "127.0.0.1:9",
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "INDEX_STORE": str(tmp_path),
            "PHOTO_BUCKET": f"{PROJECT}-photos",
        }
        with instance(environment, function, signature) as process:
            answers = list(clients.map(lambda _: process.first_answer(**request_), range(concurrency)))
    assert len(answers) == concurrency
    assert firestore.saw_all.is_set(), "all requests were in progress at the same time"
