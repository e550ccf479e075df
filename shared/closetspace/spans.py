"""Stages of a request, for a tracer; without one a stage costs nothing (`closetspace.adapters.tracing`)."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

StartSpan = Callable[[str], AbstractContextManager[object]]

_NOTHING: AbstractContextManager[object] = nullcontext()


def _start_nothing(_: str) -> AbstractContextManager[object]:
    return _NOTHING


_start: StartSpan = _start_nothing


def span(name: str) -> AbstractContextManager[object]:
    """Return a block that is one stage, within the stage whose block is open."""
    return _start(name)


def install_tracer(start: StartSpan | None) -> None:
    """Begin each stage of this process by a call of ``start``; None ends that."""
    global _start
    _start = start or _start_nothing
