"""Retries with exponential back-off."""

import pytest

from closetspace.domain.retry import back_off, retry
from closetspace.errors import InvalidInput, Transient


class Work:
    """Work that raises ``errors`` before it succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self._errors:
            raise self._errors.pop(0)
        return "done"


def test_retry_waits_twice_as_long_after_each_attempt() -> None:
    pauses: list[float] = []
    work = Work(Transient("busy"), Transient("busy"))
    assert retry(work, attempts=4, first_pause=0.5, sleep=pauses.append) == "done"
    assert (work.calls, pauses) == (3, [0.5, 1.0])


def test_retry_raises_the_error_of_the_last_attempt() -> None:
    pauses: list[float] = []
    work = Work(*[Transient(f"attempt {number}") for number in range(1, 5)])
    with pytest.raises(Transient, match="attempt 3"):
        retry(work, attempts=3, first_pause=1.0, sleep=pauses.append)
    assert (work.calls, pauses) == (3, [1.0, 2.0])


def test_retry_does_not_repeat_other_errors() -> None:
    work = Work(InvalidInput("code", "wrong"))
    with pytest.raises(InvalidInput):
        retry(work, attempts=3, first_pause=1.0, sleep=lambda _: None)
    assert work.calls == 1


def test_back_off_has_a_longest_wait() -> None:
    assert [back_off(attempt, 2.0, longest=5.0) for attempt in (1, 2, 3)] == [2.0, 4.0, 5.0]
