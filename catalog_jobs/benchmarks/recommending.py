"""Latency, throughput and memory of recommending in a warm process, with a database in memory."""

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from catalog_jobs.benchmarks import Measurement, percentile
from catalog_jobs.benchmarks.synthetic import OWNED, SyntheticCatalog
from closetspace.adapters.memory import MemoryDatabase
from closetspace.api.requests import RecommendRequest
from closetspace.api.responses import RecommendResponse
from closetspace.bootstrap import bundle_opener, encoder_priors
from closetspace.services.recommend import Recommender
from closetspace.services.refresh_taste import TasteKeeper
from closetspace.settings import Settings

MOST_OWNED = 5_000
"""Items in the largest closet."""

REQUESTS = 400
REQUESTS_OF_LARGEST = 60
THREADS = "OPENBLAS_NUM_THREADS"

PROTOTYPE_SECONDS, PROTOTYPE_CPU_SECONDS = 13.4, 12.0
"""One request of the prototype for a closet of 8, on the same kind of machine, with photos on loopback."""


def measure() -> list[Measurement]:
    """Measure the latency of sequential requests, then the throughput with one process per core."""
    with as_deployed(1) as pool:
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
def as_deployed(processes: int) -> Iterator[ProcessPoolExecutor]:
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
        RecommendResponse.data(recommender.recommend(uid, request))
        times.append(time.perf_counter() - started)
    return times


def _throughput() -> float:
    cores = os.cpu_count() or 1
    with as_deployed(cores) as pool:
        list(pool.map(_work, [50] * cores))
        started = time.perf_counter()
        list(pool.map(_work, [REQUESTS] * cores))
        return cores * REQUESTS / (time.perf_counter() - started)


def _work(count: int) -> int:
    return len(_ask(_recommender(), "ann", count))


@cache
def _recommender() -> Recommender:
    settings = Settings()
    catalog = SyntheticCatalog()
    encoder = catalog.encoder
    priors = encoder_priors(settings)[encoder.id]
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as folder:
        catalog.write(Path(folder))
        index = bundle_opener(settings)(Path(folder))
    database = MemoryDatabase()
    for uid, owned in (("ann", OWNED), ("ben", MOST_OWNED)):
        for item_id, entry in catalog.closet(owned).items():
            database.closets[uid][item_id] = {encoder.id: entry}
        database.versions[uid] = 1
        TasteKeeper(database, encoder.id, lambda _: priors).refresh(uid)
    return Recommender(database, database, lambda _: index, lambda _: priors)
