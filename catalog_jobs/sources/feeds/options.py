"""How the feed of a source is read."""

from dataclasses import dataclass, field

from catalog_jobs.sources.feeds.columns import ColumnNames
from catalog_jobs.sources.feeds.limits import FeedLimits


@dataclass(frozen=True)
class FeedOptions:
    """``columns`` are those that the shop's configuration names for a field, ``currency`` is that of the shop."""

    limits: FeedLimits = field(default_factory=FeedLimits)
    columns: ColumnNames = field(default_factory=dict)
    currency: str = ""
