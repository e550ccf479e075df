"""Compatibility of garments, and the number of outfits that a garment makes possible."""

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
    """The attributes that decide with what a garment is compatible; empty if unknown."""

    category: str
    colour: str = "Black"
    usage: str = "Casual"
    gender: str = "Men"


TOP, BOTTOM, DRESS, SHOES, SANDAL, BELT = (Look(category) for category in HEADS[CATEGORY])


def rows(looks: Sequence[Look], share: float = 1.0, heads: Heads = HEADS) -> PackedAttributes:
    shares = [
        {head: {label: share} for head, label in zip(Look._fields[1:], look[1:], strict=True) if label}
        for look in looks
    ]
    return np.array([pack_attributes(of_look, heads) for of_look in shares], np.uint8).reshape(
        len(looks), row_length(heads)
    )


def garments(looks: Sequence[Look], share: float = 1.0) -> Garments:
    return COMPATIBILITY.garments([look.category for look in looks], rows(looks, share))


def unlocked(owned: Sequence[Look], offered: Sequence[Look]) -> list[int]:
    counts: list[int] = OutfitCounter(garments(owned), COMPATIBILITY).unlocked_by(garments(offered)).tolist()
    return counts


def compatible(first: Look, second: Look) -> bool:
    """Return whether two looks are compatible, by the documented rules."""
    hues = [HUES[look.colour.lower()] for look in (first, second) if look.colour.lower() in HUES]
    angle = min((hues[0] - hues[1]) % 360, (hues[1] - hues[0]) % 360) if len(hues) == 2 else 0
    usages, genders = {first.usage, second.usage} - {""}, {first.gender, second.gender} - {""}
    return (
        (angle <= 30 or angle >= 150)
        and (len(usages) < 2 or usages == {"Casual", "Sports"})
        and (len(genders) < 2 or "Unisex" in genders)
    )


def count_by_brute_force(owned: Sequence[Look], new: Look) -> int:
    """Return the number of new outfits by trying every combination."""
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
        owned_of_roles = [of_role[role] for role in roles if of_role[role]]
        if owned_of_roles:
            outfits = [(new, *others) for others in product(*owned_of_roles)]
            count += sum(all(compatible(*pair) for pair in combinations(outfit, 2)) for outfit in outfits)
    return count


@pytest.mark.parametrize(
    ("attribute", "first", "second", "expected"),
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
def test_compatibility_depends_on_colour_usage_and_gender(
    attribute: str, first: str, second: str, expected: bool
) -> None:
    some, others = (garments([TOP._replace(**{attribute: label})]) for label in (first, second))
    assert COMPATIBILITY.matrix(some, others).tolist() == [[expected]]
    assert COMPATIBILITY.matrix(others, some).tolist() == [[expected]], "compatibility is symmetric"


def test_one_incompatible_attribute_makes_garments_incompatible() -> None:
    red = SHOES._replace(colour="Red")
    others = [red._replace(colour="Green"), red._replace(usage="Formal"), red._replace(gender="Women")]
    assert not COMPATIBILITY.matrix(garments([TOP._replace(colour="Red")]), garments(others)).any()


@pytest.mark.parametrize(("share", "excludes"), [(0.0, False), (0.39, False), (0.41, True), (1.0, True)])
def test_label_below_the_minimum_share_excludes_nothing(share: float, excludes: bool) -> None:
    uncertain = garments([Look("Topwear", "Red", "Formal", "Women")], share)
    assert COMPATIBILITY.matrix(uncertain, garments([Look("Shoes", "Green")])).all() == (not excludes)


def test_garments_without_attributes_are_compatible_with_everything() -> None:
    unknown = COMPATIBILITY.garments(["Topwear", "Shoes"], np.zeros((2, 0), np.uint8))
    assert COMPATIBILITY.matrix(unknown, garments([TOP, SHOES])).all()
    without_heads = Compatibility({CATEGORY: HEADS[CATEGORY]})
    owned = without_heads.garments(["Bottomwear", "Shoes"], np.zeros((2, 0), np.uint8))
    assert OutfitCounter(owned, without_heads).unlocked_by(
        without_heads.garments(["Topwear"], np.zeros((1, 0), np.uint8))
    ).tolist() == [1]


def test_colours_decide_for_an_encoder_without_other_heads() -> None:
    heads = {CATEGORY: HEADS[CATEGORY], COLOUR: ("red", "GREEN")}
    compatibility = Compatibility(heads)
    red, green = (
        compatibility.garments(["Topwear"], rows([Look("Topwear", c, "", "")], heads=heads)) for c in ("red", "GREEN")
    )
    assert compatibility.matrix(red, red).all()
    assert not compatibility.matrix(red, green).any(), "case does not matter"


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
def test_outfits_match_counts_by_hand(owned: list[Look], offered: Look, count: int) -> None:
    assert unlocked(owned, [offered]) == [count]


def test_owned_look_makes_no_outfit_possible() -> None:
    assert unlocked([TOP, BOTTOM, SHOES], [TOP, TOP._replace(colour="Red")]) == [0, 1]


def test_owned_look_in_another_category_of_its_role_makes_outfits_possible() -> None:
    assert unlocked([TOP, BOTTOM, SHOES], [SANDAL]) == [1]


looks = st.builds(
    Look,
    st.sampled_from(HEADS[CATEGORY]),
    st.sampled_from(("", *HEADS[COLOUR])),
    st.sampled_from(("", *HEADS[USAGE])),
    st.sampled_from(("", *HEADS[GENDER])),
)


@given(st.lists(looks, max_size=12), st.lists(looks, min_size=1, max_size=6))
def test_outfits_match_counts_by_brute_force(owned: list[Look], offered: list[Look]) -> None:
    assert unlocked(owned, offered) == [count_by_brute_force(owned, new) for new in offered]


@given(st.lists(looks, max_size=12), looks, looks)
def test_second_owned_item_of_a_role_removes_no_outfit(owned: list[Look], more: Look, new: Look) -> None:
    assume(more.category != new.category)
    with_first = [*owned, Look(more.category, "", "", "")]
    assert unlocked([*with_first, more], [new]) >= unlocked(with_first, [new])


def test_counts_for_five_thousand_owned_items_are_exact() -> None:
    random = np.random.default_rng(2)
    labels = [HEADS[head] for head in Look._fields]
    sample = [Look(*(str(random.choice(of_head)) for of_head in labels)) for _ in range(125)]
    owned, offered = [look for look in sample[:30] if look.category != "Dress"][:20], sample[30:]
    of_twenty, of_five_thousand = unlocked(owned, offered), unlocked(owned * 250, offered)
    assert of_five_thousand == [
        count * (250 if look.category == "Dress" else 250**2) for look, count in zip(offered, of_twenty, strict=True)
    ]
    assert max(of_five_thousand) > 100_000
