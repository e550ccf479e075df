"""Running until somebody says stop."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(BaseException):
    """Ctrl-C, or a request to terminate; not an `Exception`, so that only what cleans up sees it."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into `Interrupted` and end the block by it, quietly.

    Further ones are ignored, so that an impatient second Ctrl-C can't cut the clean-up short.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, signal.SIG_IGN)
        raise Interrupted

    before = {kind: signal.signal(kind, interrupt) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Interrupted:
        return
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)


def wait_for_interrupt() -> None:
    """Sleep until `interruptible` ends it."""
    threading.Event().wait()
