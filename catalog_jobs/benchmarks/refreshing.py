"""What a nightly refresh costs, by how much changed."""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from catalog_jobs.benchmarks import Measurement, Note
from catalog_jobs.catalog.run_record import Report
from catalog_jobs.catalog.source import Progress
from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.processes.logs import Log
from catalog_jobs.refresh.coordinator import Choices
from catalog_jobs.refresh.job import SourceSelection, TaskContext, refresh
from closetspace.errors import FailedPrecondition

ITEMS, DRAWN = 20_000, 200
SHARES = (0.1, 0.01, 0.0)
"""Of the items whose name or picture changes from one night to the next, half of them each."""

FULL_SECONDS = 180.0
"""What embedding all of them may take at 150 items a second, and the rest of a refresh."""


def measure(note: Note) -> list[Measurement]:
    """Refresh 20,000 items when all are new, then when fewer and fewer changed; numbers embedded have to be exact."""
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as name:
        shop = _Shop(Path(name))
        note(f"a refresh of {ITEMS:,} items, all of them new")
        full = shop.refresh()
        measured = [Measurement(f"refresh of {ITEMS:,} items, 100 % new", full.seconds, "s", FULL_SECONDS)]
        for share in SHARES:
            shop.change(round(share * ITEMS))
            note(f"the same with {share:.0%} changed")
            report = shop.refresh()
            if report.embedded != round(share * ITEMS):
                raise FailedPrecondition(f"{report.embedded} items were embedded where {share:.0%} changed")
            # A night on which nothing changed still reads, compares, builds and checks all items.
            allowed = FULL_SECONDS * share + 0.15 * full.seconds
            measured.append(Measurement(f"the same, {share:.0%} changed", report.seconds, "s", round(allowed, 1)))
    return measured


class _Shop:
    """A folder of products whose names and pictures change, and the store that follows it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._store = folder / "shop", folder / "store"
        draw_catalog(folder / "drawn", items=DRAWN)
        self._pictures = [path.read_bytes() for path in sorted((folder / "drawn" / "images").glob("*.jpg"))]
        self._changes = [0] * ITEMS
        self._from = 0
        (self._folder / "images").mkdir(parents=True)
        self._write(range(ITEMS))

    def change(self, count: int) -> None:
        """Change others than the time before."""
        places = [place % ITEMS for place in range(self._from, self._from + count)]
        self._from += count
        for place in places:
            self._changes[place] += 1
        self._write(places)

    def refresh(self) -> Report:
        wanted = SourceSelection(str(self._store), Path(), source=str(self._folder))
        record = refresh(wanted, Choices(timedelta(days=3)), TaskContext.of({}, None), _silent, Log(None))
        if record is None or record.error:
            raise FailedPrecondition(f"the refresh failed: {record and record.error}")
        return record.report

    def _write(self, places: Sequence[int]) -> None:
        for place in places:
            # What follows a JPEG's end is not drawn: another picture to whoever compares bytes, as much work as any.
            bytes_ = self._pictures[place % len(self._pictures)] + b"%d %d" % (
                place,
                (self._changes[place] + 1 - place % 2) // 2,
            )
            (self._folder / "images" / f"{place}.jpg").write_bytes(bytes_)
        with (self._folder / "products.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "productDisplayName", "price"])
            table.writerows((place, f"Garment {place} of {self._named(place)}", 20) for place in range(ITEMS))

    def _named(self, place: int) -> int:
        return (self._changes[place] + place % 2) // 2


@contextmanager
def _silent(_: str) -> Iterator[Progress]:
    yield lambda *_: None
