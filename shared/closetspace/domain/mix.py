"""What share of an answer each category gets: from more like what is owned to what the closet lacks."""

from collections.abc import Collection, Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a garment is in an outfit."""

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
    "loungewear and nightwear": Role.EXTRA,
    "shoes": Role.SHOES,
    "sandal": Role.SHOES,
    "flip flops": Role.SHOES,
}
"""By category, in lower case; what is not here is an extra, which no outfit lacks."""

BALANCE: Mapping[Role, float] = {Role.TOP: 0.4, Role.BOTTOM: 0.25, Role.SHOES: 0.2, Role.EXTRA: 0.15}
"""What a closet that lacks nothing is made of: about five tops to three bottoms and two or three pairs of shoes."""

COMPLETING = 2.0
"""How fast an answer turns to what is lacking as a closet gets one-sided, at ``mix`` 1."""


def role_of(category: str) -> Role:
    """A category's role in an outfit."""
    return ROLES.get(category.casefold(), Role.EXTRA)


def category_shares(
    owned: Mapping[str, int], offered: Collection[str], wanted: Collection[str] | None, mix: float
) -> dict[str, float]:
    """Each category's share of the answer, summing to one; only of those ``offered``, and ``wanted`` where it says.

    At ``mix`` 0 the shares are the closet's own; towards 1 the roles that the closet is short of get a share that
    grows with how one-sided it is: ten tops and nothing else call for bottoms and shoes. Where nothing is owned of
    what is wanted, all of it shares alike.
    """
    open_to = sorted(set(offered) & set(wanted) if wanted is not None else set(offered))
    own = _normal({category: float(owned.get(category, 0)) for category in open_to})
    lacking = {} if wanted is not None else _lacking(owned, open_to)
    if not own:
        return lacking or _normal(dict.fromkeys(open_to, 1.0))
    part = min(1.0, COMPLETING * mix * one_sidedness(owned) ** 2) if lacking else 0.0
    shares = {c: (1 - part) * own.get(c, 0.0) + part * lacking.get(c, 0.0) for c in open_to}
    return {category: share for category, share in shares.items() if share}


def one_sidedness(owned: Mapping[str, int]) -> float:
    """By how much a closet's roles are off balance, 0 to 1."""
    shares = _role_shares(owned)
    return sum(max(0.0, shares.get(role, 0.0) - balanced) for role, balanced in BALANCE.items())


def _lacking(owned: Mapping[str, int], open_to: Collection[str]) -> dict[str, float]:
    """The categories of the roles that are short, each role by how much; what is owned of a role leads it."""
    shares = _role_shares(owned)
    lacking: dict[str, float] = {}
    for role in (Role.TOP, Role.BOTTOM, Role.SHOES):
        of_role = [category for category in open_to if role_of(category) is role]
        known = _normal({c: float(owned.get(c, 0)) for c in of_role}) or _normal(dict.fromkeys(of_role, 1.0))
        short = max(0.0, BALANCE[role] - shares.get(role, 0.0))
        lacking |= {category: short * share for category, share in known.items()}
    return _normal(lacking)


def _role_shares(owned: Mapping[str, int]) -> dict[Role, float]:
    """What goes on in one piece counts as half a top and half a bottom."""
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
