"""How fast a warm process recommends, without the database's own time."""

import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np

from catalog_jobs.benchmarks import Measurement, percentile
from closetspace.adapters.bundle_writer import write_bundle
from closetspace.adapters.memory import MemoryDatabase
from closetspace.bootstrap import bundle_opener
from closetspace.domain.bundle import BundleContents
from closetspace.domain.catalog import CatalogItem
from closetspace.domain.closet import ClosetEntry
from closetspace.domain.style import unit
from closetspace.requests import parse_recommend
from closetspace.services.recommend import Recommender
from closetspace.services.taste import TasteKeeper
from closetspace.settings import Settings

ITEMS, OWNED, DIM = 8_000, 50, 128
CATEGORIES = ("Topwear", "Shoes", "Bottomwear", "Bags", "Dress", "Sandal", "Belts", "Headwear")
ENCODER = "synthetic"
REQUESTS = 400
PROTOTYPE_SECONDS, PROTOTYPE_CPU_SECONDS = 13.4, 12.0
"""One request of the prototype for a closet of 8, measured on the same kind of machine, photos on loopback."""


def measure() -> list[Measurement]:
    """Latency of one request after the other, then throughput of a process a core."""
    recommender = _recommender()
    _ask(recommender, 50)
    cpu = time.process_time()
    times = _ask(recommender, REQUESTS)
    cpu_each = (time.process_time() - cpu) / REQUESTS
    p50, p99 = percentile(times, 50), percentile(times, 99)
    return [
        Measurement("recommend, warm, 8,000 items, closet of 50: p50", p50 * 1000, "ms", 3),
        Measurement("recommend, warm, 8,000 items, closet of 50: p99", p99 * 1000, "ms", 15),
        Measurement("recommend, throughput on all cores", _throughput(), "requests/s", 500, at_most=False),
        Measurement(
            "faster than the prototype's request (13.4 s)", PROTOTYPE_SECONDS / p50, "times", 4_000, at_most=False
        ),
        Measurement(
            "less CPU than the prototype's request (12 s)",
            PROTOTYPE_CPU_SECONDS / cpu_each,
            "times",
            1_000,
            at_most=False,
        ),
    ]


def _ask(recommender: Recommender, count: int) -> list[float]:
    times = []
    for seed in range(count):
        started = time.perf_counter()
        recommender.recommend("ann", parse_recommend({"seed": seed}))
        times.append(time.perf_counter() - started)
    return times


def _throughput() -> float:
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        list(pool.map(_work, [50] * cores))
        started = time.perf_counter()
        list(pool.map(_work, [REQUESTS] * cores))
        return cores * REQUESTS / (time.perf_counter() - started)


def _work(count: int) -> int:
    return len(_ask(_recommender(), count))


@cache
def _recommender() -> Recommender:
    random = np.random.default_rng(1)
    centres = random.standard_normal((len(CATEGORIES), DIM))

    def draw(category: int) -> np.ndarray:
        return unit((centres[category] + random.standard_normal(DIM)).astype(np.float32))

    items = [
        CatalogItem(
            f"item-{i}",
            f"Item {i}",
            "Brand",
            CATEGORIES[i % len(CATEGORIES)],
            "Unisex",
            20.0,
            "EUR",
            "https://shop.example/",
        )
        for i in range(ITEMS)
    ]
    vectors = np.array([draw(i % len(CATEGORIES)) for i in range(ITEMS)], np.float32)
    with tempfile.TemporaryDirectory(prefix="closetspace-bench-") as folder:
        write_bundle(Path(folder), BundleContents(items, vectors, ENCODER, "synthetic"), datetime.now(UTC))
        index = bundle_opener(Settings())(Path(folder))
    database = MemoryDatabase()
    for i in range(OWNED):
        category = i % len(CATEGORIES)
        entry = ClosetEntry(ENCODER, draw(category), CATEGORIES[category], str(i))
        database.closets["ann"][f"owned-{i}"] = {ENCODER: entry}
    TasteKeeper(database, ENCODER).refresh("ann")
    return Recommender(database, lambda _: index)
