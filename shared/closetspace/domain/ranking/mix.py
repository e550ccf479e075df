"""The share of each category in a list: from the closet's own mix to what the closet lacks."""

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """The role of a garment in an outfit."""

    TOP = "top"
    BOTTOM = "bottom"
    WHOLE = "top and bottom in one"
    SHOES = "shoes"
    EXTRA = "extra"


ROLES: Mapping[str, Role] = {
    "topwear": Role.TOP,
    "bottomwear": Role.BOTTOM,
    "dress": Role.WHOLE,
    "apparel set": Role.WHOLE,
    "saree": Role.WHOLE,
    "shoes": Role.SHOES,
    "sandal": Role.SHOES,
    "flip flops": Role.SHOES,
}
"""Roles by category in lower case. Other categories are extras, which no outfit needs."""

NOT_WORN = frozenset(
    {"accessories", "fragrance", "free gifts", "makeup", "shoe accessories", "skin care"}
    | {"sports equipment", "umbrellas"}
)
"""Categories of things that are not worn, in lower case: laces, perfume, gift sets (the products that taught the
encoder "Accessories"). They are recommended only if a request names the category."""

BALANCE: Mapping[Role, float] = {Role.TOP: 0.4, Role.BOTTOM: 0.25, Role.SHOES: 0.2, Role.EXTRA: 0.15}
"""Shares of a complete closet: about five tops to three bottoms and two or three pairs of shoes."""

MIN_POWER, MAX_POWER = 0.5, 5.5
"""Powers of ``mix`` that give the share of lacking roles: in a closet of one role, and in one of many roles."""


def role_of(category: str) -> Role:
    """Return a category's role in an outfit."""
    return ROLES.get(category.casefold(), Role.EXTRA)


def category_shares(
    owned: Mapping[str, int], offered: Collection[str], requested: Collection[str] | None, mix: float
) -> dict[str, float]:
    """Return each category's share of the list, in the order of their names; the shares sum to one.

    Only ``offered`` categories have a share: those ``requested``, or without a request all but `NOT_WORN`.

    At ``mix`` 0 the shares are the closet's own, at 1 the lacking roles get everything. In between, the change comes
    sooner the more one role dominates: ten tops and nothing else soon call for bottoms and shoes, a closet that only
    lacks a dress does not call for one. If the person owns nothing of the requested categories, the lacking ones come
    first; if none is lacking, all share alike.
    """
    worn = {category for category in offered if category.casefold() not in NOT_WORN}
    categories = sorted(worn if requested is None else set(offered) & set(requested))
    own = _normal({category: float(owned.get(category, 0)) for category in categories})
    lacking = _lacking(owned, categories)
    if not own:
        own, lacking = lacking or _normal(dict.fromkeys(categories, 1.0)), {}
    largest = max(_role_shares(owned).values(), default=0.0)
    part = mix ** (MIN_POWER + (MAX_POWER - MIN_POWER) * (1 - largest)) if lacking else 0.0
    shares = {c: (1 - part) * own.get(c, 0.0) + part * lacking.get(c, 0.0) for c in categories}
    return {category: share for category, share in shares.items() if share}


def _lacking(owned: Mapping[str, int], categories: Collection[str]) -> dict[str, float]:
    """Return the shares of the categories of lacking roles; within a role as owned, or alike if none is owned."""
    shares = _role_shares(owned)
    lacking: dict[str, float] = {}
    for role in (Role.TOP, Role.BOTTOM, Role.SHOES):
        of_role = [category for category in categories if role_of(category) is role]
        known = _normal({c: float(owned.get(c, 0)) for c in of_role}) or _normal(dict.fromkeys(of_role, 1.0))
        short = max(0.0, BALANCE[role] - shares.get(role, 0.0))
        lacking |= {category: short * share for category, share in known.items()}
    return _normal(lacking)


def _role_shares(owned: Mapping[str, int]) -> dict[Role, float]:
    """Return the share of each role; a garment that is top and bottom in one counts half for each."""
    shares: dict[Role, float] = {}
    total = sum(owned.values()) or 1
    for category, count in owned.items():
        role = role_of(category)
        for part in (Role.TOP, Role.BOTTOM) if role is Role.WHOLE else (role,):
            shares[part] = shares.get(part, 0.0) + count / total / (2 if role is Role.WHOLE else 1)
    return shares


def _normal(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items() if weight} if total else {}
