"""What reading one source gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from catalog_jobs.refresh.catalog_item import CatalogItem


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
