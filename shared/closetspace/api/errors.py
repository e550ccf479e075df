"""Errors as the codes of the callable protocol."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from firebase_functions.https_fn import FunctionsErrorCode, HttpsError

from closetspace.errors import (
    ClosetspaceError,
    FailedPrecondition,
    InvalidInput,
    ResourceExhausted,
)

log = logging.getLogger(__name__)


@contextmanager
def translate_errors(unavailable: str) -> Iterator[None]:
    """Raise our errors as `HttpsError`.

    Errors of the caller and limits keep their message. All other errors of ours are faults inside: they are logged,
    and the caller gets ``UNAVAILABLE`` with the message ``unavailable``.
    """
    try:
        yield
    except InvalidInput as exc:
        details = {"field": exc.field} if exc.field else None
        raise HttpsError(FunctionsErrorCode.INVALID_ARGUMENT, exc.message, details) from exc
    except FailedPrecondition as exc:
        reason = {"reason": exc.reason, **exc.details} if exc.reason else None
        raise HttpsError(FunctionsErrorCode.FAILED_PRECONDITION, str(exc), reason) from exc
    except ResourceExhausted as exc:
        raise HttpsError(FunctionsErrorCode.RESOURCE_EXHAUSTED, str(exc)) from exc
    except ClosetspaceError as exc:
        log.exception("a callable failed")
        raise HttpsError(FunctionsErrorCode.UNAVAILABLE, unavailable) from exc
