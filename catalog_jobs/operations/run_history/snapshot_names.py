"""Which snapshot of a store somebody means. Pure."""

from collections.abc import Sequence
from difflib import get_close_matches

from closetspace.errors import FailedPrecondition, InvalidInput, NotFound

LAST, PREVIOUS = "last", "previous"

_MOST_NAMED = 5  # snapshots in a message


def resolve(wanted: str, names: Sequence[str]) -> str:
    """The one of ``names``, the oldest first, that is meant: by its name, a beginning that no other has, ``last`` or
    ``previous``.

    Raises `FailedPrecondition` where there is none yet, `NotFound` or `InvalidInput` with names to choose from.
    """
    if not names:
        raise FailedPrecondition("No snapshot is here yet: run `closetspace catalog refresh` first.")
    if wanted in (LAST, PREVIOUS):
        return _by_age(wanted, names)
    found = [wanted] if wanted in names else [name for name in names if name.startswith(wanted)]
    if not found:
        near = get_close_matches(wanted, names, n=_MOST_NAMED, cutoff=0.5) or names[::-1]
        raise NotFound("snapshot_not_found", f"There is no snapshot {wanted} here. There are {_named(near)}.")
    if len(found) > 1:
        raise InvalidInput("snapshot_ambiguous", f"{wanted} begins several names: {_named(found)}. Give more of it.")
    return found[0]


def _by_age(wanted: str, names: Sequence[str]) -> str:
    if wanted == LAST:
        return names[-1]
    if len(names) == 1:
        raise FailedPrecondition(f"{names[0]} is the only snapshot here: there is none before it.")
    return names[-2]


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
