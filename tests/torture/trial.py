"""What a trial gets, and what it reports: rows of the table and the costs of single inputs."""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support.journey import Journey


@dataclass(frozen=True)
class Verdict:
    """What was tried, and what went wrong, by subject.

    ``lost`` is what should be there, or be allowed, and is not. ``leaked`` is what should be gone, or be refused, and
    is not. A subject is an item, a call or a right.
    """

    tried: int
    lost: Mapping[str, str] = field(default_factory=dict)
    leaked: Mapping[str, str] = field(default_factory=dict)

    @property
    def held(self) -> int:
        """The number of subjects with which nothing is wrong."""
        return max(0, self.tried - len(self.lost.keys() | self.leaked.keys()))

    @property
    def holds(self) -> bool:
        """Whether nothing was lost and nothing leaked."""
        return not self.lost and not self.leaked

    def with_loss(self, subject: str, why: str) -> "Verdict":
        """Return this verdict with one more loss."""
        return replace(self, lost={**self.lost, subject: why})


@dataclass(frozen=True)
class Row:
    """A line of the table; ``seconds`` is how long the trial took."""

    what: str
    verdict: Verdict
    seconds: float


@dataclass(frozen=True)
class Cost:
    """What one input took: wall time, CPU time and the peak memory of the process that handled it, as far as known."""

    input: str
    milliseconds: float
    cpu_seconds: float | None = None
    megabytes: float | None = None


@dataclass
class Context:
    """The stack under attack, the seed of all randomness, and the time that a trial without an end may take."""

    journey: Journey
    seed: int
    seconds: float
    say: Callable[[str], None]
    cases: Path | None = None
    costs: list[Cost] = field(default_factory=list)

    def random(self, name: str) -> random.Random:
        """Return the randomness of one part of a trial: the same for the same seed."""
        return random.Random(f"{self.seed} {name}")


Trial = Callable[[Context], Iterator[Row]]


class Timer:
    """Makes rows that have the seconds since the row before."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def row(self, what: str, verdict: Verdict) -> Row:
        """Return a row with the seconds since the timer, or its last row, was made."""
        now = time.monotonic()
        seconds, self._began = now - self._began, now
        return Row(what, verdict, seconds)
