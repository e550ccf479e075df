"""What has to hold before an index is published: pure, each a number against its bound."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog_jobs.catalog.run_record import READING, GuardResult

FEW = 20
"""Items. Of fewer, a few that come or go are a large share and mean nothing."""

RECALL, UPLOADED = "recall", "uploaded"
NEVER_ACCEPTED = (RECALL, UPLOADED, READING)
"""How the names of guards begin that no change of a catalog explains: they are of our own faults, and of a source that
was not read to its end."""


@dataclass(frozen=True)
class Bounds:
    """How much may change from one index to the next before a person has to look."""

    least_kept: float = 0.85
    """Share of the earlier count: of all items, of each shop's and of each category's."""

    most_growth: float = 2.0
    """Times the earlier count of all items: a feed that doubles overnight has lost what told its items apart."""

    most_failed: float = 0.1
    """Share of the pictures that were to be embedded, beyond the first `FEW`."""

    least_recall: float = 0.95
    """recall@50 against exact search."""

    least_overlap: float = 0.6
    """Share of the canary closets' first answers that stay, of what both indexes have."""


def trouble(source: str, why: str) -> GuardResult:
    """A source that could not be read to its end."""
    return GuardResult(name=f"{READING} {source}", ok=False, value=0, bound=1, detail=why)


def yields(source: str, had: int, gave: int, least: float) -> list[GuardResult]:
    """The share of a source's items that it gave again, in number; nothing for one that had none."""
    return [_kept(f"yield of {source}", had, gave, least)] if had else []


def counts(name: str, before: Mapping[str, int], after: Mapping[str, int], bounds: Bounds) -> list[GuardResult]:
    """For each group that had items before (a shop, a category) the share of them that is left, in number."""
    return [_kept(f"{name} {group}", before[group], after.get(group, 0), bounds.least_kept) for group in sorted(before)]


def total(before: int, after: int, bounds: Bounds) -> list[GuardResult]:
    """All items against the earlier index: neither far fewer nor far more."""
    if not before:
        return [GuardResult(name="items", ok=after > 0, value=after, bound=1)]
    kept = _kept("items", before, after, bounds.least_kept)
    grown = before < FEW or after <= bounds.most_growth * before
    return [kept, kept.model_copy(update={"name": "growth", "ok": grown, "bound": bounds.most_growth})]


def failed_pictures(failed: int, tried: int, bounds: Bounds) -> GuardResult:
    """The share of pictures that could not be had or read, of those that had to be."""
    return GuardResult(
        name="failed_pictures",
        ok=failed <= max(FEW, bounds.most_failed * tried),
        value=_share(failed, tried),
        bound=bounds.most_failed,
        detail=f"{failed} of {tried} pictures",
    )


def recall(measured: float, bounds: Bounds) -> GuardResult:
    """Annoy against an exact scan."""
    ok = measured >= bounds.least_recall
    return GuardResult(name=RECALL, ok=ok, value=round(measured, 4), bound=bounds.least_recall)


def canaries(overlap: float | None, bounds: Bounds) -> GuardResult:
    """How much of the answers for fixed closets stays; None where there is nothing to compare with."""
    ok = overlap is None or overlap >= bounds.least_overlap
    return GuardResult(name="canaries", ok=ok, value=overlap, bound=bounds.least_overlap)


def uploaded(problem: str) -> GuardResult:
    """Whether the version that was uploaded is, read back, the one that was built."""
    return GuardResult(name=UPLOADED, ok=not problem, value=float(not problem), bound=1, detail=problem)


def failing(guards: Iterable[GuardResult], accept_change: bool) -> list[GuardResult]:
    """The guards that forbid to go on."""
    return [
        guard for guard in guards if not guard.ok and not (accept_change and not guard.name.startswith(NEVER_ACCEPTED))
    ]


def by(groups: Iterable[str]) -> dict[str, int]:
    """How many of each."""
    return dict(Counter(groups))


def _kept(name: str, before: int, after: int, least: float) -> GuardResult:
    return GuardResult(
        name=name,
        ok=before < FEW or after >= least * before,
        value=_share(after, before),
        bound=least,
        detail=f"{before} before, {after} now",
    )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
