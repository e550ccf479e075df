"""Every guard, on both sides of its bound."""

import math
from dataclasses import fields

import pytest

from catalog_jobs.catalog.run_records import GuardResult, format_failures
from catalog_jobs.refresh import guards
from catalog_jobs.refresh.guards import FEW, Bounds

BOUNDS = Bounds()


def test_these_tests_cover_every_bound() -> None:
    assert {bound.name for bound in fields(Bounds)} == {
        "least_kept",
        "most_growth",
        "most_failed",
        "least_recall",
        "least_agreement",
        "least_overlap",
    }


@pytest.mark.parametrize(("after", "ok"), [(100, True), (85, True), (84, False), (0, False)])
def test_catalog_must_not_shrink_below_its_bound(after: int, ok: bool) -> None:
    kept, growth = guards.total_count(100, after, BOUNDS)
    assert (kept.name, kept.ok, kept.value, kept.bound) == ("items", ok, after / 100, 0.85)
    assert growth.ok


@pytest.mark.parametrize(("after", "ok"), [(100, True), (200, True), (201, False)])
def test_catalog_must_not_grow_beyond_its_bound(after: int, ok: bool) -> None:
    kept, growth = guards.total_count(100, after, BOUNDS)
    assert (growth.name, growth.ok, growth.value, growth.bound) == ("growth", ok, after / 100, 2.0)
    assert kept.ok


@pytest.mark.parametrize(("after", "ok"), [(0, False), (1, True), (10_000, True)])
def test_first_index_needs_an_item(after: int, ok: bool) -> None:
    assert [(g.name, g.ok, g.value, g.bound) for g in guards.total_count(0, after, BOUNDS)] == [("items", ok, after, 1)]


@pytest.mark.parametrize(("before", "ok"), [(FEW - 1, True), (FEW, False)])
def test_few_items_may_change_by_any_number(before: int, ok: bool) -> None:
    shrunk, _ = guards.total_count(before, 0, BOUNDS)
    _, grown = guards.total_count(before, 1_000, BOUNDS)
    (shop,) = guards.group_counts("shop", {"north": before}, {}, BOUNDS)
    (gave,) = guards.source_yield("north", before, 0, 0.8)
    assert [shrunk.ok, grown.ok, shop.ok, gave.ok] == [ok] * 4


def test_each_earlier_group_is_compared_with_its_count() -> None:
    found = guards.group_counts("category", {"Shoes": 100, "Bags": 100}, {"Shoes": 84, "Bags": 85, "Hats": 1}, BOUNDS)
    assert [(g.name, g.ok, g.value, g.bound) for g in found] == [
        ("category Bags", True, 0.85, 0.85),
        ("category Shoes", False, 0.84, 0.85),
    ]
    assert found[1].detail == "100 before, 84 now"


def test_group_that_is_gone_fails_with_zero() -> None:
    (found,) = guards.group_counts("shop", {"north": 100}, {}, BOUNDS)
    assert (found.ok, found.value) == (False, 0)


@pytest.mark.parametrize(("gave", "ok"), [(80, True), (79, False), (300, True)])
def test_source_yield_is_compared_with_the_configured_share(gave: int, ok: bool) -> None:
    (found,) = guards.source_yield("north", 100, gave, 0.8)
    assert (found.name, found.ok, found.value, found.bound) == ("yield of north", ok, gave / 100, 0.8)


def test_source_without_earlier_items_has_no_yield_guard() -> None:
    assert guards.source_yield("north", 0, 0, 0.8) == []


@pytest.mark.parametrize(
    ("failed", "tried", "ok"),
    [(0, 0, True), (FEW, FEW, True), (FEW + 1, FEW + 1, False), (100, 1000, True), (101, 1000, False)],
)
def test_few_images_or_a_share_of_them_may_fail(failed: int, tried: int, ok: bool) -> None:
    found = guards.failed_images(failed, tried, BOUNDS)
    assert (found.name, found.ok, found.bound) == ("failed_pictures", ok, 0.1)
    assert found.value == pytest.approx(failed / tried if tried else 0, abs=1e-4)


@pytest.mark.parametrize(("measured", "ok"), [(1.0, True), (0.95, True), (0.9499999, False)])
def test_recall_must_reach_its_bound(measured: float, ok: bool) -> None:
    recall, lists = guards.search(measured, 1.0, BOUNDS)
    assert (recall.name, recall.ok, lists.ok) == ("recall", ok, True)


@pytest.mark.parametrize(("measured", "ok"), [(1.0, True), (0.9, True), (0.8999999, False)])
def test_lists_must_agree_with_an_exact_ranking_also_where_there_is_no_annoy(measured: float, ok: bool) -> None:
    (lists,) = guards.search(None, measured, BOUNDS)
    assert (lists.name, lists.ok, lists.bound) == ("lists", ok, 0.9)


@pytest.mark.parametrize(("overlap", "ok"), [(None, True), (1.0, True), (0.6, True), (0.59, False)])
def test_canaries_must_reach_their_bound_if_there_are_any(overlap: float | None, ok: bool) -> None:
    found = guards.canaries(overlap, BOUNDS)
    assert (found.ok, found.value, found.bound) == (ok, overlap, 0.6)


def test_upload_with_a_problem_fails() -> None:
    assert guards.uploaded("").ok
    found = guards.uploaded("a file is missing")
    assert (found.ok, found.detail) == (False, "a file is missing")


ALL_FAILING = [
    *guards.search(0.5, 0.5, BOUNDS),
    guards.uploaded("a file is missing"),
    guards.source_failed("north", "A captcha."),
    *guards.source_yield("north", 100, 1, 0.8),
    *guards.group_counts("shop", {"north": 100}, {}, BOUNDS),
    *guards.group_counts("category", {"Shoes": 100}, {}, BOUNDS),
    *(g for g in guards.total_count(100, 10, BOUNDS) if not g.ok),
    *(g for g in guards.total_count(100, 900, BOUNDS) if not g.ok),
    guards.failed_images(900, 1000, BOUNDS),
    guards.canaries(0.1, BOUNDS),
]


def test_every_failing_guard_stops_the_run() -> None:
    assert guards.failing([*ALL_FAILING, *guards.search(1, 1, BOUNDS)], accept_change=False) == ALL_FAILING


def test_accepted_change_does_not_override_errors_and_failed_sources() -> None:
    left = guards.failing(ALL_FAILING, accept_change=True)
    assert [guard.name for guard in left] == ["recall", "lists", "uploaded", "reading of north"]


def test_format_failures_names_value_bound_and_detail() -> None:
    low = guards.source_yield("north", 100, 60, 0.8)
    assert format_failures([*low, guards.source_failed("south", "A captcha.")]) == (
        "yield of north is 0.6, the bound is 0.8 (100 before, 60 now); reading of south: A captcha."
    )
    assert format_failures(guards.search(0.5, 1, BOUNDS)[:1]) == "recall is 0.5, the bound is 0.95"


def test_guards_have_no_values_that_json_cannot_represent() -> None:
    everything: list[GuardResult] = [
        *ALL_FAILING,
        *guards.total_count(0, 0, BOUNDS),
        guards.failed_images(0, 0, BOUNDS),
    ]
    assert all(math.isfinite(guard.value or 0) and math.isfinite(guard.bound or 0) for guard in everything)
