"""What a refresh reads."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from catalog_jobs.catalog.source_result import Scraped

Progress = Callable[[int, int], None]
"""Told how many are done, of how many; of 0 where that is not known."""

IMPORT = "import"
"""The name of what was given by hand: a folder or a feed of the operator's."""


class Source(Protocol):
    """A shop, a feed or a folder."""

    @property
    def name(self) -> str: ...

    @property
    def least_yield(self) -> float:
        """The share of the items it had before under which its update is stopped."""
        ...

    def read(self, now: datetime, *, dry_run: bool, progress: Progress) -> Scraped:
        """All it has. A dry run stores nothing. Raises `InvalidInput` for a source that is none."""
        ...
