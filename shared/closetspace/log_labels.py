"""What log lines have apart from their text: labels, by which an operator filters, and events, which metrics count."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

UID = "uid"
"""The label that holds a person's id. `closetspace.adapters.cloud_logging` replaces it by a hash."""

_ATTRIBUTE = "closetspace_log_labels"

_labels: ContextVar[dict[str, str] | None] = ContextVar("labels", default=None)


@contextmanager
def log_labels(**labels: str) -> Iterator[None]:
    """Add labels to every line that the block logs in this thread, and to the exception that ends it."""
    token = _labels.set({**current_labels(), **labels})
    try:
        yield
    except BaseException as exc:
        # The framework logs it after the block has ended. The innermost block has all labels.
        if not hasattr(exc, _ATTRIBUTE):
            setattr(exc, _ATTRIBUTE, current_labels())
        raise
    finally:
        _labels.reset(token)


def add_log_labels(**labels: str) -> None:
    """Add labels to the innermost open block, when they become known; do nothing outside of a block."""
    current = _labels.get()
    if current is not None:
        current.update(labels)


def current_labels() -> Mapping[str, str]:
    """Return the labels of the blocks that are open."""
    return _labels.get() or {}


def labels_of(error: BaseException | None) -> Mapping[str, str]:
    """Return the labels of the block that an exception ended."""
    return getattr(error, _ATTRIBUTE, {})


def event(name: str, **values: str | float) -> dict[str, Any]:
    """Return the argument ``extra`` of a line that metrics count: what happened, and its numbers.

    ``infra/terraform/metrics.tf`` names the events and values that it uses.
    """
    return {"fields": {"event": name, **values}}
