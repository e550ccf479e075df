"""Which method is chosen for a closet: that under which its items, left out in turn, are found again."""

from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closetspace.domain.attributes import block, parts, shares
from closetspace.domain.background import Background
from closetspace.domain.closet import Closet, ClosetEntry, Wearables
from closetspace.domain.encoding import FloatArray
from closetspace.domain.interests import DEFAULT, Choice, Variant, anchors, interests_of, styles_of
from closetspace.domain.leave_one_out import (
    LEAST_CLOSET,
    LEAST_GAIN,
    MOST_LEFT_OUT,
    MOST_OTHERS,
    WEIGHTS,
    choose,
    evenly,
)
from closetspace.domain.membership import Weighed, weigh
from closetspace.domain.reference import Reference
from closetspace.domain.scoring import LEAST_FIT
from closetspace.domain.style import residuals, unit
from closetspace.domain.taste import derive_taste
from tests import structured
from tests.structured import BLOCKS, ENCODER, HEADS, Piece, background, pieces, wearer_of

LOOKS = 6
"""Numbers of a vector of this module's plain world, of which the first is what all of a category share."""

PLAIN = {"category": ("Shoes", "Topwear")}


def look(direction: FloatArray, count: int, seed: int) -> FloatArray:
    """Vectors of one category that lean to one side, ``(count, LOOKS)``."""
    off = 0.15 * np.random.default_rng(seed).standard_normal((count, LOOKS))
    off[:, 0] = 0
    return unit((np.eye(LOOKS)[0] + direction + off).astype(np.float32))


def plain_world() -> Background:
    """Sixty products of two categories with looks of all kinds, about which no head says anything."""
    random = np.random.default_rng(1)
    vectors = random.standard_normal((60, LOOKS))
    vectors[:, 0] = 1.5
    return Background(
        PLAIN, Reference(np.arange(60) % 2, unit(vectors.astype(np.float32)), np.zeros((60, 0), np.uint8))
    )


def plain_closet(vectors: FloatArray, category: str = "Topwear") -> Wearables:
    entries = {f"{place:03d}": {"e": ClosetEntry("e", vector, category, "")} for place, vector in enumerate(vectors)}
    return Closet("ann", entries).encoded_by("e")


def choice_for(worn: Wearables, around: Background) -> Choice:
    return choose(worn, styles_of(worn, around), {}, around)


LEFT, UP = np.eye(LOOKS)[1] * 1.5, np.eye(LOOKS)[2] * 1.5


def test_closet_of_two_clear_styles_chooses_several() -> None:
    both = np.concatenate([look(LEFT, 10, 1), look(-LEFT, 10, 2)])
    assert choice_for(plain_closet(both), plain_world()).variant is Variant.STYLES


def test_closet_of_one_clear_style_needs_no_more_than_that_and_weighs_it_more() -> None:
    choice = choice_for(plain_closet(look(UP, 20, 1)), plain_world())
    assert choice.variant is not Variant.STYLES
    assert choice.weight > DEFAULT.weight


def test_small_closet_keeps_the_default_however_clear_it_is() -> None:
    assert choice_for(plain_closet(look(UP, LEAST_CLOSET - 1, 1)), plain_world()) == DEFAULT


@pytest.mark.parametrize("seed", range(6))
def test_closet_without_a_style_of_its_own_keeps_the_default(seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((20, LOOKS))
    vectors[:, 0] = 1.5
    assert choice_for(plain_closet(unit(vectors.astype(np.float32))), plain_world()) == DEFAULT


@pytest.mark.parametrize("category", ["Shoes", "Kimonos"])
def test_default_is_kept_where_nothing_is_known_to_compare_with(category: str) -> None:
    worn = plain_closet(look(UP, 20, 1), category)
    assert choice_for(worn, Background(PLAIN)) == DEFAULT
    tops = Reference(np.ones(60, np.int64), plain_world().reference.vectors, np.zeros((60, 0), np.uint8))  # type: ignore[union-attr]
    assert choice_for(worn, Background(PLAIN, tops)) == DEFAULT, "the sample has none of the category"


def test_items_of_a_category_that_the_sample_lacks_do_not_count() -> None:
    clear = look(UP, 12, 1)
    entries = {f"{n:02d}": {"e": ClosetEntry("e", vector, "Topwear", "")} for n, vector in enumerate(clear)}
    strange = {f"x{n}": {"e": ClosetEntry("e", -vector, "Kimonos", "")} for n, vector in enumerate(clear[:4])}
    worn = Closet("ann", entries | strange).encoded_by("e")
    assert choice_for(worn, plain_world()).weight > DEFAULT.weight


def test_twenty_copies_of_one_item_do_no_harm() -> None:
    same = np.tile(look(UP, 1, 1), (20, 1))
    assert choice_for(plain_closet(same), plain_world()).weight in WEIGHTS


@cache
def stock() -> list[Piece]:
    """What closets are made of here: 810 garments that are neither in the catalog nor in the sample."""
    return pieces(HEADS["category"], 7, 10)


@cache
def stock_vectors() -> FloatArray:
    return np.array([piece.vector for piece in stock()])


def owned_by(seed: int) -> list[Piece]:
    """A closet around as many looks as the seed says, none to three."""
    random = np.random.default_rng(seed)
    part = block(BLOCKS, "look")
    looks = random.standard_normal((seed % 4, BLOCKS["look"]))
    likeness = np.append(stock_vectors()[:, part] @ looks.T, np.zeros((len(stock()), 1)), axis=1)
    chance = np.exp(8 * likeness.max(axis=1))
    chosen = random.choice(len(stock()), 12 + 2 * seed, replace=False, p=chance / chance.sum())
    return [stock()[place] for place in chosen]


def anew(worn: Wearables, around: Background) -> Choice:
    """The choice by deriving everything anew for each item left out, with nothing taken over but the styles."""
    assert around.reference is not None
    reference, style = around.reference, styles_of(worn, around)
    total = {Choice(variant, weight): 0.0 for variant, weight in product(Variant, WEIGHTS)}
    for item in evenly(len(worn.ids), MOST_LEFT_OUT).tolist():
        category, others = worn.categories[item], np.delete(np.arange(len(worn.ids)), item)
        rivals = reference.rows(around.heads["category"].index(category))
        rivals = rivals[evenly(len(rivals), MOST_OTHERS)]
        rows = shares(np.concatenate([worn.attributes[[item]], reference.attributes[rivals]]))
        vectors = np.concatenate([worn.vectors[[item]], reference.vectors[rivals]])
        fits = np.sum([np.log(fit) for fit in _fits(rows, item, worn, around)], axis=0)
        for variant in Variant:
            left = interests_of(worn.only(others), style[others] if variant.by_style else None)
            to = anchors(left, category, variant, around.usual_means)
            residual = residuals(vectors, [category] * len(vectors), around.usual_means)
            near = (to.share * vectors @ to.near.T + (1 - to.share) * residual @ to.style.T).max(axis=1)
            for weight in WEIGHTS:
                scores = (fits + weight * near).astype(np.float64)
                total[Choice(variant, weight)] += float(scores[0] - np.log(np.exp(scores).sum()))
    best = max(total, key=lambda choice: total[choice])
    return best if total[best] - total[DEFAULT] >= LEAST_GAIN else DEFAULT


def _weighed(worn: Wearables, around: Background) -> dict[str, Weighed]:
    return {
        head: weigh(told, around.usual_in(head, worn.categories)) for head, told in around.told(worn.attributes).items()
    }


def _fits(rows: FloatArray, item: int, worn: Wearables, around: Background) -> Iterator[FloatArray]:
    """How likely each row is of what is worn, attribute by attribute, as the closet without the item tells."""
    others = worn.only(np.delete(np.arange(len(worn.ids)), item))
    for (head, part), sets in zip(parts(HEADS).items(), _weighed(others, around).values(), strict=True):
        member = sets.worn().member
        unknown = 1 - rows[:, part].sum(axis=1)
        yield np.minimum(rows[:, part] @ member + unknown * (around.usual(head) @ member) + LEAST_FIT, 1)


def test_choice_is_that_of_deriving_all_anew_without_each_item() -> None:
    closets = [wearer_of(owned_by(seed)).worn for seed in range(12)]
    around = background()
    found = [choose(worn, styles_of(worn, around), _weighed(worn, around), around) for worn in closets]
    assert found == [anew(worn, around) for worn in closets]
    assert len(set(found)) >= 3, "where all are alike, this proves little"


@settings(max_examples=30)
@given(st.integers(0, 10**6))
def test_order_of_uploads_does_not_change_the_choice(seed: int) -> None:
    owned = {piece.id: {ENCODER.id: piece.entry} for piece in owned_by(seed % 12)}
    mixed = np.random.default_rng(seed).permutation(list(owned)).tolist()
    one, other = (
        derive_taste(Closet("ann", {i: owned[i] for i in ids}), ENCODER.id, background()) for ids in (owned, mixed)
    )
    assert one.choice == other.choice


@given(st.integers(0, 10_000), st.integers(1, 300))
def test_places_are_taken_evenly_from_first_to_last(count: int, most: int) -> None:
    places = evenly(count, most)
    assert len(places) == min(count, most)
    assert (np.diff(places) > 0).all()
    if count and most > 1:
        assert (places[0], places[-1]) == (0, count - 1)
        assert np.ptp(np.diff(places)) <= 1 if len(places) > 2 else True


@pytest.mark.parametrize("seed", [3, 6, 7])
def test_second_photo_of_a_garment_does_not_change_the_choice(seed: int) -> None:
    owned = {f"item-{place}": piece.entry for place, piece in enumerate(structured.owned_by(seed))}
    again = owned | {f"{item_id}-again": entry for item_id, entry in list(owned.items())[:4]}
    assert wearer_of(again).taste.choice == wearer_of(owned).taste.choice
