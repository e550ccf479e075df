"""A person's preferences for all their lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_NAMES = 100
MAX_NAME_LENGTH = 100
"""Limits of one preference: names, and characters in a name. The rules of ``preferences`` have the same limits."""


@dataclass(frozen=True)
class Preferences:
    """What a person has set for all their lists; None is not set. Numbers are from 0 to 1."""

    gender: str | None = None
    usage: frozenset[str] | None = None
    colours: frozenset[str] | None = None
    brands_out: frozenset[str] | None = None
    explore: float | None = None
    serendipity: float | None = None
    mix: float | None = None


def parse_preferences(document: Mapping[str, Any] | None) -> Preferences:
    """Parse a client's document; a field that is empty, out of range or of the wrong type counts as not set."""
    fields = document or {}
    return Preferences(
        gender=_name(fields.get("gender")),
        usage=_names(fields.get("usage")),
        colours=_names(fields.get("colours")),
        brands_out=_names(fields.get("brands_out")),
        explore=_share(fields.get("explore")),
        serendipity=_share(fields.get("serendipity")),
        mix=_share(fields.get("mix")),
    )


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() and len(value) <= MAX_NAME_LENGTH else None


def _names(value: object) -> frozenset[str] | None:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_NAMES:
        return None
    names = [name for each in value if (name := _name(each)) is not None]
    return frozenset(names) if len(names) == len(value) else None


def _share(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value <= 1 else None
