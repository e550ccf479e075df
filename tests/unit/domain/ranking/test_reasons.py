"""Why something is recommended: the numbers add up to the score, and the sentence is true."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closetspace.adapters.index.reader import Bundle
from closetspace.domain.encoder.descriptor import COLOUR, GENDER, USAGE, block_slice
from closetspace.domain.encoder.vectors import unit
from closetspace.domain.ranking.paging import short
from closetspace.domain.ranking.query import (
    DEFAULT_WEIGHTS,
    FEEDBACK,
    SEEN,
    SERENDIPITY,
    SIMILARITY,
    FeedbackVectors,
    Ranked,
    RankingQuery,
)
from closetspace.domain.ranking.ranking import rank
from closetspace.domain.ranking.reasons import CLOSE, IMAGE, LIKED, TEXT, explain
from closetspace.domain.taste.interests import EMBEDDING_SHARE
from closetspace.domain.wardrobe.closet import ClosetEntry
from tests.support.structured import BLOCKS, CATALOG, Piece, open_catalog, profile_of


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return open_catalog(tmp_path_factory.mktemp("structured"))


CLOSET = [
    Piece("Topwear", "Red", "Women", "Casual", 5),
    Piece("Topwear", "Red", "Women", "Formal", 6),
    Piece("Topwear", "Blue", "Women", "Casual", 5),
    Piece("Shoes", "Black", "Women", "Formal", 7),
    Piece("Shoes", "Black", "Unisex", "Sports", 5),
    Piece("Bottomwear", "Blue", "Women", "Casual", 6),
    Piece("Bottomwear", "Black", "Women", "Formal", 5),
]


def said(index: Bundle) -> FeedbackVectors:
    """Likes and dismissals of a few things."""
    rows = index.rows_of(list(CATALOG)[::97])
    return FeedbackVectors(index.vectors(rows[:3]), index.vectors(rows[3:5]), index.products(rows[3:5]))


def lately(index: Bundle) -> tuple[tuple[int, ...], ...]:
    """Two lists of everything and of half, so that whatever comes was shown."""
    keys = [short(int(key)) for key in index.keys(np.arange(len(CATALOG)))]
    return (tuple(keys[::2]), tuple(keys))


@pytest.mark.parametrize("weight", [0.5, 4.0])
def test_contributions_add_up_to_the_score(index: Bundle, weight: float) -> None:
    profile, method = profile_of(CLOSET, said(index)), replace(DEFAULT_WEIGHTS, similarity=weight)
    query = RankingQuery(40, seed=5, explore=0.3, serendipity=0.5, mix=0.5, recent_lists=lately(index))
    ranked = rank(profile, index, query, method)
    assert len(ranked) == 40
    for one, reason in zip(ranked, explain(ranked, profile, index, method), strict=True):
        assert set(reason.contributions) == {IMAGE, TEXT, COLOUR, GENDER, USAGE, FEEDBACK, SEEN, SERENDIPITY}
        assert sum(reason.contributions.values()) == pytest.approx(one.score, abs=1e-3)
        assert reason.contributions[FEEDBACK] != 0
        assert reason.contributions[SEEN] < 0


@settings(max_examples=25)
@given(
    query=st.builds(
        RankingQuery,
        count=st.integers(1, 60),
        seed=st.integers(0, 2**53 - 1),
        explore=st.floats(0, 1),
        serendipity=st.floats(0, 1),
        mix=st.floats(0, 1),
        own_similar=st.booleans(),
    ),
    owned=st.sets(st.integers(0, len(CATALOG) - 1), min_size=1, max_size=30),
)
def test_whatever_is_asked_for_adds_up_and_is_said_in_one_sentence(
    index: Bundle, query: RankingQuery, owned: set[int]
) -> None:
    profile = profile_of([list(CATALOG.values())[place] for place in owned])
    ranked = rank(profile, index, query)
    reasons = explain(ranked, profile, index)
    assert len(reasons) == len(ranked)
    for one, reason in zip(ranked, reasons, strict=True):
        assert sum(reason.contributions.values()) == pytest.approx(one.score, abs=1e-3)
        assert re.fullmatch(r"[A-Z][^.]+\.", reason.sentence)
        cosines = [cosine for _, cosine in reason.owned]
        assert cosines == sorted(cosines, reverse=True)
        assert len(cosines) == min(3, len(owned))


def test_colour_has_what_the_colour_block_makes_of_the_similarity(index: Bundle) -> None:
    """By leaving the block out of the arithmetic of the similarity."""
    profile, method = profile_of(CLOSET), replace(DEFAULT_WEIGHTS, similarity=2.0)
    ranked = rank(profile, index, RankingQuery(20), method)
    for one, reason in zip(ranked, explain(ranked, profile, index, method), strict=True):
        to, mean = profile.anchor(one.category, index), index.category_means[one.category]
        vector, part = index.vectors(np.array([one.row]))[0], block_slice(index.blocks, COLOUR)
        residual = unit(vector - mean)
        near, style = vector * to.embedding, residual * to.style
        hue = 2.0 * (EMBEDDING_SHARE * near[part].sum() + (1 - EMBEDDING_SHARE) * style[part].sum())
        assert reason.contributions[COLOUR] - one.parts[COLOUR] == pytest.approx(hue, abs=1e-4)
        assert reason.contributions[IMAGE] + reason.contributions[TEXT] == pytest.approx(
            one.parts[SIMILARITY] - hue, abs=1e-4
        )


def test_what_a_photo_tells_alone_is_the_images_part(index: Bundle) -> None:
    profile, method = profile_of(CLOSET), replace(DEFAULT_WEIGHTS, similarity=1.0)
    ranked = rank(profile, index, RankingQuery(20), method)
    for one, reason in zip(ranked, explain(ranked, profile, index, method), strict=True):
        row, to, mean = np.array([one.row]), profile.anchor(one.category, index), index.category_means[one.category]
        spread = np.linalg.norm(index.vectors(row)[0] - mean)
        photo = index.photo_vectors(row)[0]
        parts = EMBEDDING_SHARE * photo * to.embedding + (1 - EMBEDDING_SHARE) * (photo - mean) * to.style / spread
        expected = parts.sum() - parts[block_slice(index.blocks, COLOUR)].sum()
        assert reason.contributions[IMAGE] == pytest.approx(float(expected), abs=1e-4)


def test_nothing_ranked_needs_no_reason(index: Bundle) -> None:
    assert explain([], profile_of(CLOSET), index) == []


def sentence(index: Bundle, piece: Piece, owned: Mapping[str, ClosetEntry], **fields: Any) -> str:
    """FeedbackVectors of a catalog's piece to somebody with these entries."""
    profile = profile_of(owned)
    parts = dict.fromkeys((COLOUR, GENDER, USAGE, SIMILARITY, FEEDBACK), 0.0) | fields.pop("parts", {})
    ranked = Ranked(int(index.rows_of([piece.id])[0]), piece.category, 0.0, parts, 0, **fields)
    [reason] = explain([ranked], profile, index)
    return reason.sentence


RED = Piece("Topwear", "Red", "Women", "Casual", 0)


def entries(*pieces: Piece, title: str = "") -> dict[str, ClosetEntry]:
    return {f"{place}": replace(piece.entry, title=title) for place, piece in enumerate(pieces)}


def near(piece: Piece, number: int) -> Piece:
    """Another of the same labels, which here is close."""
    other = replace(piece, number=number)
    assert float(piece.vector @ other.vector) >= CLOSE
    return other


@pytest.mark.parametrize(
    ("same", "told"),
    [("article", "cut; red like 2"), (COLOUR, "colour; casual like 2"), ("look", "look; red like 2")],
)
def test_sentence_names_what_is_most_alike_and_no_colour_twice(index: Bundle, same: str, told: str) -> None:
    vector, part = near(RED, 5).vector.copy(), block_slice(BLOCKS, same)
    vector[part] = RED.vector[part]
    jumper = replace(near(RED, 5).entry, vector=vector, title="Arket Jumper")
    owned = entries(RED, replace(RED, colour="Blue", usage="Formal")) | {"0": jumper, "2": jumper}
    aspect, trait = told.split("; ")
    assert sentence(index, RED, owned) == f"Close in {aspect} to your Arket Jumper; {trait} of your 3 items."


def test_sentence_names_the_category_of_what_has_no_title(index: Bundle) -> None:
    assert re.match(r"Close in (cut|colour|look) to your topwear; ", sentence(index, RED, entries(near(RED, 5))))


def test_sentence_tells_of_a_style_where_nothing_is_close(index: Bundle) -> None:
    far = Piece("Topwear", "Blue", "Men", "Formal", 1)
    assert float(far.vector @ RED.vector) < CLOSE
    assert sentence(index, RED, entries(far, far)) == "In the style of your topwear."


def test_sentence_tells_of_a_category_that_is_not_owned(index: Bundle) -> None:
    shoes = replace(RED, category="Shoes")
    assert sentence(index, shoes, entries(RED, RED)) == "You own no shoes yet; red like all of your 2 items."


def test_sentence_of_what_is_owned_already_says_that_and_nothing_else(index: Bundle) -> None:
    own = {"own_similar": "0", "parts": {FEEDBACK: 1.0}}
    assert sentence(index, RED, entries(RED, title="Tee"), **own) == "Nearly the same as your Tee."


@pytest.mark.parametrize(("nats", "tells"), [(LIKED, True), (LIKED - 0.01, False), (-1.0, False)])
def test_sentence_tells_of_likes_that_count(index: Bundle, nats: float, tells: bool) -> None:
    said_of = sentence(index, replace(RED, category="Shoes"), entries(RED), parts={FEEDBACK: nats})
    assert said_of == f"You own no shoes yet; red like the one item you own{'; like what you liked' if tells else ''}."


@pytest.mark.parametrize(
    ("colours", "told"),
    [
        (["Red"], "red like the one item you own"),
        (["Red", "Red"], "red like all of your 2 items"),
        (["Red", "Red", "Blue"], "red like 2 of your 3 items"),
        (["Red", "Blue", "Blue"], "casual like all of your 3 items"),
        (["Blue"], "casual like the one item you own"),
    ],
)
def test_sentence_counts_what_shares_the_colour_or_else_the_usage(index: Bundle, colours: list[str], told: str) -> None:
    hats = [Piece("Hats", colour, "Women", "Casual", number) for number, colour in enumerate(colours)]
    assert sentence(index, RED, entries(*hats)) == f"You own no topwear yet; {told}."


def test_sentence_says_nothing_of_traits_that_no_head_told(index: Bundle) -> None:
    silent = replace(RED.entry, attributes=np.zeros(0, np.uint8), category="Hats")
    assert sentence(index, RED, {"0": silent, "1": silent}) == "You own no topwear yet."
