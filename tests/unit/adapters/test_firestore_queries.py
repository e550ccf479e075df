"""Reads from Firestore whose answers break off, with the real client on a scripted API."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from google.api_core import exceptions as google
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1 import types

from closetspace.adapters.firestore.direct import read_plain
from closetspace.adapters.firestore.queries import ATTEMPTS, PAGE, paged, read_all
from closetspace.errors import Transient

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = "projects/demo/databases/(default)/documents/things"


class BreakingApi:
    """Firestore with ``size`` documents, whose nth answer breaks off after ``breaks[n]`` documents."""

    def __init__(self, size: int, breaks: list[int], error: type[Exception]) -> None:
        self.names = [f"{ROOT}/{number:05}" for number in range(size)]
        self.breaks, self.error = breaks, error
        self.requests = 0
        # The gRPC stub, on which the client looks for its retry policy in vain.
        self._transport = SimpleNamespace(run_query=lambda: None)

    def run_query(self, request: dict[str, Any], **_: Any) -> Iterator[types.RunQueryResponse]:
        query = request["structured_query"]
        cursor = query.start_at.values[0].reference_value if query.start_at.values else ""
        names = [name for name in self.names if name > cursor][: query.limit]
        return self._answer([types.RunQueryResponse(document=_document(name), read_time=NOW) for name in names])

    def batch_get_documents(self, request: Any, **_: Any) -> Iterator[types.BatchGetDocumentsResponse]:
        names = types.BatchGetDocumentsRequest(request).documents
        return self._answer([types.BatchGetDocumentsResponse(found=_document(name), read_time=NOW) for name in names])

    def _answer(self, responses: list[Any]) -> Iterator[Any]:
        self.requests += 1
        if self.breaks:
            yield from responses[: self.breaks.pop(0)]
            raise self.error("the stream broke off")
        yield from responses


def _document(name: str) -> types.Document:
    return types.Document(name=name, create_time=NOW, update_time=NOW)


def client_of(api: BreakingApi) -> firestore.Client:
    client = firestore.Client(project="demo", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    client._firestore_api_internal = api
    return client


def ids(api: BreakingApi) -> list[str]:
    query = client_of(api).collection("things").order_by("__name__")
    return [snapshot.id for snapshot in paged(query, sleep=lambda _: None)]


def expected(size: int) -> list[str]:
    return [f"{number:05}" for number in range(size)]


@pytest.mark.parametrize("error", [google.ServiceUnavailable, google.InternalServerError])
def test_query_that_breaks_off_continues_after_the_last_document(error: type[Exception]) -> None:
    api = BreakingApi(2 * PAGE + 7, [120, 0, 100], error)
    assert ids(api) == expected(2 * PAGE + 7)
    assert api.requests == 6


def test_query_that_breaks_off_behind_its_last_document_repeats_none() -> None:
    assert ids(BreakingApi(5, [5], google.ServiceUnavailable)) == expected(5)


@pytest.mark.parametrize("size", [0, 1, PAGE, PAGE + 1])
def test_pages_yield_every_document_once(size: int) -> None:
    assert ids(BreakingApi(size, [], google.ServiceUnavailable)) == expected(size)


def test_query_that_keeps_breaking_off_raises_transient_with_its_cause() -> None:
    api = BreakingApi(5, [0] * ATTEMPTS, google.ServiceUnavailable)
    with pytest.raises(Transient, match="the stream broke off") as caught:
        ids(api)
    assert isinstance(caught.value.__cause__, google.ServiceUnavailable)
    assert api.requests == ATTEMPTS


def test_permanent_error_of_a_query_is_raised_at_once() -> None:
    api = BreakingApi(5, [2], google.FailedPrecondition)
    with pytest.raises(google.FailedPrecondition):
        ids(api)
    assert api.requests == 1


@pytest.mark.parametrize("read", [read_all, lambda client, references: read_plain(client, references, ["name"])])
def test_read_of_several_documents_that_breaks_off_is_repeated(read: Callable[..., dict[Any, Any]]) -> None:
    api = BreakingApi(3, [1], google.ServiceUnavailable)
    client = client_of(api)
    references = [client.document("things", name) for name in expected(3)]
    assert set(read(client, references)) == set(references)
    assert api.requests == 2
