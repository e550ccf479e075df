"""The reads and the write of every request, sent to Firestore without the client's layers.

The client wraps each value of a document before it unpacks it, and copies all of them when it hands them out: a closet
of 50 items takes it 3 ms of processor time. Here the same requests go through the same connection, and the protocol
buffers are packed and unpacked as they are, each value when it is needed: a closet that has not changed since the last
request is not unpacked. The client has no public way to its connection.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, TypeVar

from google.cloud import firestore
from google.cloud.firestore_v1 import types

from closetspace.adapters.firestore.queries import COUNT_SECONDS, retried
from closetspace.adapters.firestore.transactions import translated_errors

V = TypeVar("V")


class LazyMap(Mapping[str, V]):
    """A map with other values, which ``convert(key, value)`` makes each time that they are looked up."""

    def __init__(self, source: Mapping[str, Any], convert: Callable[[str, Any], V]) -> None:
        self._source, self._convert = source, convert

    def __getitem__(self, key: str) -> V:
        # A map of protocol buffers adds a value for a key that it lacks.
        if key not in self._source:
            raise KeyError(key)
        return self._convert(key, self._source[key])

    def __contains__(self, key: object) -> bool:
        return key in self._source

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __len__(self) -> int:
        return len(self._source)


@dataclass(frozen=True)
class PlainDocument:
    """The fields of a document as of ``read_time``; None and no ``update_time`` if it does not exist."""

    fields: Mapping[str, Any] | None
    update_time: datetime | None
    read_time: datetime


def read_plain(
    client: firestore.Client,
    references: Sequence[Any],
    fields: Sequence[str],
    *,
    convert: Callable[[PlainDocument], Any] = lambda document: document,
    read_time: datetime | None = None,
) -> dict[Any, Any]:
    """Return documents with these fields by reference, all as of one moment, including those that don't exist.

    With ``convert``, return what it makes of each document on arrival, so that only one is in memory at a time. Raises
    `Transient` like `closetspace.adapters.firestore.queries.paged`.
    """
    names = {_name(client, reference.path): reference for reference in references}
    request = types.BatchGetDocumentsRequest.wrap(
        types.BatchGetDocumentsRequest.pb()(
            database=client._database_string, documents=list(names), mask={"field_paths": fields}, read_time=read_time
        )
    )

    def read() -> dict[Any, Any]:
        answers = client._firestore_api.batch_get_documents(request=request, metadata=client._rpc_metadata, retry=None)
        found = (_document(types.BatchGetDocumentsResponse.pb(answer)) for answer in answers)
        return {names[name]: convert(document) for name, document in found}

    return retried(read)


def count_plain(
    client: firestore.Client, collection: str, where: Mapping[str, str | Sequence[str]], limit: int | None = None
) -> int:
    """Return how many documents of a collection have these texts in fields, or any of several; at most ``limit``.

    Raises `Transient` like `closetspace.adapters.firestore.queries.paged`.
    """
    query = {
        "from_": [{"collection_id": collection}],
        "where": {"composite_filter": {"op": "AND", "filters": [_condition(*each) for each in where.items()]}},
        "limit": limit and {"value": limit},
    }
    request = types.RunAggregationQueryRequest.wrap(
        types.RunAggregationQueryRequest.pb()(
            parent=_name(client),
            structured_aggregation_query={"structured_query": query, "aggregations": [{"alias": "all", "count": {}}]},
        )
    )

    def read() -> int:
        [answer] = client._firestore_api.run_aggregation_query(
            request=request, metadata=client._rpc_metadata, retry=None, timeout=COUNT_SECONDS
        )
        return int(types.RunAggregationQueryResponse.pb(answer).result.aggregate_fields["all"].integer_value)

    return retried(read)


def set_plain(client: firestore.Client, reference: Any, fields: Mapping[str, str | bytes], timestamp: str) -> None:
    """Replace a document by these fields and one named ``timestamp``, which Firestore sets to the time of the write.

    Raises `Transient` if Firestore can't be reached.
    """
    values = {
        name: {"bytes_value" if isinstance(value, bytes) else "string_value": value} for name, value in fields.items()
    }
    write = {
        "update": {"name": _name(client, reference.path), "fields": values},
        "update_transforms": [{"field_path": timestamp, "set_to_server_value": "REQUEST_TIME"}],
    }
    request = types.CommitRequest.wrap(types.CommitRequest.pb()(database=client._database_string, writes=[write]))
    with translated_errors():
        client._firestore_api.commit(request=request, metadata=client._rpc_metadata)


def _condition(field: str, value: str | Sequence[str]) -> dict[str, Any]:
    one_of = {"array_value": {"values": [{"string_value": each} for each in value]}}
    operator, operand = ("EQUAL", {"string_value": value}) if isinstance(value, str) else ("IN", one_of)
    return {"field_filter": {"field": {"field_path": field}, "op": operator, "value": operand}}


def _name(client: firestore.Client, *path: str) -> str:
    return "/".join((client._database_string, "documents", *path))


def _document(answer: Any) -> tuple[str, PlainDocument]:
    read_time = _moment(answer.read_time)
    if not answer.HasField("found"):
        return answer.missing, PlainDocument(None, None, read_time)
    found = answer.found
    return found.name, PlainDocument(_plain_map(found.fields), _moment(found.update_time), read_time)


def _moment(time: Any) -> datetime:
    moment: datetime = time.ToDatetime(UTC)
    return moment


def _plain_map(fields: Any) -> LazyMap[Any]:
    return LazyMap(fields, lambda _, value: _plain(value))


def _plain(value: Any) -> Any:
    """Return a value; None for the kinds that no document of ours has: references, places and unknown ones."""
    read = _KINDS.get(value.WhichOneof("value_type"))
    return read(value) if read else None


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "bytes_value": attrgetter("bytes_value"),
    "string_value": attrgetter("string_value"),
    "integer_value": attrgetter("integer_value"),
    "double_value": attrgetter("double_value"),
    "boolean_value": attrgetter("boolean_value"),
    "timestamp_value": lambda value: _moment(value.timestamp_value),
    "map_value": lambda value: _plain_map(value.map_value.fields),
    "array_value": lambda value: [_plain(each) for each in value.array_value.values],
}
