"""A person's own say: opinions, what was shown lately, preferences."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.person.person import (
    LONGEST_NAME,
    MOST_BEFORE,
    MOST_KEYS_A_LIST,
    MOST_LISTS,
    MOST_NAMES,
    MOST_OPINIONS,
    Kind,
    Opinion,
    Preferences,
    Shown,
    ShownList,
    parse_preferences,
    with_opinion,
)
from closetspace.errors import ResourceExhausted

LIKED, DISMISSED = Opinion(Kind.LIKE, 1), Opinion(Kind.DISMISS, 1)

opinions = st.builds(Opinion, st.sampled_from(Kind), st.integers(0, 2**64 - 1))
pages = st.tuples(st.integers(0, 14), st.lists(st.integers(0, 2**32 - 1), max_size=120))


@given(st.dictionaries(st.text(max_size=3), opinions, max_size=5), st.text(max_size=3), opinions)
def test_opinion_can_be_repeated_and_taken_back_exactly(
    known: dict[str, Opinion], item_id: str, opinion: Opinion
) -> None:
    given_once = with_opinion(known, item_id, opinion)
    assert given_once == known | {item_id: opinion}
    assert with_opinion(given_once, item_id, opinion) is given_once
    assert with_opinion(given_once, item_id, known.get(item_id)) == known
    cleared = with_opinion(given_once, item_id, None)
    assert item_id not in cleared
    assert with_opinion(cleared, item_id, None) is cleared


def test_there_is_room_for_another_opinion_but_not_for_another_item() -> None:
    full: Mapping[str, Opinion] = {str(number): LIKED for number in range(MOST_OPINIONS)}
    with pytest.raises(ResourceExhausted, match=r"1,000 items.*Clear some"):
        with_opinion(full, "one more", LIKED)
    assert with_opinion(full, "7", LIKED) is full
    assert with_opinion(full, "one more", None) is full
    changed = with_opinion(full, "7", DISMISSED)
    assert (len(changed), changed["7"]) == (MOST_OPINIONS, DISMISSED)
    assert len(with_opinion(with_opinion(full, "7", None), "one more", LIKED)) == MOST_OPINIONS


def shown_by(history: list[tuple[int, list[int]]]) -> Shown:
    shown = Shown()
    for seed, keys in history:
        shown = shown.with_page(seed, keys)
    return shown


@given(st.lists(pages, max_size=40))
def test_what_was_shown_stays_bounded_and_holds_no_list_and_no_key_twice(history: list[tuple[int, list[int]]]) -> None:
    shown = shown_by(history)
    assert len(shown.lists) <= MOST_LISTS
    assert all(0 < len(each.keys) <= MOST_KEYS_A_LIST for each in shown.lists)
    assert all(len(set(each.keys)) == len(each.keys) for each in shown.lists)
    assert len({each.seed for each in shown.lists}) == len(shown.lists)


@given(st.lists(pages, max_size=40))
def test_page_that_was_shown_before_changes_nothing(history: list[tuple[int, list[int]]]) -> None:
    shown = shown_by(history)
    for each in shown.lists:
        assert shown.with_page(each.seed, each.keys) is shown
        assert shown.with_page(each.seed, ()) is shown
    assert shown.with_page(99, ()) is shown, "a list of which nothing was shown is no list"


@given(st.lists(pages, max_size=30), pages, st.lists(pages, max_size=30))
def test_list_is_damped_by_the_same_lists_as_the_first_time(
    earlier: list[tuple[int, list[int]]], page: tuple[int, list[int]], later: list[tuple[int, list[int]]]
) -> None:
    """As long as no more than four lists began since; further pages of the earlier ones may make those longer."""
    seed, since = 99, 0
    shown = shown_by(earlier)
    first = shown.before(seed)
    assert first == shown.lists[::-1][:MOST_BEFORE]
    shown = shown.with_page(seed, [*page[1], 1])
    assert shown.before(seed) == first
    for other, keys in later:
        since += bool(keys) and other not in {each.seed for each in shown.lists}
        if since > MOST_LISTS - 1 - MOST_BEFORE:
            break
        shown = shown.with_page(other, keys)
        again = shown.before(seed)
        assert [each.seed for each in again] == [each.seed for each in first]
        assert all(now.keys[: len(then.keys)] == then.keys for now, then in zip(again, first, strict=True))


def test_latest_list_comes_first_and_the_oldest_goes() -> None:
    shown = shown_by([(seed, [seed]) for seed in range(MOST_LISTS + 2)])
    assert [each.seed for each in shown.before(10)] == [9, 8, 7, 6, 5]
    assert [each.seed for each in shown.before(0)] == [11, 10, 9, 8, 7], "it has gone: it is new again"
    assert shown.before(2) == ()


def test_further_pages_of_an_old_list_leave_it_where_it_is() -> None:
    shown = shown_by([(1, [10, 11]), (2, [20]), (1, [11, 12])])
    assert shown.lists == (ShownList(1, (10, 11, 12)), ShownList(2, (20,)))


def test_list_that_is_full_keeps_what_was_shown_first() -> None:
    shown = Shown().with_page(1, range(MOST_KEYS_A_LIST - 1)).with_page(1, (900, 901))
    assert shown.lists[0].keys == (*range(MOST_KEYS_A_LIST - 1), 900)
    assert shown.with_page(1, (902,)) is shown


def test_preferences_are_read_as_they_were_set() -> None:
    document = {
        "gender": "Women",
        "usage": ["Casual", "Sports", "Casual"],
        "colours": ["navy blue"],
        "brands_out": ["Kestrel"],
        "explore": 0,
        "serendipity": 1,
        "mix": 0.25,
        "theme": "dark",
    }
    assert parse_preferences(document) == Preferences(
        gender="Women",
        usage=frozenset({"Casual", "Sports"}),
        colours=frozenset({"navy blue"}),
        brands_out=frozenset({"Kestrel"}),
        explore=0.0,
        serendipity=1.0,
        mix=0.25,
    )


@pytest.mark.parametrize("document", [None, {}, dict.fromkeys(Preferences.__dataclass_fields__)])
def test_preferences_that_nobody_set_are_not_set(document: Mapping[str, Any] | None) -> None:
    assert parse_preferences(document) == Preferences()


NO_NAME: list[Any] = ["", "  ", "x" * (LONGEST_NAME + 1), 7, True, ["Men"], {"a": 1}, b"Men"]
NO_NAMES: list[Any] = [[], "red", {"red": True}, [7], ["red", 7], ["red", None], [["red"]], [{"a": []}], [""]]
NO_SHARE: list[Any] = [-0.01, 1.01, float("nan"), float("inf"), 10**400, "0.5", True, [0.5], datetime.now(UTC)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("gender", value) for value in NO_NAME),
        *((field, value) for field in ("usage", "colours", "brands_out") for value in NO_NAMES),
        *((field, value) for field in ("explore", "serendipity", "mix") for value in NO_SHARE),
        ("usage", ["x" * (LONGEST_NAME + 1)]),
        ("colours", ["red"] * (MOST_NAMES + 1)),
    ],
)
def test_preference_that_is_no_such_thing_is_not_set_and_leaves_the_others(field: str, value: Any) -> None:
    others = {"gender": "Men", "usage": ["Casual"], "mix": 0.5}
    expected = parse_preferences({name: kept for name, kept in others.items() if name != field})
    assert parse_preferences(others | {field: value}) == expected


@given(
    st.dictionaries(
        st.sampled_from(sorted(Preferences.__dataclass_fields__)),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
            max_leaves=5,
        ),
    )
)
def test_no_document_breaks_the_reading_of_preferences(document: dict[str, Any]) -> None:
    found = parse_preferences(document)
    assert found.explore is None or 0 <= found.explore <= 1
    assert found.usage is None or found.usage
