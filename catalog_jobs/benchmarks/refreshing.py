"""The duration of a nightly refresh, by the share of changed items."""

import csv
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from catalog_jobs.benchmarks import Measurement, Note
from catalog_jobs.catalog.run_records import Report
from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.processes.logs import Log
from catalog_jobs.refresh.coordinator import RefreshOptions
from catalog_jobs.refresh.job import TaskContext, refresh
from catalog_jobs.sources.selection import SourceSelection
from closetspace.errors import FailedPrecondition
from closetspace.services.embed_catalog import Progress

ITEMS, DRAWN = 20_000, 200
SHARES = (0.1, 0.01, 0.0)
"""Shares of items that change between two nights: half of them their name, the others their picture."""

FULL_SECONDS = 180.0
"""Target for a refresh of new items: embedding at 150 items per second, and the rest of a refresh."""

UNCHANGED_SECONDS = 4.5
"""Target for a refresh without changes, which reads and compares all items: half of what it took when it also built."""


def measure(note: Note) -> list[Measurement]:
    """Measure refreshes of 20,000 items: all new, then with fewer and fewer changes.

    Raises `FailedPrecondition` if a refresh embeds another number of items than changed.
    """
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
            # After few changes, a refresh still reads, compares, indexes and checks all items.
            allowed = FULL_SECONDS * share + 0.15 * full.seconds if share else UNCHANGED_SECONDS
            measured.append(Measurement(f"the same, {share:.0%} changed", report.seconds, "s", round(allowed, 1)))
    return measured


class _Shop:
    """A folder of products that change, and the store that is refreshed from it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._store = folder / "shop", folder / "store"
        draw_catalog(folder / "drawn", items=DRAWN)
        self._pictures = [path.read_bytes() for path in sorted((folder / "drawn" / "images").glob("*.jpg"))]
        self._changes = [0] * ITEMS
        self._from = 0
        (self._folder / "images").mkdir(parents=True)
        self._write(range(ITEMS))

    def change(self, count: int) -> None:
        """Change this many products, others than last time."""
        places = [place % ITEMS for place in range(self._from, self._from + count)]
        self._from += count
        for place in places:
            self._changes[place] += 1
        self._write(places)

    def refresh(self) -> Report:
        wanted = SourceSelection(str(self._store), Path(), source=str(self._folder))
        record = refresh(wanted, RefreshOptions(timedelta(days=3)), TaskContext.from_env({}, None), _silent, Log(None))
        if record is None or record.error:
            raise FailedPrecondition(f"the refresh failed: {record and record.error}")
        return record.report

    def _write(self, places: Sequence[int]) -> None:
        for place in places:
            version = b"%d %d" % (place, (self._changes[place] + 1 - place % 2) // 2)
            picture = with_comment(self._pictures[place % len(self._pictures)], version)
            (self._folder / "images" / f"{place}.jpg").write_bytes(picture)
        with (self._folder / "products.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["id", "productDisplayName", "price"])
            table.writerows((place, f"Garment {place} of {self._named(place)}", 20) for place in range(ITEMS))

    def _named(self, place: int) -> int:
        return (self._changes[place] + place % 2) // 2


def with_comment(jpeg: bytes, text: bytes) -> bytes:
    """Return a JPEG file with a comment, which changes its digest, but not what is decoded.

    Bytes behind the end of the file would do so too, but such a file is decoded twice: its end may be missing.
    """
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


@contextmanager
def _silent(_: str) -> Iterator[Progress]:
    yield lambda *_: None
