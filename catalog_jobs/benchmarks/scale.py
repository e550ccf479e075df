"""Recommendations from a large catalog: their agreement with a ranking of all items, their time, and the index's size.

The catalog is a small one enlarged (`catalog_jobs.benchmarks.enlarging`): the one of a store, or a drawn one.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import mean

from catalog_jobs.benchmarks import Measurement, Note
from catalog_jobs.benchmarks.enlarging import Enlargement
from catalog_jobs.benchmarks.recommending import as_deployed
from catalog_jobs.demo.drawing.catalog import draw_catalog
from catalog_jobs.refresh.index_builder import build_index, import_folder
from closetspace.adapters.encoder.files import encoder_directory, read_descriptor
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.bootstrap import bundle_opener, encoder_priors, open_store
from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.bundle import MANIFEST, VECTORS
from closetspace.domain.index.filters import Filters
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.closet_features import ClosetFeatures, closet_features
from closetspace.domain.ranking.recommend import recommend
from closetspace.domain.ranking.recommendation import Request
from closetspace.domain.wardrobe.closet import Closet
from closetspace.errors import FailedPrecondition
from closetspace.services.index_versions import IndexVersions
from closetspace.settings import Settings

ITEMS, SMALL = 1_000_000, 8_000
"""Items of the large catalog, and of the one that its processor time is compared with."""

CLOSETS = 24
LISTED = 20
DRAWN = 400
REPEATS = 3

REQUESTS: Mapping[str, Request] = {
    "as it is": Request(LISTED, explore=0.0),
    "with the default exploration": Request(LISTED),
    "below a price of a fifth of the items": Request(LISTED, Filters(price_max=44.0), explore=0.0),
    "for one gender, below a price of a tenth": Request(LISTED, Filters(gender="Women", price_max=24.5), explore=0.0),
    "of one category": Request(LISTED, Filters(categories=frozenset({"Topwear"})), explore=0.0),
    "of two colours": Request(LISTED, colours=frozenset({"Red", "Black"}), explore=0.0),
}


def measure(note: Note, items: int = ITEMS, store: str | None = None) -> list[Measurement]:
    """Measure with ``items`` items, made of the catalog whose index is published in ``store``; of a drawn one if None.

    It takes up to five minutes and 5 GB of memory for a million items. Raises `FailedPrecondition` without an index.
    """
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as name:
        folder = Path(name)
        enlargement = _enlargement(folder, store, note)
        seconds = {}
        for count in (SMALL, items):
            note(f"writing an index of {count:,} items")
            (folder / str(count)).mkdir()
            contents = enlargement.contents(count)
            started = time.perf_counter()
            write_bundle(folder / str(count), contents, datetime.now(UTC))
            seconds[count] = time.perf_counter() - started
            del contents
        note("recommending")
        closets = enlargement.closets(CLOSETS)
        with as_deployed(1) as pool:
            small, large = (pool.submit(_recommend, folder / str(count), closets).result() for count in (SMALL, items))
        return [
            *_agreements(large.agreements, items),
            Measurement(f"processor time of a request, {SMALL:,} items", small.cpu, "ms", 4),
            Measurement(f"processor time of a request, {items:,} items", large.cpu, "ms", 4 * small.cpu),
            *(
                Measurement(f"of it, {kind}", milliseconds, "ms", 4 * small.cpu_by_request[kind])
                for kind, milliseconds in large.cpu_by_request.items()
            ),
            Measurement("size of the index, beside its vectors", _relative_size(folder / str(items)), "times", 1.6),
            Measurement("opening the index", large.opening, "s", 2),
            Measurement("writing the index", seconds[items], "s", 1_500 * items / 10_000_000),
        ]


def _enlargement(folder: Path, store: str | None, note: Note) -> Enlargement:
    encoder = read_descriptor(encoder_directory(Settings().encoder))
    if store is None:
        note(f"drawing {DRAWN} products")
        draw_catalog(folder / "drawn", items=DRAWN)
        store = str(folder / "store")
        import_folder(open_store(store), folder / "drawn", lambda *_: None)
        version = build_index(open_store(store), lambda *_: None).manifest.version
        IndexVersions(open_store(store)).publish(version, datetime.now(UTC))
    versions = IndexVersions(open_store(store))
    current = versions.current()
    if current is None:
        raise FailedPrecondition(f"No index is published in {store}: run `closetspace index publish --store {store}`.")
    (folder / "index").mkdir()
    versions.fetch(current.version, folder / "index")
    return Enlargement(bundle_opener(Settings())(folder / "index"), encoder)


@dataclass(frozen=True)
class _Recommended:
    """Agreement of each closet's list with a ranking of all items, by request; milliseconds of processor time of a
    request, and seconds of opening the index."""

    agreements: Mapping[str, Sequence[float]]
    cpu_by_request: Mapping[str, float]
    opening: float

    @property
    def cpu(self) -> float:
        return mean(self.cpu_by_request.values())


def _recommend(folder: Path, closets: Sequence[Closet]) -> _Recommended:
    settings = Settings()
    started = time.perf_counter()
    index = bundle_opener(settings)(folder)
    opening = time.perf_counter() - started
    priors = encoder_priors(settings).get(index.encoder_id)
    people = [Person(closet) for closet in closets]
    agreements: dict[str, list[float]] = {}
    cpu: dict[str, float] = {}
    for kind, request in REQUESTS.items():
        asked = [partial(_listed, person, request, priors, closet_features(person, index, priors)) for person in people]
        lists = [ask(index) for ask in asked]
        started = time.process_time()
        for _ in range(REPEATS):
            for ask in asked:
                ask(index)
        cpu[kind] = (time.process_time() - started) / REPEATS / len(asked) * 1000
        exact = [ask(index.scanning_all()) for ask in asked]
        agreements[kind] = [
            len(found & wanted) / len(wanted) for found, wanted in zip(lists, exact, strict=True) if wanted
        ]
    return _Recommended(agreements, cpu, opening)


def _listed(
    person: Person, request: Request, priors: EncoderPriors | None, features: ClosetFeatures, index: Bundle
) -> set[str]:
    return {recommended.item.id for recommended in recommend(person, request, index, priors, features).items}


def _agreements(agreements: Mapping[str, Sequence[float]], items: int) -> list[Measurement]:
    return [
        Measurement(
            f"{items:,} items: lists {kind} that an exact ranking gives too", mean(shares), "", 0.95, at_most=False
        )
        for kind, shares in agreements.items()
        if shares
    ]


def _relative_size(folder: Path) -> float:
    files = [path for path in folder.iterdir() if path.name != MANIFEST]
    return sum(path.stat().st_size for path in files) / (folder / VECTORS).stat().st_size
