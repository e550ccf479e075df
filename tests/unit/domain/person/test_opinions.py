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
def test_opinion_is_stored_once_and_removed_without_a_trace(
    earlier: dict[str, Opinion], item_id: str, opinion: Opinion
) -> None:
    added = with_opinion(earlier, item_id, opinion)
    assert added == earlier | {item_id: opinion}
    assert with_opinion(added, item_id, opinion) is added
    assert with_opinion(added, item_id, earlier.get(item_id)) == earlier
    cleared = with_opinion(added, item_id, None)
    assert item_id not in cleared
    assert with_opinion(cleared, item_id, None) is cleared


def test_limit_of_opinions_refuses_new_items_and_allows_changes() -> None:
    full: Mapping[str, Opinion] = {str(number): LIKED for number in range(MAX_OPINIONS)}
    with pytest.raises(ResourceExhausted, match=r"1,000 items.*Clear some"):
        with_opinion(full, "one more", LIKED)
    assert with_opinion(full, "7", LIKED) is full
    assert with_opinion(full, "one more", None) is full
    changed = with_opinion(full, "7", DISMISSED)
    assert (len(changed), changed["7"]) == (MAX_OPINIONS, DISMISSED)
    assert len(with_opinion(with_opinion(full, "7", None), "one more", LIKED)) == MAX_OPINIONS
