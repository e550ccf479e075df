"""Retries with exponential back-off."""

import math
from collections.abc import Callable
from typing import TypeVar

from closetspace.errors import Transient

T = TypeVar("T")


def back_off(attempt: int, first: float, longest: float = math.inf) -> float:
    """Return the seconds to wait after a failed attempt, the first of which is 1: ``first``, doubled each time."""
    return min(first * 2.0 ** (attempt - 1), longest)


def retry(
    work: Callable[[], T],
    *,
    attempts: int,
    first_pause: float,
    sleep: Callable[[float], None],
    on: type[Exception] = Transient,
) -> T:
    """Return the result of ``work``; repeat it after a back-off while it raises ``on``, ``attempts`` times in all."""
    for attempt in range(1, attempts):
        try:
            return work()
        except on:
            sleep(back_off(attempt, first_pause))
    return work()
