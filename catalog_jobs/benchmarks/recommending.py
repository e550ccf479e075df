"""Latency, throughput and memory of recommending in a warm process, with a database in memory."""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from catalog_jobs.benchmarks import Measurement, percentile
from closetspace.adapters.encoder.files import encoder_directory, read_descriptor
from closetspace.adapters.index.writer import write_bundle
from closetspace.adapters.memory import MemoryDatabase
from closetspace.api.requests import RecommendRequest
from closetspace.api.responses import RecommendResponse
from closetspace.bootstrap import bundle_opener, encoder_priors
from closetspace.domain.encoder.attributes import pack_attributes
from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.encoding import Shares
from closetspace.domain.encoder.encoding_batch import EncodingBatch, quantize_photo_vectors
from closetspace.domain.encoder.vectors import FloatArray, unit
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.domain.wardrobe.closet import ClosetEntry
from closetspace.services.recommend import Recommender
from closetspace.services.refresh_taste import TasteKeeper
from closetspace.settings import Settings

ITEMS, OWNED, MOST_OWNED = 8_000, 50, 5_000
"""Items in the index, in a usual closet, and in the largest closet."""

WORN = 8
"""Maximum number of labels of an attribute that a person wears."""

REQUESTS = 400
REQUESTS_OF_LARGEST = 60
THREADS = "OPENBLAS_NUM_THREADS"

PROTOTYPE_SECONDS, PROTOTYPE_CPU_SECONDS = 13.4, 12.0
"""One request of the prototype for a closet of 8, on the same kind of machine, with photos on loopback."""


def measure() -> list[Measurement]:
    """Measure the latency of sequential requests, then the throughput with one process per core."""
    with _as_deployed(1) as pool:
        latency = pool.submit(_latency).result()
    return [
        Measurement("recommend, warm, 8,000 items, closet of 50: p50", latency.p50 * 1000, "ms", 3),
        Measurement("recommend, warm, 8,000 items, closet of 50: p99", latency.p99 * 1000, "ms", 15),
        Measurement("recommend, warm, 8,000 items, closet of 5,000: p50", latency.p50_of_largest * 1000, "ms", 15),
        Measurement("memory of a process that recommends, at its most", latency.megabytes, "MB", 1024),
        Measurement("recommend, throughput on all cores", _throughput(), "requests/s", 500, at_most=False),
        Measurement(
            "faster than the prototype's request (13.4 s)",
            PROTOTYPE_SECONDS / latency.p50,
            "times",
            4_000,
            at_most=False,
        ),
        Measurement(
            "less CPU than the prototype's request (12 s)",
            PROTOTYPE_CPU_SECONDS / latency.cpu,
            "times",
            1_000,
            at_most=False,
        ),
    ]


@dataclass(frozen=True)
class _Latency:
    """Seconds per request, in wall-clock and CPU time, and the peak memory of a warm process."""

    p50: float
    p99: float
    p50_of_largest: float
    cpu: float
    megabytes: float


def _latency() -> _Latency:
    recommender = _recommender()
    _ask(recommender, "ann", 50)
    cpu = time.process_time()
    times = _ask(recommender, "ann", REQUESTS)
    cpu_each = (time.process_time() - cpu) / REQUESTS
    largest = _ask(recommender, "ben", REQUESTS_OF_LARGEST)
    return _Latency(
        p50=percentile(times, 50),
        p99=percentile(times, 99),
        p50_of_largest=percentile(largest, 50),
        cpu=cpu_each,
        megabytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


@contextmanager
def _as_deployed(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Start new processes with one thread per request, as functions/main.py sets it."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = "1"
    try:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            yield pool
    finally:
        os.environ.pop(THREADS) if before is None else os.environ.update({THREADS: before})


def _ask(recommender: Recommender, uid: str, count: int) -> list[float]:
    times = []
    for seed in range(count):
        started = time.perf_counter()
        request = RecommendRequest.parse({"seed": seed}).to_domain(seed)
        RecommendResponse.of(recommender.recommend(uid, request)).model_dump(by_alias=True)
        times.append(time.perf_counter() - started)
    return times


def _throughput() -> float:
    cores = os.cpu_count() or 1
    with _as_deployed(cores) as pool:
        list(pool.map(_work, [50] * cores))
        started = time.perf_counter()
        list(pool.map(_work, [REQUESTS] * cores))
        return cores * REQUESTS / (time.perf_counter() - started)


def _work(count: int) -> int:
    return len(_ask(_recommender(), "ann", count))


@cache
def _recommender() -> Recommender:
    settings = Settings()
    encoder = read_descriptor(encoder_directory(settings.encoder))
    priors = encoder_priors(settings)[encoder.id]
    random = np.random.default_rng(1)
    categories = encoder.categories[:8]
    centres = random.standard_normal((len(categories), encoder.dim))

    def draw_vector(category: int) -> FloatArray:
        return unit((centres[category] + random.standard_normal(encoder.dim)).astype(np.float32))

    def draw_attributes(most: int | None = None) -> dict[str, Shares]:
        """Draw a label of each attribute, for owned items among the first ``most`` labels."""
        heads = {head: labels[:most] for head, labels in encoder.heads.items() if head != CATEGORY}
        return {head: {str(random.choice(labels)): 0.8} for head, labels in heads.items()}

    items = [
        IndexedItem(
            id=f"item-{i}",
            name=f"Item {i}",
            brand=f"Brand {i % 200}",
            category=categories[i % len(categories)],
            gender="Unisex",
            price=20.0,
            currency="EUR",
            src="https://shop.example/",
        )
        for i in range(ITEMS)
    ]
    vectors = np.array([draw_vector(i % len(categories)) for i in range(ITEMS)], np.float32)
    attributes = np.array([pack_attributes(draw_attributes(), encoder.heads) for _ in items], np.uint8)
    encodings = EncodingBatch(
        vectors, quantize_photo_vectors(vectors), attributes, tuple(item.category for item in items)
    )
    contents = BundleContents(items, encodings, encoder, "synthetic")
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as folder:
        write_bundle(Path(folder), contents, datetime.now(UTC))
        index = bundle_opener(settings)(Path(folder))
    database = MemoryDatabase()
    for uid, owned in (("ann", OWNED), ("ben", MOST_OWNED)):
        for i in range(owned):
            place = i % len(categories)
            entry = ClosetEntry(
                encoder.id,
                draw_vector(place),
                categories[place],
                str(i),
                pack_attributes(draw_attributes(WORN), encoder.heads),
                f"Owned {i}",
                i + 1,
            )
            database.closets[uid][f"owned-{i}"] = {encoder.id: entry}
        database.versions[uid] = 1
        TasteKeeper(database, encoder.id, lambda _: priors).refresh(uid)
    return Recommender(database, database, lambda _: index, lambda _: priors)
