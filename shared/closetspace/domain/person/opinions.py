"""What a person thinks of single items of the catalog."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from closetspace.errors import ResourceExhausted

MOST_OPINIONS = 1_000
"""A person's: half a year of five a day, and a document of at most 0.3 MB, which every request reads."""


class Kind(StrEnum):
    """What a person thinks of a catalog item."""

    LIKE = "like"
    DISMISS = "dismiss"
    OWN = "own"


@dataclass(frozen=True)
class Opinion:
    """``product`` is the key that all variants of the item share, so that its twins are known when it has left."""

    kind: Kind
    product: int


def with_opinion(opinions: Mapping[str, Opinion], item_id: str, opinion: Opinion | None) -> Mapping[str, Opinion]:
    """The opinions with this one in the place of an earlier one of the item; None removes it.

    Returns the same object where nothing changes, so that nothing need be written. Raises `ResourceExhausted` when
    there is no room for one more.
    """
    if opinions.get(item_id) == opinion:
        return opinions
    if opinion is None:
        return {other: kept for other, kept in opinions.items() if other != item_id}
    if item_id not in opinions and len(opinions) >= MOST_OPINIONS:
        raise ResourceExhausted(
            f"You have said of {MOST_OPINIONS:,} items what you think of them, and no more can be kept. Clear some of"
            " them first."
        )
    return {**opinions, item_id: opinion}
