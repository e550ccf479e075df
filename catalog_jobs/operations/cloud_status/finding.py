"""One difference between what should be deployed and what is."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad it is: something does not work, or works otherwise than written."""

    BROKEN = "broken"
    DIFFERS = "differs"


@dataclass(frozen=True)
class Finding:
    """One difference: of which ``thing``, in ``what``, and what to do about it."""

    thing: str
    what: str
    expected: str
    found: str
    severity: Severity
    advice: str


def broken(thing: str, what: str, expected: object, found: object, advice: str) -> Finding:
    """Something that does not work."""
    return Finding(thing, what, word(expected), word(found), Severity.BROKEN, advice)


def differs(thing: str, what: str, expected: object, found: object, advice: str) -> Finding:
    """Something that works, but otherwise than written."""
    return Finding(thing, what, word(expected), word(found), Severity.DIFFERS, advice)


def word(value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value in (None, "") else str(value)
