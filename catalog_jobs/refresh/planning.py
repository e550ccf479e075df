"""From what was before and what the sources said to what is to be done: pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog_jobs.catalog.diff import compare
from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.run_record import GuardResult, format_failures
from catalog_jobs.catalog.source_result import Scraped
from catalog_jobs.refresh.guards import by, failing, trouble, yields
from catalog_jobs.refresh.merging import merged


@dataclass(frozen=True)
class Planned:
    """The catalog's next state, and how it comes about.

    ``counts`` are of the sources that were read, whether their update is stopped or not; ``left`` is how many items'
    grace was over. ``refused`` says why nothing may be done, empty where something may.
    """

    items: Sequence[CatalogItem]
    counts: Mapping[str, int]
    left: int
    guards: Sequence[GuardResult]
    stopped: Mapping[str, str]
    refused: str


def plan(
    before: Sequence[CatalogItem],
    scraped: Sequence[Scraped],
    least_yield: Mapping[str, float],
    retired: Collection[str],
    now: datetime,
    grace: timedelta,
    accept_change: bool,
) -> Planned:
    """Decide whose update counts, and merge what those say.

    A source in trouble, or that gives far less than before, keeps the items it had; ``retired`` ones, which nobody
    reads any more, lose theirs. Where every source is stopped, the run is refused.
    """
    checked = _checked(before, scraped, least_yield)
    stopped = {
        source: format_failures(refusing)
        for source, results in checked.items()
        if (refusing := failing(results, accept_change))
    }
    updated = frozenset(s.source for s in scraped if s.source not in stopped) | frozenset(retired)
    next_state = merged(before, _items(s for s in scraped if s.source in updated), updated, now, grace)
    read = frozenset(s.source for s in scraped) | frozenset(retired)
    return Planned(
        items=next_state.items,
        counts=compare((item for item in before if item.source in read), _items(scraped)).counts(),
        left=len(next_state.left),
        guards=[result for results in checked.values() for result in results],
        stopped=stopped,
        refused="" if len(stopped) < len(scraped) else "; ".join(stopped.values()),
    )


def _checked(
    before: Sequence[CatalogItem], scraped: Sequence[Scraped], least: Mapping[str, float]
) -> dict[str, list[GuardResult]]:
    had = by(item.source for item in before if item.missing_since is None)
    return {
        one.source: [trouble(one.source, one.trouble)]
        if one.trouble
        else yields(one.source, had.get(one.source, 0), len(one.items), least[one.source])
        for one in scraped
    }


def _items(scraped: Iterable[Scraped]) -> list[CatalogItem]:
    return [item for one in scraped for item in one.items]
