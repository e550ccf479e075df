"""What share of an answer each category gets."""

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


def of_roles(shares: Mapping[str, float], *roles: Role) -> float:
    return sum(share for category, share in shares.items() if role_of(category) in roles)


def share_of(closet: Mapping[str, int], mix: float, *roles: Role) -> float:
    return of_roles(category_shares(closet, OFFERED, None, mix), *roles)


@given(closets, st.sets(categories), st.none() | st.sets(categories), mixes)
def test_shares_sum_to_one_over_what_is_offered_and_wanted(
    owned: dict[str, int], offered: set[str], wanted: set[str] | None, mix: float
) -> None:
    open_to = offered if wanted is None else offered & wanted
    shares = category_shares(owned, offered, wanted, mix)
    assert set(shares) <= open_to
    assert all(share > 0 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1 if open_to else 0)


@given(closets, mixes, st.randoms())
def test_shares_do_not_depend_on_the_order_of_anything(owned: dict[str, int], mix: float, random: Random) -> None:
    shares = category_shares(owned, OFFERED, None, mix)
    again = category_shares(
        dict(random.sample(list(owned.items()), len(owned))), random.sample(OFFERED, len(OFFERED)), None, mix
    )
    assert list(again) == list(shares)
    assert again == pytest.approx(shares)


@given(closets.filter(lambda owned: any(owned.get(category) for category in OFFERED)))
def test_without_mix_the_shares_are_the_closets_own(owned: dict[str, int]) -> None:
    there = {category: owned[category] for category in OFFERED if owned.get(category)}
    expected = {category: count / sum(there.values()) for category, count in there.items()}
    assert category_shares(owned, OFFERED, None, 0) == pytest.approx(expected)


def test_ten_tops_call_for_bottoms_and_shoes_at_the_default_and_for_more_when_asked() -> None:
    none, some, more, every = (share_of(TOPS, mix, Role.BOTTOM, Role.SHOES) for mix in (0, DEFAULT_MIX, 0.5, 1))
    assert none == 0
    assert 0.25 < some < 0.5, "enough to be seen, and most is still tops"
    assert some < more < every == pytest.approx(1)


def test_what_is_lacking_is_shared_by_how_much_it_lacks() -> None:
    shares = category_shares(TOPS, ["Bottomwear", "Shoes", "Topwear"], None, 1)
    bottoms, shoes = BALANCE[Role.BOTTOM], BALANCE[Role.SHOES]
    assert shares == pytest.approx({"Bottomwear": bottoms / (bottoms + shoes), "Shoes": shoes / (bottoms + shoes)})


def test_closet_that_lacks_no_role_stays_nearly_what_it_is_at_the_default() -> None:
    balanced = {"Topwear": 8, "Bottomwear": 5, "Shoes": 4, "Bags": 3}
    shares = category_shares(balanced, OFFERED, None, DEFAULT_MIX)
    assert shares == pytest.approx({category: count / 20 for category, count in balanced.items()}, abs=0.01)


def test_the_more_one_role_has_of_a_closet_the_more_goes_to_what_it_lacks() -> None:
    lacking = [share_of({"Topwear": tops, "Bags": 10 - tops}, 0.5, Role.BOTTOM, Role.SHOES) for tops in (5, 7, 9, 10)]
    assert lacking == sorted(lacking)
    assert lacking[0] < lacking[-1] / 2


@given(closets, st.lists(mixes, min_size=2, max_size=2).map(sorted))
def test_more_mix_never_gives_less_to_what_is_lacking(owned: dict[str, int], dial: list[float]) -> None:
    all_of_it = set(category_shares(owned, OFFERED, None, 1))
    less, more = (
        sum(share for c, share in category_shares(owned, OFFERED, None, mix).items() if c in all_of_it) for mix in dial
    )
    assert less <= more + 1e-9


def test_dress_counts_as_top_and_bottom() -> None:
    assert share_of({"Dress": 6}, 1, Role.SHOES) == pytest.approx(1), "neither a top nor a bottom is lacking"
    # Half a top and half a bottom each: a quarter of the closet are tops, where two fifths would be right.
    top, shoes = BALANCE[Role.TOP] - 1 / 4, BALANCE[Role.SHOES]
    assert share_of({"Dress": 5, "Bags": 5}, 1, Role.TOP) == pytest.approx(top / (top + shoes))


def test_closet_without_a_dress_lacks_none() -> None:
    assert share_of({"Topwear": 10, "Bottomwear": 6, "Shoes": 1}, 1, Role.WHOLE) == 0


def test_of_a_role_that_is_lacking_the_owned_categories_lead() -> None:
    shares = category_shares({"Topwear": 20, "Sandal": 1}, OFFERED, None, 1)
    assert shares["Sandal"] > 0
    assert "Shoes" not in shares


def test_role_that_nothing_offered_has_is_left_out() -> None:
    assert category_shares(TOPS, ["Topwear", "Bags"], None, 1) == {"Topwear": 1}


def test_nothing_owned_of_what_is_wanted_shares_alike() -> None:
    shares = category_shares(TOPS, OFFERED, {"Shoes", "Sandal", "Kimonos"}, 0.5)
    assert shares == pytest.approx({"Shoes": 0.5, "Sandal": 0.5})


def test_what_is_wanted_and_not_owned_has_a_share_as_far_as_the_mix_says() -> None:
    wanted = {"Topwear", "Shoes"}
    tops = [category_shares(TOPS, OFFERED, wanted, mix).get("Topwear", 0) for mix in (0, DEFAULT_MIX, 1)]
    assert tops[0] == 1 > tops[1] > tops[2] == 0
    assert category_shares({"Topwear": 9, "Shoes": 1}, OFFERED, wanted, 0) == {"Topwear": 0.9, "Shoes": 0.1}


@pytest.mark.parametrize("owned", [{"Kimonos": 3}, TOPS, {"Shoes": 1, "Topwear": 1, "Bags": 2}])
def test_shares_are_in_the_order_of_the_categories_names(owned: dict[str, int]) -> None:
    shares = list(category_shares(owned, OFFERED, None, 0.5))
    assert shares == sorted(shares), "rankings rely on it: so are the rows of an index"


def test_closet_of_categories_that_are_not_offered_is_offered_an_outfit() -> None:
    shares = category_shares({"Kimonos": 3}, OFFERED, None, 0)
    assert {role_of(category) for category in shares} == {Role.TOP, Role.BOTTOM, Role.SHOES}


@pytest.mark.parametrize("offered", [(), ("Bags",)])
def test_empty_closet_gets_what_there_is(offered: tuple[str, ...]) -> None:
    assert category_shares({}, offered, None, 0.5) == dict.fromkeys(offered, 1.0)


def test_nothing_offered_of_what_is_wanted_shares_nothing() -> None:
    assert category_shares(TOPS, OFFERED, set(), 0.5) == {}
    assert category_shares(TOPS, OFFERED, {"Kimonos"}, 0.5) == {}


def test_roles_are_told_whatever_the_case_and_what_is_unknown_is_an_extra() -> None:
    for category, role in ROLES.items():
        assert role_of(category.title()) is role_of(category.upper()) is role
    assert role_of("") is role_of("Kimonos") is Role.EXTRA


def test_what_is_not_worn_comes_only_if_its_category_is_asked_for() -> None:
    offered = (*OFFERED, "Fragrance", "Free Gifts")
    owned = {"Topwear": 5, "Fragrance": 5}
    assert not {"Fragrance", "Free Gifts"} & set(category_shares(owned, offered, None, 0.15))
    assert category_shares(owned, offered, {"Fragrance"}, 0.15) == {"Fragrance": 1.0}


def test_closet_of_nothing_that_is_worn_is_offered_clothes() -> None:
    shares = category_shares({"Fragrance": 4}, (*OFFERED, "Fragrance"), None, 0.15)
    assert of_roles(shares, Role.TOP, Role.BOTTOM, Role.SHOES) == pytest.approx(1)
