"""A person's opinions of catalog items."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from closetspace.errors import ResourceExhausted

MAX_OPINIONS = 1_000
"""Opinions of one person: five a day for half a year, in a document of at most 0.3 MB that every request reads."""


class OpinionKind(StrEnum):
    """What a person thinks of a catalog item."""

    LIKE = "like"
    DISMISS = "dismiss"
    OWN = "own"


@dataclass(frozen=True)
class Opinion:
    """An opinion of an item. ``product`` is the product's key, by which its variants are found after it is removed."""

    kind: OpinionKind
    product: int


def with_opinion(opinions: Mapping[str, Opinion], item_id: str, opinion: Opinion | None) -> Mapping[str, Opinion]:
    """Return the opinions by item id, with a new one of an item; None removes the item's opinion.

    Returns the same object if nothing changes, so that the caller can skip the write. Raises `ResourceExhausted` if
    the person already has `MAX_OPINIONS` of other items.
    """
    if opinions.get(item_id) == opinion:
        return opinions
    if opinion is None:
        return {other: kept for other, kept in opinions.items() if other != item_id}
    if item_id not in opinions and len(opinions) >= MAX_OPINIONS:
        raise ResourceExhausted(
            f"You have given feedback on {MAX_OPINIONS:,} items, which is the limit. Clear some of it first."
        )
    return {**opinions, item_id: opinion}
