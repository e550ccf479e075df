"""The lists that a person was shown."""

from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.person.shown import MAX_EARLIER_LISTS, MAX_KEYS_PER_LIST, MAX_LISTS, ShownList, ShownLists

pages = st.tuples(st.integers(0, 14), st.lists(st.integers(0, 2**32 - 1), max_size=120))


def shown_lists(history: list[tuple[int, list[int]]]) -> ShownLists:
    shown = ShownLists()
    for seed, keys in history:
        shown = shown.with_page(seed, keys)
    return shown


@given(st.lists(pages, max_size=40))
def test_shown_lists_are_bounded_and_without_duplicates(history: list[tuple[int, list[int]]]) -> None:
    shown = shown_lists(history)
    assert len(shown.lists) <= MAX_LISTS
    assert all(0 < len(each.keys) <= MAX_KEYS_PER_LIST for each in shown.lists)
    assert all(len(set(each.keys)) == len(each.keys) for each in shown.lists)
    assert len({each.seed for each in shown.lists}) == len(shown.lists)


@given(st.lists(pages, max_size=40))
def test_repeated_page_changes_nothing(history: list[tuple[int, list[int]]]) -> None:
    shown = shown_lists(history)
    for each in shown.lists:
        assert shown.with_page(each.seed, each.keys) is shown
        assert shown.with_page(each.seed, ()) is shown
    assert shown.with_page(99, ()) is shown, "an empty list is not stored"


@given(st.lists(pages, max_size=30), pages, st.lists(pages, max_size=30))
def test_repeated_list_has_the_same_earlier_lists(
    earlier: list[tuple[int, list[int]]], page: tuple[int, list[int]], later: list[tuple[int, list[int]]]
) -> None:
    """At most four lists begin in between; the earlier lists may get further pages."""
    seed, since = 99, 0
    shown = shown_lists(earlier)
    first = shown.before(seed)
    assert first == shown.lists[::-1][:MAX_EARLIER_LISTS]
    shown = shown.with_page(seed, [*page[1], 1])
    assert shown.before(seed) == first
    for other, keys in later:
        since += bool(keys) and other not in {each.seed for each in shown.lists}
        if since > MAX_LISTS - 1 - MAX_EARLIER_LISTS:
            break
        shown = shown.with_page(other, keys)
        again = shown.before(seed)
        assert [each.seed for each in again] == [each.seed for each in first]
        assert all(now.keys[: len(then.keys)] == then.keys for now, then in zip(again, first, strict=True))


def test_latest_list_comes_first_and_the_oldest_is_dropped() -> None:
    shown = shown_lists([(seed, [seed]) for seed in range(MAX_LISTS + 2)])
    assert [each.seed for each in shown.before(10)] == [9, 8, 7, 6, 5]
    assert [each.seed for each in shown.before(0)] == [11, 10, 9, 8, 7], "a dropped list counts as new"
    assert shown.before(2) == ()


def test_further_page_of_an_old_list_keeps_its_position() -> None:
    shown = shown_lists([(1, [10, 11]), (2, [20]), (1, [11, 12])])
    assert shown.lists == (ShownList(1, (10, 11, 12)), ShownList(2, (20,)))


def test_full_list_keeps_its_first_keys() -> None:
    shown = ShownLists().with_page(1, range(MAX_KEYS_PER_LIST - 1)).with_page(1, (900, 901))
    assert shown.lists[0].keys == (*range(MAX_KEYS_PER_LIST - 1), 900)
    assert shown.with_page(1, (902,)) is shown
