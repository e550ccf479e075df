"""What was inferred about a person, in words and shares."""

from collections.abc import Sequence
from typing import Any

from closetspace.domain.encoder.attributes import Heads
from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.taste.membership import LabelMembership
from closetspace.domain.taste.taste import Taste

DIGITS = 3
"""Decimals of shares."""


def explain_taste(taste: Taste | None, heads: Heads | None) -> dict[str, Any]:
    """Return a taste as plain values: each attribute's labels, with their shares of the items and the certainty that
    the person wears them, the largest first.

    ``heads`` are the labels of the taste's encoder; without them, only categories have names.
    """
    if taste is None or not taste.count:
        return {"items": 0}
    mix = [{"label": name, "share": _share(number / taste.count)} for name, number in taste.mix.items()]
    known = {head: names for head, names in (heads or {}).items() if head in taste.memberships}
    labels = {head: _labels(taste.memberships[head], names) for head, names in known.items()}
    return {"encoder": taste.encoder, "items": taste.count, CATEGORY: _largest_first(mix), **labels}


def _labels(membership: LabelMembership, names: Sequence[str]) -> list[dict[str, Any]]:
    numbers = zip(names, membership.share, membership.member, strict=True)
    return _largest_first(
        [{"label": name, "share": _share(share), "certainty": _share(member)} for name, share, member in numbers]
    )


def _largest_first(labels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(labels, key=lambda label: -label["share"])


def _share(value: float) -> float:
    return round(float(value), DIGITS)
