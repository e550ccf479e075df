"""Opinions of catalog items."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.person.opinions import MAX_OPINIONS, Opinion, OpinionKind, with_opinion
from closetspace.errors import ResourceExhausted

LIKED, DISMISSED = Opinion(OpinionKind.LIKE, 1), Opinion(OpinionKind.DISMISS, 1)

opinions = st.builds(Opinion, st.sampled_from(OpinionKind), st.integers(0, 2**64 - 1))


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
    full: Mapping[str, Opinion] = {str(number): LIKED for number in range(MAX_OPINIONS)}
    with pytest.raises(ResourceExhausted, match=r"1,000 items.*Clear some"):
        with_opinion(full, "one more", LIKED)
    assert with_opinion(full, "7", LIKED) is full
    assert with_opinion(full, "one more", None) is full
    changed = with_opinion(full, "7", DISMISSED)
    assert (len(changed), changed["7"]) == (MAX_OPINIONS, DISMISSED)
    assert len(with_opinion(with_opinion(full, "7", None), "one more", LIKED)) == MAX_OPINIONS
