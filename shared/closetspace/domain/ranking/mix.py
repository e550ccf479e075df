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
    "shoes": Role.SHOES,
    "sandal": Role.SHOES,
    "flip flops": Role.SHOES,
}
"""By category, in lower case; what is not here is an extra, which no outfit lacks."""

NOT_WORN = frozenset(
    {"accessories", "fragrance", "free gifts", "makeup", "shoe accessories", "skin care"}
    | {"sports equipment", "umbrellas"}
)
"""Categories of things that nobody dresses in, in lower case: laces, perfume, gift sets (the products that the
encoder learnt "Accessories" from). They are offered only to those who ask for the category."""

BALANCE: Mapping[Role, float] = {Role.TOP: 0.4, Role.BOTTOM: 0.25, Role.SHOES: 0.2, Role.EXTRA: 0.15}
"""What a closet that lacks nothing is made of: about five tops to three bottoms and two or three pairs of shoes."""

SOONEST, LATEST = 0.5, 5.5
"""Powers of ``mix`` that the share for what is lacking grows by: in a closet of one role, and in one of very many."""


def role_of(category: str) -> Role:
    """A category's role in an outfit."""
    return ROLES.get(category.casefold(), Role.EXTRA)


def category_shares(
    owned: Mapping[str, int], offered: Collection[str], wanted: Collection[str] | None, mix: float
) -> dict[str, float]:
    """Each category's share of the answer, summing to one; only of those ``offered``, and ``wanted`` where it says.
    Without ``wanted``, what is `NOT_WORN` has no share.

    In the order of the categories' names.

    At ``mix`` 0 the shares are the closet's own, at 1 all goes to the roles that it is short of. In between they turn
    the sooner the more one role has of the closet: ten tops and nothing else soon call for bottoms and shoes, a closet
    that merely has no dress does not. Where nothing is owned of what is wanted, what the closet is short of goes
    first, and where it is short of nothing, all of it shares alike.
    """
    worn = {category for category in offered if category.casefold() not in NOT_WORN}
    open_to = sorted(worn if wanted is None else set(offered) & set(wanted))
    own = _normal({category: float(owned.get(category, 0)) for category in open_to})
    lacking = _lacking(owned, open_to)
    if not own:
        own, lacking = lacking or _normal(dict.fromkeys(open_to, 1.0)), {}
    largest = max(_role_shares(owned).values(), default=0.0)
    part = mix ** (SOONEST + (LATEST - SOONEST) * (1 - largest)) if lacking else 0.0
    shares = {c: (1 - part) * own.get(c, 0.0) + part * lacking.get(c, 0.0) for c in open_to}
    return {category: share for category, share in shares.items() if share}


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
