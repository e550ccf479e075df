"""Bodies of callable requests, through the SDK's own wrapper."""

from io import BytesIO
from typing import Any

import pytest
from firebase_functions import https_fn
from flask import Flask, request

from closetspace.api.bodies import MAX_BODY_BYTES, refuse_malformed


@refuse_malformed
@https_fn.on_call()
def echo(call: https_fn.CallableRequest[Any]) -> Any:
    return call.data


def post(body: bytes, content_type: str = "application/json", method: str = "POST") -> Any:
    with Flask("test").test_request_context(data=body, content_type=content_type, method=method) as context:
        return context.app.make_response(echo(request._get_current_object()))  # type: ignore[attr-defined]


MALFORMED = {
    "an integer of 5,000 digits": b'{"data": {"count": ' + b"1" * 5_000 + b"}}",
    "an array that is nested too deeply": b'{"data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "an array as deep as the SDK just reads": b'{"data": ' + b"[" * 960 + b"]" * 960 + b"}",
    "an object that is nested too deeply": b'{"data": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_000 + b"}",
    "an array that never ends": b"[" * 100_000,
    "too many bytes": b'{"data": "' + b"x" * MAX_BODY_BYTES + b'"}',
    "bytes that are not UTF-8": b'{"data": "\xff"}',
    "UTF-16": '{"data": 1}'.encode("utf-16"),
    "half a surrogate pair": b'{"data": "\\ud800"}',
    "nothing": b"",
    "text after the request": b'{"data": 1} x',
    "a number": b"5",
    "a list": b'["data"]',
    "a text": b'"data"',
    "null": b"null",
    "no data": b"{}",
    "other fields": b'{"data": 1, "more": 1}',
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_body_is_an_invalid_argument(body: bytes) -> None:
    response = post(body)
    assert (response.status_code, response.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert response.headers["Access-Control-Allow-Origin"] == "*", "browsers hide other answers from the page"


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_body_is_read_to_its_end_even_if_it_is_refused(content_type: str, method: str) -> None:
    """Else the server closes the connection, and a request that follows on it gets no answer."""
    body = BytesIO(b"x" * 2_000_000)
    with Flask("test").test_request_context(input_stream=body, content_type=content_type, method=method) as context:
        request.environ["CONTENT_LENGTH"] = "2000000"
        response = context.app.make_response(echo(request._get_current_object()))  # type: ignore[attr-defined]
    assert response.status_code == 400
    assert not body.read()


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/ld+json"])
def test_body_of_another_type_is_an_invalid_argument(content_type: str) -> None:
    response = post(b'{"data": 1}', content_type)
    assert (response.status_code, response.json["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods_are_invalid_arguments(method: str) -> None:
    assert post(b'{"data": 1}', method=method).status_code == 400


@pytest.mark.parametrize(
    ("body", "data"),
    [
        (b'{"data": null}', None),
        (b'{"data": {"count": 1, "count": 2}}', {"count": 2}),
        ('{"data": "ü 👕"}'.encode(), "ü 👕"),
        (b'{"data": "' + b"x" * (MAX_BODY_BYTES - 12) + b'"}', "x" * (MAX_BODY_BYTES - 12)),
    ],
)
def test_request_reaches_the_callable_unchanged(body: bytes, data: Any) -> None:
    response = post(body)
    assert (response.status_code, response.json) == (200, {"result": data})


def test_preflight_of_a_browser_is_answered() -> None:
    assert post(b"", method="OPTIONS").status_code == 200


def test_guarded_callable_is_deployed_like_others() -> None:
    assert echo.__firebase_endpoint__.callableTrigger is not None  # type: ignore[attr-defined]
    assert echo.__name__ == "echo"
