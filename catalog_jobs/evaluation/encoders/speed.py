"""How fast an encoder is once it is warm, decoded pictures in, vectors out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median

from closetspace.domain.encoder.encoding import Encoder, Garment

GARMENTS, BATCH, BATCHES = 60, 16, 5
_WARM_UP = 5


@dataclass(frozen=True)
class Speed:
    """``garment_ms``: milliseconds for one photo with its name; ``photos_per_second``: nameless, `BATCH` at a time."""

    garment_ms: float
    photos_per_second: float


def measure_speed(encoder: Encoder, garments: Sequence[Garment]) -> Speed:
    """Take the median over `GARMENTS` garments and `BATCHES` batches; with fewer garments some come again."""
    singles = [[garment] for garment in islice(cycle(garments), _WARM_UP + GARMENTS)]
    nameless = cycle([Garment(garment.picture) for garment in garments])
    batches = [list(islice(nameless, BATCH)) for _ in range(BATCHES)]
    one = median([_seconds(encoder, garment) for garment in singles][_WARM_UP:])
    batch = median(_seconds(encoder, garments) for garments in batches)
    return Speed(1000 * one, BATCH / batch)


def _seconds(encoder: Encoder, garments: Sequence[Garment]) -> float:
    started = time.perf_counter()
    encoder.encode(garments)
    return time.perf_counter() - started
