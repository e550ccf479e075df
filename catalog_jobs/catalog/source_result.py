"""What reading one source gives."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from catalog_jobs.catalog.item import CatalogItem


@dataclass(frozen=True)
class Scraped:
    """One source in one run, ids unique.

    ``left_out`` counts what was found and can't be used, by reason. ``trouble`` is a sentence on why the source could
    not be read to its end (refused by robots.txt, a captcha, no answer), empty where it was: items of a source in
    trouble are not taken for all it has.
    """

    source: str
    items: Sequence[CatalogItem]
    left_out: Mapping[str, int] = field(default_factory=dict)
    trouble: str = ""


def by_reason(left_out: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many were left out for each reason, the most frequent first; a reason has the first id as an example."""
    pairs = list(left_out)
    examples = {reason: item_id for item_id, reason in reversed(pairs)}
    counted = Counter(reason for _, reason in pairs).most_common()
    return {f"{reason} (for example {examples[reason]})": count for reason, count in counted}
