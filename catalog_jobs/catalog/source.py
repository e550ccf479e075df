"""What a refresh reads: sources, and the result of reading one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self

from catalog_jobs.catalog.item import CatalogItem
from catalog_jobs.catalog.item_table import ItemRows, table_of
from closetspace.services.embed_catalog import Progress

IMPORT = "import"
"""The source name of a folder or feed that the operator gave on the command line."""


@dataclass(frozen=True)
class SourceResult:
    """The items of one source in one run, with unique ids.

    ``left_out`` counts the unusable products and pages by reason. ``failure`` is a sentence that says why the source
    could not be read to its end (robots.txt, a captcha, no answer), empty if it was: then ``items`` are all it has.
    """

    source: str
    items: Sequence[CatalogItem]
    left_out: Mapping[str, int] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True)
class SourceTable:
    """A `SourceResult` with its items by column."""

    source: str
    items: ItemRows
    left_out: Mapping[str, int] = field(default_factory=dict)
    failure: str = ""

    @classmethod
    def of(cls, result: SourceResult) -> Self:
        return cls(result.source, table_of(result.items), result.left_out, result.failure)


class Source(Protocol):
    """A shop, a feed or a folder."""

    @property
    def name(self) -> str: ...

    @property
    def least_yield(self) -> float:
        """The share of its earlier items that the source has to return; below it, its update stops."""
        ...

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> SourceResult:
        """Read all items. A dry run stores nothing. Raises `InvalidInput` if there is nothing to read."""
        ...
