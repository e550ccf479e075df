"""Returns for whom and when a schema.org offer, or a price in it, is valid."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from catalog_jobs.sources.parsers.moments import read_moment
from catalog_jobs.sources.parsers.values import as_list, term_of, text_of

Node = Mapping[str, Any]

_CONDITIONS = ("validForMemberTier", "eligibleTransactionVolume", "billingDuration", "billingIncrement")
_CHARGES = frozenset(("deliverychargespecification", "paymentchargespecification"))
_PIECES = frozenset(("", "c62", "ea", "h87", "nmp", "pce", "pr", "npr", "set", "piece", "item", "pair", "unit"))


def is_conditional(node: Node) -> bool:
    """Return whether a price is not for everyone who buys one piece: for members, for a quantity, or in instalments."""
    return (
        any(node.get(name) for name in _CONDITIONS)
        or term_of(node.get("@type")) in _CHARGES
        or (_quantity(node.get("eligibleQuantity")) or 1) > 1
        or (bool(node.get("eligibleCustomerType")) and term_of(node["eligibleCustomerType"]) != "enduser")
        or not all(_is_one_piece(entry) for entry in as_list(node.get("referenceQuantity")))
    )


def is_current(node: Node, now: datetime | None) -> bool:
    """Return whether an offer or a price is valid now, as far as it says."""
    if now is None:
        return True
    starts = (read_moment(text_of(node.get(name))) for name in ("validFrom", "availabilityStarts"))
    ends = (read_moment(text_of(node.get(name)), is_end=True) for name in ("priceValidUntil", "validThrough"))
    return not any(start and start > now for start in starts) and not any(end and end < now for end in ends)


def _is_one_piece(reference: Any) -> bool:
    if not isinstance(reference, dict):
        return not reference
    unit = term_of(reference.get("unitCode") or reference.get("unitText"))
    return (_quantity(reference) or 1) == 1 and unit in _PIECES


def _quantity(value: Any) -> float | None:
    """Return the number in a quantity, or the least of a range."""
    value = next(iter(as_list(value)), None)
    if isinstance(value, dict):
        value = value.get("minValue") or value.get("value")
    text = text_of(value)
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text) else None
