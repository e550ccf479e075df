"""Preferences in the documents of clients."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.person.preferences import MAX_NAME_LENGTH, MAX_NAMES, Preferences, parse_preferences


def test_valid_preferences_are_parsed() -> None:
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
def test_missing_preferences_are_not_set(document: Mapping[str, Any] | None) -> None:
    assert parse_preferences(document) == Preferences()


INVALID_NAME: list[Any] = ["", "  ", "x" * (MAX_NAME_LENGTH + 1), 7, True, ["Men"], {"a": 1}, b"Men"]
INVALID_NAMES: list[Any] = [[], "red", {"red": True}, [7], ["red", 7], ["red", None], [["red"]], [{"a": []}], [""]]
INVALID_SHARES: list[Any] = [-0.01, 1.01, float("nan"), float("inf"), 10**400, "0.5", True, [0.5], datetime.now(UTC)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("gender", value) for value in INVALID_NAME),
        *((field, value) for field in ("usage", "colours", "brands_out") for value in INVALID_NAMES),
        *((field, value) for field in ("explore", "serendipity", "mix") for value in INVALID_SHARES),
        ("usage", ["x" * (MAX_NAME_LENGTH + 1)]),
        ("colours", ["red"] * (MAX_NAMES + 1)),
    ],
)
def test_invalid_preference_is_not_set_and_keeps_the_others(field: str, value: Any) -> None:
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
def test_any_document_is_parsed_without_an_error(document: dict[str, Any]) -> None:
    preferences = parse_preferences(document)
    assert preferences.explore is None or 0 <= preferences.explore <= 1
    assert preferences.usage is None or preferences.usage
