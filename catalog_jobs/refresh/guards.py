"""The guards: what has to hold before an index is published. Pure; each compares a number with its bound."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog_jobs.catalog.run_records import READING, GuardResult

FEW = 20
"""Items. Among fewer, a small change is a large share, so their guards pass."""

RECALL, LISTS, UPLOADED = "recall", "lists", "uploaded"
NEVER_ACCEPTED = (RECALL, LISTS, UPLOADED, READING)
"""The guards, by the beginnings of their names, that `--accept-change` does not override: they detect faults."""


@dataclass(frozen=True)
class Bounds:
    """How much an index may differ from the one before without a person's consent."""

    least_kept: float = 0.85
    """Share of the earlier number of items: in all, of each shop and of each category."""

    most_growth: float = 2.0
    """Times the earlier number of items. A feed that doubles overnight has lost the ids that distinguish items."""

    most_failed: float = 0.1
    """Share of the images to embed that may fail, beyond the first `FEW`."""

    least_recall: float = 0.95
    """Annoy's recall@50 against an exact scan."""

    least_agreement: float = 0.9
    """Share of drawn closets' lists that a ranking of all items lists as well."""

    least_overlap: float = 0.6
    """Share of the first answers to canary closets that stay, among items that both indexes have."""


def source_failed(source: str, failure: str) -> GuardResult:
    """Return the failing guard of a source that was not read to its end."""
    return GuardResult(name=f"{READING} {source}", ok=False, value=0, bound=1, detail=failure)


def source_yield(source: str, before: int, now: int, least: float) -> list[GuardResult]:
    """Compare a source's number of items with the earlier one; no guard if it had none."""
    return [_kept(f"yield of {source}", before, now, least)] if before else []


def group_counts(kind: str, before: Mapping[str, int], after: Mapping[str, int], bounds: Bounds) -> list[GuardResult]:
    """Compare the number of items in each group (shop, category) that had items before."""
    return [_kept(f"{kind} {group}", before[group], after.get(group, 0), bounds.least_kept) for group in sorted(before)]


def total_count(before: int, after: int, bounds: Bounds) -> list[GuardResult]:
    """Compare the number of all items with the earlier index: neither far fewer nor far more."""
    if not before:
        return [GuardResult(name="items", ok=after > 0, value=after, bound=1)]
    kept = _kept("items", before, after, bounds.least_kept)
    grown = before < FEW or after <= bounds.most_growth * before
    return [kept, kept.model_copy(update={"name": "growth", "ok": grown, "bound": bounds.most_growth})]


def failed_images(failed: int, tried: int, bounds: Bounds) -> GuardResult:
    """Check the share of images that could not be downloaded or read."""
    return GuardResult(
        name="failed_pictures",
        ok=failed <= max(FEW, bounds.most_failed * tried),
        value=_share(failed, tried),
        bound=bounds.most_failed,
        detail=f"{failed} of {tried} images",
    )


def search(recall: float | None, agreement: float, bounds: Bounds) -> list[GuardResult]:
    """Check Annoy's recall, if there are Annoy files, and the agreement of lists with a ranking of all items."""
    lists = GuardResult(
        name=LISTS, ok=agreement >= bounds.least_agreement, value=round(agreement, 4), bound=bounds.least_agreement
    )
    if recall is None:
        return [lists]
    ok = recall >= bounds.least_recall
    return [GuardResult(name=RECALL, ok=ok, value=round(recall, 4), bound=bounds.least_recall), lists]


def canaries(overlap: float | None, bounds: Bounds) -> GuardResult:
    """Check the overlap of the answers to canary closets; None, without an index to compare with, passes."""
    ok = overlap is None or overlap >= bounds.least_overlap
    return GuardResult(name="canaries", ok=ok, value=overlap, bound=bounds.least_overlap)


def uploaded(problem: str) -> GuardResult:
    """Check that the uploaded version can be read back."""
    return GuardResult(name=UPLOADED, ok=not problem, value=float(not problem), bound=1, detail=problem)


def failing(guards: Iterable[GuardResult], accept_change: bool) -> list[GuardResult]:
    """Return the guards that stop the run; ``accept_change`` overrides those that a changed catalog can explain."""
    return [
        guard for guard in guards if not guard.ok and not (accept_change and not guard.name.startswith(NEVER_ACCEPTED))
    ]


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
