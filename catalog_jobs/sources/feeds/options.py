"""What the configuration of a source says of its feed."""

from dataclasses import dataclass, field

from catalog_jobs.sources.feeds.columns import ColumnNames
from catalog_jobs.sources.feeds.limits import FeedLimits


@dataclass(frozen=True)
class FeedOptions:
    """What a feed may cost, the ``columns`` that the configuration names for a field, and the shop's currency."""

    limits: FeedLimits = field(default_factory=FeedLimits)
    columns: ColumnNames = field(default_factory=dict)
    currency: str = ""
