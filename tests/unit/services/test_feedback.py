"""Storing feedback: opinions of items, their limit, and items that left the catalog."""

from typing import Any, cast

import numpy as np
import pytest

from closetspace.adapters.memory import MemoryDatabase
from closetspace.domain.index.index import Index, Keys, Rows
from closetspace.domain.person.opinions import MAX_OPINIONS, Opinion, OpinionKind
from closetspace.errors import InvalidInput, ResourceExhausted, Transient
from closetspace.services.feedback import FeedbackKeeper

LARGEST_KEY = 2**64 - 1


class ProductIndex:
    """The part of an index that feedback reads: its items and their products' keys."""

    def __init__(self, **keys: int) -> None:
        self.keys = keys

    def rows_of(self, item_ids: list[str]) -> Rows:
        ids = list(self.keys)
        return np.array([ids.index(i) if i in ids else -1 for i in item_ids], np.int64)

    def products(self, rows: Rows) -> Keys:
        return np.array(list(self.keys.values()), np.uint64)[rows]


@pytest.fixture
def people() -> MemoryDatabase:
    return MemoryDatabase()


@pytest.fixture
def index() -> ProductIndex:
    return ProductIndex(shirt=7, shoes=LARGEST_KEY)


@pytest.fixture
def keeper(people: MemoryDatabase, index: ProductIndex) -> FeedbackKeeper:
    return FeedbackKeeper(people, lambda _: cast(Index, index))


def test_opinion_is_stored_with_its_product(keeper: FeedbackKeeper, people: MemoryDatabase) -> None:
    keeper.give("ann", "shoes", OpinionKind.LIKE)
    assert people.person("ann").opinions == {"shoes": Opinion(OpinionKind.LIKE, LARGEST_KEY)}
    assert people.person("bob").opinions == {}


@pytest.mark.parametrize("kind", OpinionKind)
def test_giving_or_clearing_an_opinion_twice_changes_nothing(
    keeper: FeedbackKeeper, people: MemoryDatabase, kind: OpinionKind
) -> None:
    for _ in range(2):
        keeper.give("ann", "shirt", kind)
        assert people.person("ann").opinions == {"shirt": Opinion(kind, 7)}
    for _ in range(2):
        keeper.give("ann", "shirt", None)
        assert people.person("ann").opinions == {}


def test_new_opinion_replaces_the_previous_one(keeper: FeedbackKeeper, people: MemoryDatabase) -> None:
    for kind in (OpinionKind.LIKE, OpinionKind.DISMISS, OpinionKind.OWN):
        keeper.give("ann", "shirt", kind)
    assert people.person("ann").opinions == {"shirt": Opinion(OpinionKind.OWN, 7)}


def test_unknown_item_is_refused(keeper: FeedbackKeeper, people: MemoryDatabase) -> None:
    with pytest.raises(InvalidInput, match="itemId: there is no such item") as caught:
        keeper.give("ann", "nonsense", OpinionKind.LIKE)
    assert caught.value.field == "itemId"
    keeper.give("bob", "shirt", OpinionKind.LIKE)
    with pytest.raises(InvalidInput):
        keeper.give("bob", "nonsense", OpinionKind.LIKE)
    keeper.give("ann", "nonsense", None)
    assert people.person("ann").opinions == {}


def test_opinion_of_an_item_that_left_the_catalog_can_be_changed_by_its_owner(
    keeper: FeedbackKeeper, people: MemoryDatabase, index: ProductIndex
) -> None:
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    del index.keys["shirt"]
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


def test_opinion_follows_an_item_to_another_product(
    keeper: FeedbackKeeper, people: MemoryDatabase, index: ProductIndex
) -> None:
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    index.keys["shirt"] = 8
    keeper.give("ann", "shirt", OpinionKind.DISMISS)
    assert people.person("ann").opinions == {"shirt": Opinion(OpinionKind.DISMISS, 8)}


def test_person_at_the_limit_can_change_opinions_but_not_add_any(
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


def test_opinion_can_be_cleared_without_an_index(people: MemoryDatabase) -> None:
    def fail(_: Any) -> Index:
        raise Transient("There is no catalog index yet.")

    people.give_opinion("ann", "shirt", Opinion(OpinionKind.LIKE, 7))
    keeper = FeedbackKeeper(people, fail)
    with pytest.raises(Transient):
        keeper.give("ann", "shirt", OpinionKind.LIKE)
    keeper.give("ann", "shirt", None)
    assert people.person("ann").opinions == {}
