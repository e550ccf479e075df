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

MALFORMED = f'Send {{"data": …}} as JSON in UTF-8, of at most {MAX_BODY_BYTES:,} bytes.'


def refuse_malformed(function: Callable[[Any], Any]) -> Callable[[Request], Any]:
    """Wrap a callable of the SDK, which answers ``INTERNAL`` to a body that Python can't read.

    Such bodies are larger than `MAX_BODY_BYTES`, no JSON, no object, nested too deeply, or hold an integer of thousands
    of digits. The SDK itself refuses other methods and content types.
    """

    @cross_origin(methods="POST", origins="*")
    @wraps(function)
    def checked(request: Request) -> Any:
        if request.method == "POST" and request.is_json and not _is_readable(request):
            error = {"status": FunctionsErrorCode.INVALID_ARGUMENT.name, "message": MALFORMED}
            return jsonify(error=error), HTTPStatus.BAD_REQUEST
        return function(request)

    return checked


def _is_readable(request: Request) -> bool:
    # Imported here, because triggers never need pydantic.
    from pydantic_core import from_json

    request.max_content_length = MAX_BODY_BYTES
    try:
        # Unlike Python's parser it has a fixed limit of depth, far below the one at which the SDK fails.
        from_json(request.get_data())
        body = request.get_json()
        return isinstance(body, dict) and "data" in body
    except RequestEntityTooLarge:
        # functions-framework reads what is left of a body after the answer, and fails if it is too large.
        request.stream = BytesIO()
        return False
    except (ValueError, HTTPException):
        return False
