"""The plan of a run: from the catalog's state and the sources' results to the next state. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from catalog_jobs.catalog.diff import compare
from catalog_jobs.catalog.item_table import (
    KEY,
    SCHEMA,
    TEXT,
    TIME,
    ItemRows,
    JoinedRows,
    count_by_value,
    is_of,
    is_unique,
    with_unique,
)
from catalog_jobs.catalog.run_records import GuardResult, format_failures
from catalog_jobs.catalog.snapshots import StoredItems
from catalog_jobs.catalog.source import SourceTable
from catalog_jobs.refresh.embedding_store import StoredKeys
from catalog_jobs.refresh.guards import failing, source_failed, source_yield


@dataclass(frozen=True)
class RefreshPlan:
    """The catalog's next state, and how it differs from the current one.

    ``counts`` are of all sources that were read, stopped ones included. ``left`` is the number of items whose grace
    period is over. ``stopped`` has the sources that are not updated, with the reasons. ``refused`` says why the run has
    to end, empty if it may go on.
    """

    items: pa.Table
    counts: Mapping[str, int]
    left: int
    guards: Sequence[GuardResult]
    stopped: Mapping[str, str]
    refused: str


def plan_refresh(
    before: ItemRows,
    results: Sequence[SourceTable],
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
    updated = {result.source for result in results if result.source not in stopped} | set(retired)
    items, left = merge(before, _items(r for r in results if r.source in updated), updated, now, grace)
    read = {result.source for result in results} | set(retired)
    return RefreshPlan(
        items=items,
        counts=compare(before, _items(results), read).counts(),
        left=left,
        guards=[guard for source_guards in guards.values() for guard in source_guards],
        stopped=stopped,
        refused="" if len(stopped) < len(results) else "; ".join(stopped.values()),
    )


def merge(
    before: ItemRows, found: ItemRows, sources: Collection[str], now: datetime, grace: timedelta
) -> tuple[pa.Table, int]:
    """Return the catalog's next state, and the number of items that left it.

    ``found`` are all items of ``sources``. Items of other sources stay unchanged. An item that its source no longer has
    stays for the ``grace`` period after it was first missed, so a shop that misses a page for a night loses nothing.
    """
    earlier = pc.index_in(found["id"], value_set=before["id"])
    first_seen = pc.coalesce(before["first_seen"].take(earlier), found["first_seen"])
    others = before.filter(pc.invert(pc.is_in(before["id"], value_set=found["id"])))
    is_missing = is_of(others, sources)
    missing_since = pc.if_else(is_missing, pc.coalesce(others["missing_since"], _time(now)), others["missing_since"])
    has_left = pc.and_kleene(is_missing, pc.less_equal(missing_since, _time(now - grace)))
    return (
        pa.concat_tables(
            [
                _with_column(found.select(SCHEMA.names), "first_seen", first_seen),
                _with_column(others, "missing_since", missing_since).filter(pc.invert(has_left)),
            ]
        ),
        pc.sum(has_left).as_py() or 0,
    )


def is_unchanged(before: StoredItems, after: pa.Table) -> bool:
    """Return whether no item differs in what its shop says, or in what decides how long it stays.

    ``before`` is in the order of the ids. It is read a few rows at a time.
    """
    if len(before) != len(after):
        return False
    after = after.select([name for name in SCHEMA.names if name not in ("last_seen", "predicted_category")])
    order, start = pc.sort_indices(after["id"]), 0
    for batch in before.batches():
        if not batch.select(after.column_names).equals(after.take(order.slice(start, len(batch)))):
            return False
        start += len(batch)
    return True


def with_predictions(items: pa.Table, stored: StoredKeys) -> pa.Table:
    """Return the items, which have content keys, with the categories that the encoder predicted."""
    return _with_column(items, "predicted_category", pc.fill_null(stored.categories_of(items[KEY]), "").cast(TEXT))


def _source_guards(
    before: ItemRows, results: Sequence[SourceTable], least_yield: Mapping[str, float]
) -> dict[str, list[GuardResult]]:
    counts = count_by_value(before["source"].filter(pc.is_null(before["missing_since"])))
    return {
        result.source: [source_failed(result.source, result.failure)]
        if result.failure
        else source_yield(result.source, counts.get(result.source, 0), len(result.items), least_yield[result.source])
        for result in results
    }


def _items(results: Iterable[SourceTable]) -> ItemRows:
    """Return the items of all results. If two have an id, the later one's item counts."""
    items = JoinedRows([result.items for result in results])
    return items if is_unique(items["id"]) else with_unique(items.select(SCHEMA.names), "id")


def _with_column(items: pa.Table, name: str, values: pa.ChunkedArray) -> pa.Table:
    place = items.schema.get_field_index(name)
    return items.set_column(place, items.schema.field(place), values)


def _time(when: datetime) -> pa.Scalar:
    return pa.scalar(when, TIME)
