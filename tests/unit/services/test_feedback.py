"""Feedback: what the callable takes, and what is kept of it."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from closetspace.adapters.memory import MemoryDatabase
from closetspace.bootstrap import Services
from closetspace.domain.index.index import Index, Keys, Rows
from closetspace.domain.person.opinions import MAX_OPINIONS, Opinion, OpinionKind
from closetspace.errors import InvalidInput, ResourceExhausted, Transient
from closetspace.services.feedback import FeedbackKeeper
from closetspace.settings import Settings
from tests.support.recommending import parse_feedback

LARGEST = 2**64 - 1


class Inventory:
    """Of an index only what there is, and of which product each item is a variant."""

    def __init__(self, **numbers: int) -> None:
        self.numbers = numbers

    def rows_of(self, item_ids: list[str]) -> Rows:
        ids = list(self.numbers)
        return np.array([ids.index(i) if i in ids else -1 for i in item_ids], np.int64)

    def products(self, rows: Rows) -> Keys:
        return np.array(list(self.numbers.values()), np.uint64)[rows]


@pytest.fixture
def people() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def shelf() -> Inventory:
    return Inventory(shirt=7, shoes=LARGEST)


@pytest.fixture
def keeper(people: MemoryDatabase, shelf: Inventory) -> FeedbackKeeper:
    return FeedbackKeeper(people, lambda _: cast(Index, shelf))


def test_opinion_is_kept_with_its_product(keeper: FeedbackKeeper, people: MemoryDatabase) -> None:
    keeper.give("ann", "shoes", OpinionKind.LIKE)
    assert people.person("ann").opinions == {"shoes": Opinion(OpinionKind.LIKE, LARGEST)}
    assert people.person("bob").opinions == {}


@pytest.mark.parametrize("kind", OpinionKind)
def test_opinion_given_twice_and_taken_back_twice_leaves_nothing(
    keeper: FeedbackKeeper, people: MemoryDatabase, kind: OpinionKind
) -> None:
    for _ in range(2):
        keeper.give("ann", "shirt", kind)
        assert people.person("ann").opinions == {"shirt": Opinion(kind, 7)}
    for _ in range(2):
        keeper.give("ann", "shirt", None)
        assert people.person("ann").opinions == {}


def test_later_opinion_takes_the_place_of_the_earlier(keeper: FeedbackKeeper, people: MemoryDatabase) -> None:
    for kind in (OpinionKind.LIKE, OpinionKind.DISMISS, OpinionKind.OWN):
        keeper.give("ann", "shirt", kind)
    assert people.person("ann").opinions == {"shirt": Opinion(OpinionKind.OWN, 7)}


def test_item_that_the_catalog_never_had_is_refused(keeper: FeedbackKeeper, people: MemoryDatabase) -> None:
    with pytest.raises(InvalidInput, match="itemId: there is no such item") as caught:
        keeper.give("ann", "nonsense", OpinionKind.LIKE)
    assert caught.value.field == "itemId"
    keeper.give("bob", "shirt", OpinionKind.LIKE)
    with pytest.raises(InvalidInput):
        keeper.give("bob", "nonsense", OpinionKind.LIKE)
    keeper.give("ann", "nonsense", None)
    assert people.person("ann").opinions == {}


def test_item_that_left_the_catalog_is_still_known_to_whom_it_mattered(
    keeper: FeedbackKeeper, people: MemoryDatabase, shelf: Inventory
) -> None:
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    del shelf.numbers["shirt"]
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    assert people.person("ann").opinions == {"shirt": Opinion(OpinionKind.DISMISS, 7)}
    keeper.give("ann", "shirt", OpinionKind.LIKE)
    assert people.person("ann").opinions == {"shirt": Opinion(OpinionKind.LIKE, 7)}
    with pytest.raises(InvalidInput):
        keeper.give("bob", "shirt", OpinionKind.DISMISS)
    keeper.give("ann", "shirt", None)
    assert people.person("ann").opinions == {}
    with pytest.raises(InvalidInput):
        keeper.give("ann", "shirt", OpinionKind.DISMISS)


def test_item_that_became_another_products_variant_is_noted_anew(
    keeper: FeedbackKeeper, people: MemoryDatabase, shelf: Inventory
) -> None:
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    shelf.numbers["shirt"] = 8
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    assert people.person("ann").opinions == {"shirt": Opinion(OpinionKind.DISMISS, 8)}


def test_person_who_said_too_much_can_change_their_mind_but_not_say_more(
    keeper: FeedbackKeeper, people: MemoryDatabase
) -> None:
    for number in range(MAX_OPINIONS - 1):
        people.give_opinion("ann", f"item-{number}", Opinion(OpinionKind.LIKE, number))
    keeper.give("ann", "shirt", OpinionKind.LIKE)
    with pytest.raises(ResourceExhausted, match="Clear some"):
        keeper.give("ann", "shoes", OpinionKind.LIKE)
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    keeper.give("ann", "item-0", None)
    keeper.give("ann", "shoes", OpinionKind.LIKE)
    assert len(people.person("ann").opinions) == MAX_OPINIONS


def test_taking_back_needs_no_index(people: MemoryDatabase) -> None:
    def away(_: Any) -> Index:
        raise Transient("There is no catalog index yet.")

    people.give_opinion("ann", "shirt", Opinion(OpinionKind.LIKE, 7))
    keeper = FeedbackKeeper(people, away)
    with pytest.raises(Transient):
        keeper.give("ann", "shirt", OpinionKind.LIKE)
    keeper.give("ann", "shirt", None)
    assert people.person("ann").opinions == {}


def test_feedback_asks_the_index_that_recommendations_are_from(tmp_path: Path) -> None:
    services = Services(Settings(index_store=str(tmp_path)), people=MemoryDatabase())
    assert services.feedback_keeper.index == services.recommender.index, "an index in memory twice is one too many"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("like", OpinionKind.LIKE), ("dismiss", OpinionKind.DISMISS), ("own", OpinionKind.OWN), ("clear", None)],
)
def test_request_names_an_item_and_what_is_thought_of_it(kind: str, expected: OpinionKind | None) -> None:
    odd = 'a. b/`c`"ü👕\u00a0__d__'
    assert parse_feedback({"itemId": odd, "kind": kind}) == (odd, expected)


@pytest.mark.parametrize(
    ("data", "field", "allowed"),
    [
        (None, "itemId", "required"),
        ({}, "itemId", "required"),
        ({"kind": "like"}, "itemId", "required"),
        ({"itemId": "", "kind": "like"}, "itemId", "at least 1"),
        ({"itemId": "x" * 1501, "kind": "like"}, "itemId", "at most 1500"),
        ({"itemId": "a\x00b", "kind": "like"}, "itemId", "id of an item"),
        ({"itemId": "a\nb", "kind": "like"}, "itemId", "id of an item"),
        ({"itemId": "\ud800", "kind": "like"}, "itemId", "valid string"),
        ({"itemId": 7, "kind": "like"}, "itemId", "valid string"),
        ({"itemId": ["shirt"], "kind": "like"}, "itemId", "valid string"),
        ({"itemId": "shirt"}, "kind", "required"),
        ({"itemId": "shirt", "kind": None}, "kind", "'like', 'dismiss', 'own' or 'clear'"),
        ({"itemId": "shirt", "kind": "LIKE"}, "kind", "'like', 'dismiss', 'own' or 'clear'"),
        ({"itemId": "shirt", "kind": "hate"}, "kind", "'like', 'dismiss', 'own' or 'clear'"),
        ({"itemId": "shirt", "kind": "\ud800"}, "kind", ""),
        ({"itemId": "shirt", "kind": ["like"]}, "kind", "'like', 'dismiss', 'own' or 'clear'"),
        ({"itemId": "shirt", "kind": "like", "uid": "bob"}, "uid", "Known fields: itemId, kind"),
        ([1, 2], "data", "dictionary"),
        ("hello", "data", "dictionary"),
    ],
)
def test_invalid_feedback_names_its_field_and_what_is_allowed(data: Any, field: str, allowed: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_feedback(data)
    assert caught.value.field == field
    assert field in caught.value.message
    assert allowed in caught.value.message


def test_error_repeats_no_more_of_an_invented_field_than_helps() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_feedback({"itemId": "shirt", "kind": "like", "x" * 10**6: 1})
    assert len(caught.value.message) < 300
