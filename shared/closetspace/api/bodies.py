"""Bodies of callable requests: whatever a caller sends that is not a request is answered with ``INVALID_ARGUMENT``."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from io import BytesIO
from typing import Any

from firebase_functions.https_fn import FunctionsErrorCode
from flask import Request, jsonify
from flask_cors import cross_origin
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

MAX_BODY_BYTES = 200_000
"""Bytes of a request. The largest one that is valid, with a hundred names in each of two lists, has 120 KB."""

MAX_DISCARDED_BYTES = 32 * 1024 * 1024
"""Bytes of a body without a stated length that are read to its end; Cloud Run takes no larger request."""

PIECE_BYTES = 65_536

MALFORMED = f'Send {{"data": …}} as JSON in UTF-8, of at most {MAX_BODY_BYTES:,} bytes.'


def refuse_malformed(function: Callable[[Any], Any]) -> Callable[[Request], Any]:
    """Wrap a callable of the SDK, which answers ``INTERNAL`` to a body that Python can't read.

    Such bodies are larger than `MAX_BODY_BYTES`, no JSON, no object, nested too deeply, or hold an integer of thousands
    of digits. The SDK itself refuses other methods and content types.
    """

    @wraps(function)
    def checked(request: Request) -> Any:
        is_complete = _read_body(request)
        if not is_complete or (request.method == "POST" and request.is_json and not _is_readable(request)):
            return _refused()
        return function(request)

    return checked


# The SDK adds these headers to its own answers.
@cross_origin(methods="POST", origins="*")
def _refused() -> Any:
    error = {"status": FunctionsErrorCode.INVALID_ARGUMENT.name, "message": MALFORMED}
    return jsonify(error=error), HTTPStatus.BAD_REQUEST


def _read_body(request: Request) -> bool:
    """Read a body, whatever its type; return False if it is too large or breaks off.

    gunicorn closes the connection behind a body that was not read, and other people's requests may follow on it.
    """
    request.max_content_length = MAX_BODY_BYTES
    try:
        request.get_data()
    except RequestEntityTooLarge:
        _discard_body(request)
        return False
    except HTTPException:
        return False
    return True


def _is_readable(request: Request) -> bool:
    # Imported here, because triggers never need pydantic.
    from pydantic_core import from_json

    try:
        # Unlike Python's parser it has a fixed limit of depth, far below the one at which the SDK fails.
        from_json(request.get_data())
        body = request.get_json()
        return isinstance(body, dict) and "data" in body
    except (ValueError, HTTPException):
        return False


def _discard_body(request: Request) -> None:
    """Read a body to its end, and keep nothing of it."""
    left = MAX_DISCARDED_BYTES if request.content_length is None else request.content_length
    while left > 0 and (piece := request.environ["wsgi.input"].read(min(left, PIECE_BYTES))):
        left -= len(piece)
    # functions-framework reads what is left of a body after the answer, and fails if it is too large.
    request.stream = BytesIO()
