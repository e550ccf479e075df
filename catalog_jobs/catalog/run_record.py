"""What is kept of every run: what it found, what it decided and why."""

from collections.abc import Iterable

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

READING = "reading of"
"""Prefix of guards on whether a source was read to its end."""


class GuardResult(BaseModel):
    """One check before publishing: ``value`` against ``bound``, in the guard's own unit; ``detail`` says what of."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    value: float | None
    bound: float | None
    detail: str = ""


def format_failures(guards: Iterable[GuardResult]) -> str:
    """Describe failing guards in one sentence: each one's value, bound and detail."""
    return "; ".join(_sentence(guard) for guard in guards)


def _sentence(guard: GuardResult) -> str:
    if guard.name.startswith(READING):
        return f"{guard.name}: {guard.detail}"
    return f"{guard.name} is {guard.value}, the bound is {guard.bound}" + (f" ({guard.detail})" if guard.detail else "")


class Report(BaseModel):
    """What ``closetspace catalog refresh --json`` ends with.

    The first six count the items of the sources that were read, each once: new ones, those whose picture changed,
    else whose text did, else whose price or stock did, those that the sources no longer have, and all others.
    ``embedded`` counts the vectors that were made (in a dry run: that would be), ``failed`` the items without one.
    """

    model_config = ConfigDict(frozen=True)

    new: int = 0
    changed_picture: int = 0
    changed_text: int = 0
    changed_price: int = 0
    gone: int = 0
    unchanged: int = 0
    embedded: int = 0
    failed: int = 0
    guards: tuple[GuardResult, ...] = ()
    published: bool = False
    version: str | None = None
    seconds: float = 0.0

    @property
    def changed(self) -> int:
        """How many items are not as they were."""
        return self.new + self.changed_picture + self.changed_text + self.changed_price + self.gone


class RunRecord(BaseModel):
    """A run from start to end; ``finished`` is None while it goes on, or when it was killed.

    ``version`` in ``report`` is the index in use after the run, ``items`` how many the one has that was built.
    ``stopped`` are the sources whose update was left out and why, ``left_out`` is what of each source could not be used
    by reason, ``failed`` why items have no vector, a hundred of them at most, and ``error`` why the run ended without
    publishing, empty when it did publish, and ``refused`` whether that was a guard's doing.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    started: AwareDatetime
    finished: AwareDatetime | None = None
    sources: tuple[str, ...] = ()
    tasks: int = 1
    dry_run: bool = False
    base_snapshot: str | None = None
    snapshot: str | None = None
    version_before: str | None = None
    items: int = 0
    left: int = 0
    stopped: dict[str, str] = Field(default_factory=dict)
    left_out: dict[str, dict[str, int]] = Field(default_factory=dict)
    failed: dict[str, str] = Field(default_factory=dict)
    report: Report = Report()
    refused: bool = False
    error: str = ""
