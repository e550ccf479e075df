"""Cursors: what they hold, and which texts are refused."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.ranking.paging import MAX_SHOWN, Cursor
from closetspace.errors import InvalidInput


@given(st.text(max_size=60))
def test_cursor_from_arbitrary_text_is_refused_or_encodes_to_the_same_text(text: str) -> None:
    with suppress(InvalidInput):
        assert Cursor.decode(text).encode() == text.rstrip("=")


@given(st.integers(0, 2**53 - 1), st.lists(st.integers(0, 2**64 - 1), max_size=50))
def test_decoded_cursor_equals_the_encoded_one(seed: int, keys: list[int]) -> None:
    cursor = Cursor(seed).after(keys)
    assert cursor is not None
    assert Cursor.decode(cursor.encode()) == cursor


def test_list_ends_before_its_cursor_exceeds_the_limit() -> None:
    assert Cursor(1).after(range(MAX_SHOWN)) is None
    longest = Cursor(1).after(range(MAX_SHOWN - 1))
    assert longest is not None
    assert len(longest.encode()) < 12_000
