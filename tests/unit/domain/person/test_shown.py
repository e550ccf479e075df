"""What a person was shown lately."""

from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.person.shown import MAX_EARLIER_LISTS, MAX_KEYS_PER_LIST, MAX_LISTS, ShownList, ShownLists

pages = st.tuples(st.integers(0, 14), st.lists(st.integers(0, 2**32 - 1), max_size=120))


def shown_by(history: list[tuple[int, list[int]]]) -> ShownLists:
    shown = ShownLists()
    for seed, keys in history:
        shown = shown.with_page(seed, keys)
    return shown


@given(st.lists(pages, max_size=40))
def test_what_was_shown_stays_bounded_and_holds_no_list_and_no_key_twice(history: list[tuple[int, list[int]]]) -> None:
    shown = shown_by(history)
    assert len(shown.lists) <= MAX_LISTS
    assert all(0 < len(each.keys) <= MAX_KEYS_PER_LIST for each in shown.lists)
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


def test_latest_list_comes_first_and_the_oldest_goes() -> None:
    shown = shown_by([(seed, [seed]) for seed in range(MAX_LISTS + 2)])
    assert [each.seed for each in shown.before(10)] == [9, 8, 7, 6, 5]
    assert [each.seed for each in shown.before(0)] == [11, 10, 9, 8, 7], "it has gone: it is new again"
    assert shown.before(2) == ()


def test_further_pages_of_an_old_list_leave_it_where_it_is() -> None:
    shown = shown_by([(1, [10, 11]), (2, [20]), (1, [11, 12])])
    assert shown.lists == (ShownList(1, (10, 11, 12)), ShownList(2, (20,)))


def test_list_that_is_full_keeps_what_was_shown_first() -> None:
    shown = ShownLists().with_page(1, range(MAX_KEYS_PER_LIST - 1)).with_page(1, (900, 901))
    assert shown.lists[0].keys == (*range(MAX_KEYS_PER_LIST - 1), 900)
    assert shown.with_page(1, (902,)) is shown
