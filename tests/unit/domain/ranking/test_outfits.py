"""What goes together, and how many outfits a garment makes possible."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from closetspace.domain.encoder.attributes import Heads, PackedAttributes, pack_attributes, row_length
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, USAGE
from closetspace.domain.ranking.mix import Role, role_of
from closetspace.domain.ranking.outfits import HUES, Compatibility, Garments, OutfitCounter

HEADS: Mapping[str, tuple[str, ...]] = {
    CATEGORY: ("Topwear", "Bottomwear", "Dress", "Shoes", "Sandal", "Belts"),
    COLOUR: ("Black", "Red", "Orange", "Pink", "Blue", "Teal", "Green", "Plaid"),
    GENDER: ("Men", "Women", "Unisex"),
    USAGE: ("Casual", "Sports", "Formal"),
}
COMPATIBILITY = Compatibility(HEADS)


class Look(NamedTuple):
    """What decides what a garment goes with; empty where nothing is told."""

    category: str
    colour: str = "Black"
    usage: str = "Casual"
    gender: str = "Men"


TOP, BOTTOM, DRESS, SHOES, SANDAL, BELT = (Look(category) for category in HEADS[CATEGORY])


def rows(looks: Sequence[Look], share: float = 1.0, heads: Heads = HEADS) -> PackedAttributes:
    told = [
        {head: {label: share} for head, label in zip(Look._fields[1:], look[1:], strict=True) if label}
        for look in looks
    ]
    return np.array([pack_attributes(one, heads) for one in told], np.uint8).reshape(len(looks), row_length(heads))


def garments(looks: Sequence[Look], share: float = 1.0) -> Garments:
    return COMPATIBILITY.garments([look.category for look in looks], rows(looks, share))


def unlocked(owned: Sequence[Look], offered: Sequence[Look]) -> list[int]:
    counts: list[int] = OutfitCounter(garments(owned), COMPATIBILITY).unlocked_by(garments(offered)).tolist()
    return counts


def together(one: Look, other: Look) -> bool:
    """The compatibility, as its documentation states it."""
    hues = [HUES[look.colour.lower()] for look in (one, other) if look.colour.lower() in HUES]
    apart = min((hues[0] - hues[1]) % 360, (hues[1] - hues[0]) % 360) if len(hues) == 2 else 0
    usages, genders = {one.usage, other.usage} - {""}, {one.gender, other.gender} - {""}
    return (
        (apart <= 30 or apart >= 150)
        and (len(usages) < 2 or usages == {"Casual", "Sports"})
        and (len(genders) < 2 or "Unisex" in genders)
    )


def by_brute_force(owned: Sequence[Look], new: Look) -> int:
    """Every combination, one by one."""
    if new in owned:
        return 0
    of_role = {role: [look for look in owned if role_of(look.category) is role] for role in Role}
    completed_by: dict[Role, list[tuple[Role, ...]]] = {
        Role.TOP: [(Role.BOTTOM, Role.SHOES)],
        Role.BOTTOM: [(Role.TOP, Role.SHOES)],
        Role.WHOLE: [(Role.SHOES,)],
        Role.SHOES: [(Role.TOP, Role.BOTTOM), (Role.WHOLE,)],
        Role.EXTRA: [(Role.TOP, Role.BOTTOM), (Role.WHOLE,)],
    }
    count = 0
    for roles in completed_by[role_of(new.category)]:
        there = [of_role[role] for role in roles if of_role[role]]
        if there:
            outfits = [(new, *others) for others in product(*there)]
            count += sum(all(together(*pair) for pair in combinations(outfit, 2)) for outfit in outfits)
    return count


@pytest.mark.parametrize(
    ("attribute", "one", "other", "go"),
    [
        (COLOUR, "Red", "Pink", True),
        (COLOUR, "Red", "Orange", True),
        (COLOUR, "Pink", "Orange", False),
        (COLOUR, "Red", "Green", False),
        (COLOUR, "Red", "Teal", True),
        (COLOUR, "Orange", "Teal", True),
        (COLOUR, "Black", "Red", True),
        (COLOUR, "Plaid", "Red", True),
        (USAGE, "Casual", "Sports", True),
        (USAGE, "Casual", "Formal", False),
        (GENDER, "Men", "Women", False),
        (GENDER, "Men", "Unisex", True),
    ],
)
def test_garments_go_together_by_colour_usage_and_gender(attribute: str, one: str, other: str, go: bool) -> None:
    some, others = (garments([TOP._replace(**{attribute: label})]) for label in (one, other))
    assert COMPATIBILITY.matrix(some, others).tolist() == COMPATIBILITY.matrix(others, some).tolist() == [[go]]


def test_all_three_have_to_go_together() -> None:
    red = SHOES._replace(colour="Red")
    others = [red._replace(colour="Green"), red._replace(usage="Formal"), red._replace(gender="Women")]
    assert not COMPATIBILITY.matrix(garments([TOP._replace(colour="Red")]), garments(others)).any()


@pytest.mark.parametrize(("share", "hinders"), [(0.0, False), (0.39, False), (0.41, True), (1.0, True)])
def test_what_the_heads_do_not_tell_hinders_nothing(share: float, hinders: bool) -> None:
    unsure = garments([Look("Topwear", "Red", "Formal", "Women")], share)
    assert COMPATIBILITY.matrix(unsure, garments([Look("Shoes", "Green")])).all() == (not hinders)


def test_garments_without_attributes_and_encoders_without_heads_hinder_nothing() -> None:
    nothing = COMPATIBILITY.garments(["Topwear", "Shoes"], np.zeros((2, 0), np.uint8))
    assert COMPATIBILITY.matrix(nothing, garments([TOP, SHOES])).all()
    plain = Compatibility({CATEGORY: HEADS[CATEGORY]})
    owned = plain.garments(["Bottomwear", "Shoes"], np.zeros((2, 0), np.uint8))
    assert OutfitCounter(owned, plain).unlocked_by(
        plain.garments(["Topwear"], np.zeros((1, 0), np.uint8))
    ).tolist() == [1]


def test_encoder_may_tell_of_colours_alone() -> None:
    heads = {CATEGORY: HEADS[CATEGORY], COLOUR: ("red", "GREEN")}
    compatibility = Compatibility(heads)
    red, green = (
        compatibility.garments(["Topwear"], rows([Look("Topwear", c, "", "")], heads=heads)) for c in ("red", "GREEN")
    )
    assert compatibility.matrix(red, red).all()
    assert not compatibility.matrix(red, green).any(), "labels are known in any case"


@pytest.mark.parametrize(
    ("owned", "offered", "count"),
    [
        ([], TOP, 0),
        ([BOTTOM, SHOES], TOP, 1),
        ([BOTTOM] * 3 + [SHOES] * 2, TOP, 6),
        ([BOTTOM] * 3, TOP, 3),
        ([BELT] * 3, TOP, 0),
        ([SHOES] * 2 + [BOTTOM] * 9, DRESS, 2),
        ([TOP, TOP, BOTTOM, DRESS], SHOES, 3),
        ([TOP, TOP, BOTTOM, DRESS, SHOES], BELT, 3),
        ([BOTTOM._replace(usage="Formal"), SHOES], TOP, 0),
        ([BOTTOM, SHOES._replace(usage="Formal")], TOP._replace(usage=""), 0),
    ],
)
def test_combinations_are_counted_as_by_hand(owned: list[Look], offered: Look, count: int) -> None:
    assert unlocked(owned, [offered]) == [count]


def test_look_that_is_owned_makes_nothing_newly_possible() -> None:
    assert unlocked([TOP, BOTTOM, SHOES], [TOP, TOP._replace(colour="Red")]) == [0, 1]


def test_same_look_in_another_category_of_the_role_does() -> None:
    assert unlocked([TOP, BOTTOM, SHOES], [SANDAL]) == [1]


looks = st.builds(
    Look,
    st.sampled_from(HEADS[CATEGORY]),
    st.sampled_from(("", *HEADS[COLOUR])),
    st.sampled_from(("", *HEADS[USAGE])),
    st.sampled_from(("", *HEADS[GENDER])),
)


@given(st.lists(looks, max_size=12), st.lists(looks, min_size=1, max_size=6))
def test_counts_are_those_of_trying_every_combination(owned: list[Look], offered: list[Look]) -> None:
    assert unlocked(owned, offered) == [by_brute_force(owned, new) for new in offered]


@given(st.lists(looks, max_size=12), looks, looks)
def test_another_item_of_a_role_that_is_there_takes_no_combination_away(
    owned: list[Look], more: Look, new: Look
) -> None:
    assume(more.category != new.category)
    known = [*owned, Look(more.category, "", "", "")]
    assert unlocked([*known, more], [new]) >= unlocked(known, [new])


def test_closet_of_five_thousand_is_counted_exactly() -> None:
    random = np.random.default_rng(2)
    labels = [HEADS[head] for head in Look._fields]
    some = [Look(*(str(random.choice(of_head)) for of_head in labels)) for _ in range(125)]
    owned, offered = [look for look in some[:30] if look.category != "Dress"][:20], some[30:]
    once, often = unlocked(owned, offered), unlocked(owned * 250, offered)
    assert often == [
        one * (250 if look.category == "Dress" else 250**2) for look, one in zip(offered, once, strict=True)
    ]
    assert max(often) > 100_000
