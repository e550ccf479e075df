"""Reasons: contributions add up to the score, and the sentence is true."""

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
from tests.support.structured import BLOCKS, CATALOG, Piece, profile_of

CLOSET = [
    Piece("Topwear", "Red", "Women", "Casual", 5),
    Piece("Topwear", "Red", "Women", "Formal", 6),
    Piece("Topwear", "Blue", "Women", "Casual", 5),
    Piece("Shoes", "Black", "Women", "Formal", 7),
    Piece("Shoes", "Black", "Unisex", "Sports", 5),
    Piece("Bottomwear", "Blue", "Women", "Casual", 6),
    Piece("Bottomwear", "Black", "Women", "Formal", 5),
]


def feedback(index: Bundle) -> FeedbackVectors:
    """Return the vectors of three likes and two dismissals."""
    rows = index.rows_of(list(CATALOG)[::97])
    return FeedbackVectors(index.vectors(rows[:3]), index.vectors(rows[3:5]), index.products(rows[3:5]))


def recent_lists(index: Bundle) -> tuple[tuple[int, ...], ...]:
    """Return two recent lists, of half of the items and of all, so that every item was shown."""
    keys = [short(int(key)) for key in index.keys(np.arange(len(CATALOG)))]
    return (tuple(keys[::2]), tuple(keys))


@pytest.mark.parametrize("weight", [0.5, 4.0])
def test_contributions_add_up_to_the_score(index: Bundle, weight: float) -> None:
    profile, weights = profile_of(CLOSET, feedback(index)), replace(DEFAULT_WEIGHTS, similarity=weight)
    query = RankingQuery(40, seed=5, explore=0.3, serendipity=0.5, mix=0.5, recent_lists=recent_lists(index))
    ranked = rank(profile, index, query, weights)
    assert len(ranked) == 40
    for item, reason in zip(ranked, explain(ranked, profile, index, weights), strict=True):
        assert set(reason.contributions) == {IMAGE, TEXT, COLOUR, GENDER, USAGE, FEEDBACK, SEEN, SERENDIPITY}
        assert sum(reason.contributions.values()) == pytest.approx(item.score, abs=1e-3)
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
def test_every_recommendation_has_contributions_that_add_up_and_a_sentence(
    index: Bundle, query: RankingQuery, owned: set[int]
) -> None:
    profile = profile_of([list(CATALOG.values())[place] for place in owned])
    ranked = rank(profile, index, query)
    reasons = explain(ranked, profile, index)
    assert len(reasons) == len(ranked)
    for item, reason in zip(ranked, reasons, strict=True):
        assert sum(reason.contributions.values()) == pytest.approx(item.score, abs=1e-3)
        assert re.fullmatch(r"[A-Z][^.]+\.", reason.sentence)
        cosines = [cosine for _, cosine in reason.owned]
        assert cosines == sorted(cosines, reverse=True)
        assert len(cosines) == min(3, len(owned))


def test_colour_contribution_includes_the_colour_blocks_similarity(index: Bundle) -> None:
    """The expected share is the block's part of the similarity's inner products."""
    profile, weights = profile_of(CLOSET), replace(DEFAULT_WEIGHTS, similarity=2.0)
    ranked = rank(profile, index, RankingQuery(20), weights)
    for item, reason in zip(ranked, explain(ranked, profile, index, weights), strict=True):
        anchor, mean = profile.anchor(item.category, index), index.category_means[item.category]
        vector, part = index.vectors(np.array([item.row]))[0], block_slice(index.blocks, COLOUR)
        residual = unit(vector - mean)
        near, style = vector * anchor.embedding, residual * anchor.style
        hue = 2.0 * (EMBEDDING_SHARE * near[part].sum() + (1 - EMBEDDING_SHARE) * style[part].sum())
        assert reason.contributions[COLOUR] - item.parts[COLOUR] == pytest.approx(hue, abs=1e-4)
        assert reason.contributions[IMAGE] + reason.contributions[TEXT] == pytest.approx(
            item.parts[SIMILARITY] - hue, abs=1e-4
        )


def test_image_contribution_is_that_of_the_photos_vector(index: Bundle) -> None:
    profile, weights = profile_of(CLOSET), replace(DEFAULT_WEIGHTS, similarity=1.0)
    ranked = rank(profile, index, RankingQuery(20), weights)
    for item, reason in zip(ranked, explain(ranked, profile, index, weights), strict=True):
        anchor, mean = profile.anchor(item.category, index), index.category_means[item.category]
        row = np.array([item.row])
        spread = np.linalg.norm(index.vectors(row)[0] - mean)
        photo = index.photo_vectors(row)[0]
        near, style = photo * anchor.embedding, (photo - mean) * anchor.style / spread
        parts = EMBEDDING_SHARE * near + (1 - EMBEDDING_SHARE) * style
        expected = parts.sum() - parts[block_slice(index.blocks, COLOUR)].sum()
        assert reason.contributions[IMAGE] == pytest.approx(float(expected), abs=1e-4)


def test_empty_ranking_has_no_reasons(index: Bundle) -> None:
    assert explain([], profile_of(CLOSET), index) == []


def sentence(index: Bundle, piece: Piece, owned: Mapping[str, ClosetEntry], **fields: Any) -> str:
    """Return the sentence for a catalog's piece and a person with these entries."""
    profile = profile_of(owned)
    parts = dict.fromkeys((COLOUR, GENDER, USAGE, SIMILARITY, FEEDBACK), 0.0) | fields.pop("parts", {})
    ranked = Ranked(int(index.rows_of([piece.id])[0]), piece.category, 0.0, parts, 0, **fields)
    [reason] = explain([ranked], profile, index)
    return reason.sentence


RED = Piece("Topwear", "Red", "Women", "Casual", 0)


def entries(*pieces: Piece, title: str = "") -> dict[str, ClosetEntry]:
    return {f"{place}": replace(piece.entry, title=title) for place, piece in enumerate(pieces)}


def near(piece: Piece, number: int) -> Piece:
    """Return another piece with the same labels, which is close."""
    neighbour = replace(piece, number=number)
    assert float(piece.vector @ neighbour.vector) >= CLOSE
    return neighbour


@pytest.mark.parametrize(
    ("same_block", "clauses"),
    [("article", "cut; red like 2"), (COLOUR, "colour; casual like 2"), ("look", "look; red like 2")],
)
def test_sentence_names_the_most_similar_aspect_and_no_colour_twice(
    index: Bundle, same_block: str, clauses: str
) -> None:
    vector, part = near(RED, 5).vector.copy(), block_slice(BLOCKS, same_block)
    vector[part] = RED.vector[part]
    jumper = replace(near(RED, 5).entry, vector=vector, title="Arket Jumper")
    owned = entries(RED, replace(RED, colour="Blue", usage="Formal")) | {"0": jumper, "2": jumper}
    aspect, trait = clauses.split("; ")
    assert sentence(index, RED, owned) == f"Close in {aspect} to your Arket Jumper; {trait} of your 3 items."


def test_sentence_describes_an_item_without_a_title(index: Bundle) -> None:
    found = sentence(index, RED, entries(near(RED, 5)))
    assert re.match(r"Close in (cut|colour|look) to your (red |blue )?top; ", found)


def test_sentence_mentions_style_if_no_owned_item_is_close(index: Bundle) -> None:
    far = Piece("Topwear", "Blue", "Men", "Formal", 1)
    assert float(far.vector @ RED.vector) < CLOSE
    assert sentence(index, RED, entries(far, far)) == "In the style of your blue top."


def test_sentence_mentions_that_the_category_is_not_owned(index: Bundle) -> None:
    shoes = replace(RED, category="Shoes")
    assert sentence(index, shoes, entries(RED, RED)) == "You own no shoes yet; red like all of your 2 items."


def test_sentence_of_a_near_duplicate_mentions_nothing_else(index: Bundle) -> None:
    ranked = {"own_item_id": "0", "parts": {FEEDBACK: 1.0}}
    assert sentence(index, RED, entries(RED, title="Tee"), **ranked) == "Nearly the same as your Tee."


@pytest.mark.parametrize(("nats", "mentioned"), [(LIKED, True), (LIKED - 0.01, False), (-1.0, False)])
def test_sentence_mentions_likes_with_a_large_contribution(index: Bundle, nats: float, mentioned: bool) -> None:
    text = sentence(index, replace(RED, category="Shoes"), entries(RED), parts={FEEDBACK: nats})
    likes = "; like what you liked" if mentioned else ""
    assert text == f"You own no shoes yet; red like the one item you own{likes}."


@pytest.mark.parametrize(
    ("colours", "clause"),
    [
        (["Red"], "red like the one item you own"),
        (["Red", "Red"], "red like all of your 2 items"),
        (["Red", "Red", "Blue"], "red like 2 of your 3 items"),
        (["Red", "Blue", "Blue"], "casual like all of your 3 items"),
        (["Blue"], "casual like the one item you own"),
    ],
)
def test_sentence_counts_items_that_share_the_colour_or_the_usage(
    index: Bundle, colours: list[str], clause: str
) -> None:
    hats = [Piece("Hats", colour, "Women", "Casual", number) for number, colour in enumerate(colours)]
    assert sentence(index, RED, entries(*hats)) == f"You own no topwear yet; {clause}."


def test_sentence_mentions_no_trait_if_owned_items_have_no_attributes(index: Bundle) -> None:
    without_attributes = replace(RED.entry, attributes=np.zeros(0, np.uint8), category="Hats")
    assert sentence(index, RED, {"0": without_attributes, "1": without_attributes}) == "You own no topwear yet."
