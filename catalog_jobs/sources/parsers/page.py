"""What a page says, whatever its kind."""

from dataclasses import dataclass

from catalog_jobs.sources.items import LeftOut, ScrapedProduct


@dataclass(frozen=True)
class Page:
    """``found`` in the page's order; ``unreadable`` says why nothing could be read; ``pages`` counts its like, if told.

    A page that was read and lists nothing is not unreadable: it is the end.
    """

    found: tuple[ScrapedProduct | LeftOut, ...] = ()
    unreadable: str = ""
    pages: int = 0

    @property
    def products(self) -> frozenset[str]:
        """The ids that it shows."""
        return frozenset(found.id for found in self.found if isinstance(found, ScrapedProduct))
