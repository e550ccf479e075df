"""Every guard on both sides of its bound."""

import math
from dataclasses import fields

import pytest

from catalog_jobs.catalog.run_record import GuardResult, format_failures
from catalog_jobs.refresh import guards
from catalog_jobs.refresh.guards import FEW, Bounds

BOUNDS = Bounds()


def test_every_bound_is_one_that_is_held_here() -> None:
    assert {bound.name for bound in fields(Bounds)} == {
        "least_kept",
        "most_growth",
        "most_failed",
        "least_recall",
        "least_overlap",
    }


@pytest.mark.parametrize(("after", "ok"), [(100, True), (85, True), (84, False), (0, False)])
def test_the_catalog_may_not_shrink_beyond_its_bound(after: int, ok: bool) -> None:
    kept, growth = guards.total(100, after, BOUNDS)
    assert (kept.name, kept.ok, kept.value, kept.bound) == ("items", ok, after / 100, 0.85)
    assert growth.ok


@pytest.mark.parametrize(("after", "ok"), [(100, True), (200, True), (201, False)])
def test_the_catalog_may_not_grow_beyond_its_bound(after: int, ok: bool) -> None:
    kept, growth = guards.total(100, after, BOUNDS)
    assert (growth.name, growth.ok, growth.value, growth.bound) == ("growth", ok, after / 100, 2.0)
    assert kept.ok


@pytest.mark.parametrize(("after", "ok"), [(0, False), (1, True), (10_000, True)])
def test_a_first_index_needs_an_item(after: int, ok: bool) -> None:
    assert [(g.name, g.ok, g.value, g.bound) for g in guards.total(0, after, BOUNDS)] == [("items", ok, after, 1)]


@pytest.mark.parametrize(("before", "ok"), [(FEW - 1, True), (FEW, False)])
def test_of_a_few_items_any_number_may_come_or_go(before: int, ok: bool) -> None:
    shrunk, _ = guards.total(before, 0, BOUNDS)
    _, grown = guards.total(before, 1_000, BOUNDS)
    (shop,) = guards.counts("shop", {"north": before}, {}, BOUNDS)
    (gave,) = guards.yields("north", before, 0, 0.8)
    assert [shrunk.ok, grown.ok, shop.ok, gave.ok] == [ok] * 4


def test_each_group_that_was_there_is_held_to_its_count() -> None:
    found = guards.counts("category", {"Shoes": 100, "Bags": 100}, {"Shoes": 84, "Bags": 85, "Hats": 1}, BOUNDS)
    assert [(g.name, g.ok, g.value, g.bound) for g in found] == [
        ("category Bags", True, 0.85, 0.85),
        ("category Shoes", False, 0.84, 0.85),
    ]
    assert found[1].detail == "100 before, 84 now"


def test_a_group_that_is_gone_has_no_item_left() -> None:
    (found,) = guards.counts("shop", {"north": 100}, {}, BOUNDS)
    assert (found.ok, found.value) == (False, 0)


@pytest.mark.parametrize(("gave", "ok"), [(80, True), (79, False), (300, True)])
def test_a_source_has_to_give_what_its_configuration_says(gave: int, ok: bool) -> None:
    (found,) = guards.yields("north", 100, gave, 0.8)
    assert (found.name, found.ok, found.value, found.bound) == ("yield of north", ok, gave / 100, 0.8)


def test_a_source_that_had_nothing_owes_nothing() -> None:
    assert guards.yields("north", 0, 0, 0.8) == []


@pytest.mark.parametrize(
    ("failed", "tried", "ok"),
    [(0, 0, True), (FEW, FEW, True), (FEW + 1, FEW + 1, False), (100, 1000, True), (101, 1000, False)],
)
def test_a_share_of_the_pictures_may_fail_and_a_few_always(failed: int, tried: int, ok: bool) -> None:
    found = guards.failed_pictures(failed, tried, BOUNDS)
    assert (found.name, found.ok, found.bound) == ("failed_pictures", ok, 0.1)
    assert found.value == pytest.approx(failed / tried if tried else 0, abs=1e-4)


@pytest.mark.parametrize(("measured", "ok"), [(1.0, True), (0.95, True), (0.9499999, False)])
def test_recall_has_a_least(measured: float, ok: bool) -> None:
    assert guards.recall(measured, BOUNDS).ok is ok


@pytest.mark.parametrize(("overlap", "ok"), [(None, True), (1.0, True), (0.6, True), (0.59, False)])
def test_canaries_have_a_least_where_there_are_any(overlap: float | None, ok: bool) -> None:
    found = guards.canaries(overlap, BOUNDS)
    assert (found.ok, found.value, found.bound) == (ok, overlap, 0.6)


def test_an_upload_with_a_problem_fails() -> None:
    assert guards.uploaded("").ok
    found = guards.uploaded("a file is missing")
    assert (found.ok, found.detail) == (False, "a file is missing")


ALL_FAILING = [
    guards.recall(0.5, BOUNDS),
    guards.uploaded("a file is missing"),
    guards.trouble("north", "A captcha."),
    *guards.yields("north", 100, 1, 0.8),
    *guards.counts("shop", {"north": 100}, {}, BOUNDS),
    *guards.counts("category", {"Shoes": 100}, {}, BOUNDS),
    *(g for g in guards.total(100, 10, BOUNDS) if not g.ok),
    *(g for g in guards.total(100, 900, BOUNDS) if not g.ok),
    guards.failed_pictures(900, 1000, BOUNDS),
    guards.canaries(0.1, BOUNDS),
]


def test_every_failing_guard_forbids_to_go_on() -> None:
    assert guards.failing([*ALL_FAILING, guards.recall(1, BOUNDS)], accept_change=False) == ALL_FAILING


def test_an_accepted_change_excuses_no_fault_of_ours_and_no_source_in_trouble() -> None:
    left = guards.failing(ALL_FAILING, accept_change=True)
    assert [guard.name for guard in left] == ["recall", "uploaded", "reading of north"]


def test_failing_guards_are_told_with_value_bound_and_what_of() -> None:
    low = guards.yields("north", 100, 60, 0.8)
    assert format_failures([*low, guards.trouble("south", "A captcha.")]) == (
        "yield of north is 0.6, the bound is 0.8 (100 before, 60 now); reading of south: A captcha."
    )
    assert format_failures([guards.recall(0.5, BOUNDS)]) == "recall is 0.5, the bound is 0.95"


def test_no_guard_says_what_json_can_not() -> None:
    everything: list[GuardResult] = [*ALL_FAILING, *guards.total(0, 0, BOUNDS), guards.failed_pictures(0, 0, BOUNDS)]
    assert all(math.isfinite(guard.value or 0) and math.isfinite(guard.bound or 0) for guard in everything)


def test_things_are_counted_by_group() -> None:
    assert guards.by(["a", "b", "a"]) == {"a": 2, "b": 1}
