"""The plan of a run: from the catalog's state and the sources' results to the next state. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_jobs.catalog.diff import compare
from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.run_records import GuardResult, format_failures
from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.refresh.guards import count_by_group, failing, source_failed, source_yield


@dataclass(frozen=True)
class RefreshPlan:
    """The catalog's next state, and how it differs from the current one.

    ``counts`` are of all sources that were read, stopped ones included. ``left`` is the number of items whose grace
    period is over. ``stopped`` has the sources that are not updated, with the reasons. ``refused`` says why the run has
    to end, empty if it may go on.
    """

    items: Sequence[CatalogItem]
    counts: Mapping[str, int]
    left: int
    guards: Sequence[GuardResult]
    stopped: Mapping[str, str]
    refused: str


def plan_refresh(
    before: Sequence[CatalogItem],
    results: Sequence[SourceResult],
    least_yield: Mapping[str, float],
    retired: Collection[str],
    now: datetime,
    grace: timedelta,
    accept_change: bool,
) -> RefreshPlan:
    """Decide which sources are updated, and merge their results into the catalog.

    A source that failed or returned far fewer items keeps its earlier ones. ``retired`` sources, which are no longer
    configured, lose theirs. The run is refused if every source is stopped.
    """
    guards = _source_guards(before, results, least_yield)
    stopped = {
        source: format_failures(failures)
        for source, source_guards in guards.items()
        if (failures := failing(source_guards, accept_change))
    }
    updated = frozenset(result.source for result in results if result.source not in stopped) | frozenset(retired)
    items, left = merge(before, _items(r for r in results if r.source in updated), updated, now, grace)
    read = frozenset(result.source for result in results) | frozenset(retired)
    return RefreshPlan(
        items=items,
        counts=compare((item for item in before if item.source in read), _items(results)).counts(),
        left=len(left),
        guards=[guard for source_guards in guards.values() for guard in source_guards],
        stopped=stopped,
        refused="" if len(stopped) < len(results) else "; ".join(stopped.values()),
    )


def merge(
    before: Iterable[CatalogItem],
    found: Iterable[CatalogItem],
    sources: frozenset[str],
    now: datetime,
    grace: timedelta,
) -> tuple[list[CatalogItem], list[str]]:
    """Return the catalog's next state and the ids that left it, both by id.

    ``found`` are all items of ``sources``. Items of other sources stay unchanged. An item that its source no longer has
    stays for the ``grace`` period after it was first missed, so a shop that misses a page for a night loses nothing.
    """
    earlier = {item.id: item for item in before}
    items = {item.id: _with_first_seen(item, earlier.get(item.id)) for item in found}
    left = []
    for item in earlier.values():
        if item.id in items:
            continue
        if item.source not in sources:
            items[item.id] = item
            continue
        missing_since = item.missing_since or now
        if now - missing_since >= grace:
            left.append(item.id)
        else:
            items[item.id] = item.model_copy(update={"missing_since": missing_since})
    return [items[item_id] for item_id in sorted(items)], sorted(left)


def with_predictions(items: Iterable[CatalogItem], categories: Mapping[str, str]) -> list[CatalogItem]:
    """Return the items with the categories that the encoder predicted, by content key."""
    return [item.model_copy(update={"predicted_category": categories.get(item.content_key, "")}) for item in items]


def _source_guards(
    before: Sequence[CatalogItem], results: Sequence[SourceResult], least_yield: Mapping[str, float]
) -> dict[str, list[GuardResult]]:
    counts = count_by_group(item.source for item in before if item.missing_since is None)
    return {
        result.source: [source_failed(result.source, result.failure)]
        if result.failure
        else source_yield(result.source, counts.get(result.source, 0), len(result.items), least_yield[result.source])
        for result in results
    }


def _items(results: Iterable[SourceResult]) -> list[CatalogItem]:
    return [item for result in results for item in result.items]


def _with_first_seen(item: CatalogItem, earlier: CatalogItem | None) -> CatalogItem:
    return item.model_copy(update={"first_seen": earlier.first_seen}) if earlier else item
