"""The share of each category in a list."""

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.ranking.mix import BALANCE, ROLES, Role, category_shares, role_of
from closetspace.domain.ranking.recommendation import DEFAULT_MIX

OFFERED = ("Bags", "Belts", "Bottomwear", "Dress", "Sandal", "Shoes", "Topwear")
TOPS = {"Topwear": 10}

categories = st.sampled_from((*OFFERED, "Kimonos", "Saree", "shoes"))
closets = st.dictionaries(categories, st.integers(0, 5_000))
mixes = st.floats(0, 1)


def sum_of_roles(shares: Mapping[str, float], *roles: Role) -> float:
    return sum(share for category, share in shares.items() if role_of(category) in roles)


def share_of_roles(closet: Mapping[str, int], mix: float, *roles: Role) -> float:
    return sum_of_roles(category_shares(closet, OFFERED, None, mix), *roles)


@given(closets, st.sets(categories), st.none() | st.sets(categories), mixes)
def test_shares_of_offered_and_requested_categories_sum_to_one(
    owned: dict[str, int], offered: set[str], requested: set[str] | None, mix: float
) -> None:
    allowed = offered if requested is None else offered & requested
    shares = category_shares(owned, offered, requested, mix)
    assert set(shares) <= allowed
    assert all(share > 0 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1 if allowed else 0)


@given(closets, mixes, st.randoms())
def test_shares_do_not_depend_on_the_order_of_the_arguments(owned: dict[str, int], mix: float, random: Random) -> None:
    shares = category_shares(owned, OFFERED, None, mix)
    shuffled = category_shares(
        dict(random.sample(list(owned.items()), len(owned))), random.sample(OFFERED, len(OFFERED)), None, mix
    )
    assert list(shuffled) == list(shares)
    assert shuffled == pytest.approx(shares)


@given(closets.filter(lambda owned: any(owned.get(category) for category in OFFERED)))
def test_shares_at_mix_zero_are_those_of_the_closet(owned: dict[str, int]) -> None:
    counts = {category: owned[category] for category in OFFERED if owned.get(category)}
    expected = {category: count / sum(counts.values()) for category, count in counts.items()}
    assert category_shares(owned, OFFERED, None, 0) == pytest.approx(expected)


def test_closet_of_tops_gets_more_bottoms_and_shoes_with_a_higher_mix() -> None:
    at_zero, at_default, at_half, at_one = (
        share_of_roles(TOPS, mix, Role.BOTTOM, Role.SHOES) for mix in (0, DEFAULT_MIX, 0.5, 1)
    )
    assert at_zero == 0
    assert 0.25 < at_default < 0.5, "enough to notice, while most items are still tops"
    assert at_default < at_half < at_one == pytest.approx(1)


def test_lacking_roles_share_in_proportion_to_what_they_lack() -> None:
    shares = category_shares(TOPS, ["Bottomwear", "Shoes", "Topwear"], None, 1)
    bottoms, shoes = BALANCE[Role.BOTTOM], BALANCE[Role.SHOES]
    assert shares == pytest.approx({"Bottomwear": bottoms / (bottoms + shoes), "Shoes": shoes / (bottoms + shoes)})


def test_balanced_closet_nearly_keeps_its_shares_at_the_default_mix() -> None:
    balanced = {"Topwear": 8, "Bottomwear": 5, "Shoes": 4, "Bags": 3}
    shares = category_shares(balanced, OFFERED, None, DEFAULT_MIX)
    assert shares == pytest.approx({category: count / 20 for category, count in balanced.items()}, abs=0.01)


def test_lacking_roles_get_more_the_more_another_role_dominates() -> None:
    lacking = [
        share_of_roles({"Topwear": tops, "Bags": 10 - tops}, 0.5, Role.BOTTOM, Role.SHOES) for tops in (5, 7, 9, 10)
    ]
    assert lacking == sorted(lacking)
    assert lacking[0] < lacking[-1] / 2


@given(closets, st.lists(mixes, min_size=2, max_size=2).map(sorted))
def test_higher_mix_never_gives_less_to_lacking_roles(owned: dict[str, int], two_mixes: list[float]) -> None:
    lacking = set(category_shares(owned, OFFERED, None, 1))
    lower, higher = (
        sum(share for c, share in category_shares(owned, OFFERED, None, mix).items() if c in lacking)
        for mix in two_mixes
    )
    assert lower <= higher + 1e-9


def test_dress_counts_as_top_and_bottom() -> None:
    assert share_of_roles({"Dress": 6}, 1, Role.SHOES) == pytest.approx(1), (
        "with a dress, neither tops nor bottoms are lacking"
    )
    # A dress is half a top and half a bottom, so a quarter of the closet are tops, where the balance has two fifths.
    top, shoes = BALANCE[Role.TOP] - 1 / 4, BALANCE[Role.SHOES]
    assert share_of_roles({"Dress": 5, "Bags": 5}, 1, Role.TOP) == pytest.approx(top / (top + shoes))


def test_closet_without_a_dress_does_not_lack_one() -> None:
    assert share_of_roles({"Topwear": 10, "Bottomwear": 6, "Shoes": 1}, 1, Role.WHOLE) == 0


def test_lacking_role_goes_to_its_owned_categories() -> None:
    shares = category_shares({"Topwear": 20, "Sandal": 1}, OFFERED, None, 1)
    assert shares["Sandal"] > 0
    assert "Shoes" not in shares


def test_role_without_an_offered_category_gets_no_share() -> None:
    assert category_shares(TOPS, ["Topwear", "Bags"], None, 1) == {"Topwear": 1}


def test_requested_categories_share_alike_if_none_is_owned() -> None:
    shares = category_shares(TOPS, OFFERED, {"Shoes", "Sandal", "Kimonos"}, 0.5)
    assert shares == pytest.approx({"Shoes": 0.5, "Sandal": 0.5})


def test_requested_category_that_is_not_owned_gets_a_share_that_grows_with_the_mix() -> None:
    requested = {"Topwear", "Shoes"}
    tops = [category_shares(TOPS, OFFERED, requested, mix).get("Topwear", 0) for mix in (0, DEFAULT_MIX, 1)]
    assert tops[0] == 1 > tops[1] > tops[2] == 0
    assert category_shares({"Topwear": 9, "Shoes": 1}, OFFERED, requested, 0) == {"Topwear": 0.9, "Shoes": 0.1}


@pytest.mark.parametrize("owned", [{"Kimonos": 3}, TOPS, {"Shoes": 1, "Topwear": 1, "Bags": 2}])
def test_shares_are_in_alphabetical_order(owned: dict[str, int]) -> None:
    shares = list(category_shares(owned, OFFERED, None, 0.5))
    assert shares == sorted(shares), "rankings rely on this order, which the rows of an index have too"


def test_closet_without_offered_categories_gets_the_roles_of_an_outfit() -> None:
    shares = category_shares({"Kimonos": 3}, OFFERED, None, 0)
    assert {role_of(category) for category in shares} == {Role.TOP, Role.BOTTOM, Role.SHOES}


@pytest.mark.parametrize("offered", [(), ("Bags",)])
def test_empty_closet_gets_all_offered_categories(offered: tuple[str, ...]) -> None:
    assert category_shares({}, offered, None, 0.5) == dict.fromkeys(offered, 1.0)


def test_request_without_an_offered_category_returns_no_shares() -> None:
    assert category_shares(TOPS, OFFERED, set(), 0.5) == {}
    assert category_shares(TOPS, OFFERED, {"Kimonos"}, 0.5) == {}


def test_role_ignores_case_and_unknown_categories_are_extras() -> None:
    for category, role in ROLES.items():
        assert role_of(category.title()) is role_of(category.upper()) is role
    assert role_of("") is role_of("Kimonos") is Role.EXTRA


def test_category_that_is_not_worn_gets_a_share_only_if_requested() -> None:
    offered = (*OFFERED, "Fragrance", "Free Gifts")
    owned = {"Topwear": 5, "Fragrance": 5}
    assert not {"Fragrance", "Free Gifts"} & set(category_shares(owned, offered, None, 0.15))
    assert category_shares(owned, offered, {"Fragrance"}, 0.15) == {"Fragrance": 1.0}


def test_closet_of_things_that_are_not_worn_gets_clothes() -> None:
    shares = category_shares({"Fragrance": 4}, (*OFFERED, "Fragrance"), None, 0.15)
    assert sum_of_roles(shares, Role.TOP, Role.BOTTOM, Role.SHOES) == pytest.approx(1)
