"""What a page says, whatever its kind."""

from dataclasses import dataclass

from catalog_jobs.sources.found import Found, LeftOut


@dataclass(frozen=True)
class Page:
    """``found`` in the page's order; ``unreadable`` says why nothing could be read; ``pages`` counts its like, if told.

    A page that was read and lists nothing is not unreadable: it is the end.
    """

    found: tuple[Found | LeftOut, ...] = ()
    unreadable: str = ""
    pages: int = 0

    @property
    def products(self) -> frozenset[str]:
        """The ids that it shows."""
        return frozenset(found.id for found in self.found if isinstance(found, Found))
