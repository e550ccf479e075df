"""Measure an encoder on labelled products and people's photos."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import cycle, islice
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.evaluation.embedded_products import Steps
from catalog_jobs.evaluation.encoders.dataset import (
    ClassPhoto,
    EncoderDataset,
    decode_garment,
    encode_photos,
    encode_products,
    has_types,
    is_of_class,
    vectors,
)
from catalog_jobs.evaluation.html import Decode
from catalog_jobs.evaluation.metrics.encoders import (
    Confusion,
    HeadQuality,
    confusion,
    head_quality,
    nearest,
    nearest_others,
    neighbour_agreement,
)
from catalog_jobs.evaluation.metrics.estimates import Estimate, group_mean_estimate, mean_estimate
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, USAGE
from closetspace.domain.encoder.encoding import Encoder, Encoding, Garment
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.index.index import Rows

NEIGHBOURS = 10
NEIGHBOUR_COLUMNS = ("articleType", "gender", "baseColour", "usage")
HEAD_COLUMNS = {CATEGORY: "subCategory", COLOUR: "baseColour", GENDER: "gender", USAGE: "usage"}
PHOTO, BOTH = "photo", "photo and name"

TIMED_GARMENTS, TIMED_BATCH, TIMED_BATCHES = 60, 16, 5
_WARM_UP = 5

PENALTIES = (1.0, 0.1, 0.01, 0.001)
"""Candidate weights of the probe's L2 penalty, beside the mean cross-entropy of standardised features."""

_HELD_OUT = 5  # one photo in five chooses the penalty


@dataclass(frozen=True)
class PhotoFit:
    """The share of photos' ten nearest products whose type fits the photo's class: over photos, and over classes."""

    fit10: Estimate
    macro: Estimate
    by_class: Mapping[str, float]


@dataclass(frozen=True)
class Speed:
    """``garment_ms``: milliseconds per photo with name. ``photos_per_second``: without names, in batches."""

    garment_ms: float
    photos_per_second: float


@dataclass(frozen=True)
class EncoderMeasurements:
    """What was measured of an encoder. A value is None or empty if the dataset lacks what it needs.

    By `PHOTO` and `BOTH`: ``neighbours``, the agreement of ten neighbours by column; ``heads``, their quality by
    attribute; ``categories``, the confusion of categories. ``probe`` is the accuracy of a linear classifier of the
    photos' classes, None also if scikit-learn is not installed. ``nearest`` are the rows of the ten products nearest to
    each validation photo.
    """

    neighbours: Mapping[str, Mapping[str, float]]
    photos: PhotoFit | None
    probe: Estimate | None
    heads: Mapping[str, Mapping[str, HeadQuality]]
    categories: Mapping[str, Confusion]
    speed: Speed
    nearest: Rows


def measure_encoder(encoder: Encoder, dataset: EncoderDataset, decode: Decode, steps: Steps) -> EncoderMeasurements:
    """Measure an encoder. It should run on one thread, as deployed encoders do."""
    products = dataset.products
    speed = measure_speed(encoder, [decode_garment(product, decode) for product in products[:TIMED_GARMENTS]])
    with steps("products") as progress:
        encodings = dict(zip((PHOTO, BOTH), encode_products(encoder, products, decode, progress), strict=True))
    with steps("photos") as progress:
        paths = [photo.path for photo in [*dataset.train, *dataset.validation]]
        photo_vectors = encode_photos(encoder, paths, decode, progress)
    train, validation = photo_vectors[: len(dataset.train)], photo_vectors[len(dataset.train) :]
    nearest_products = nearest(validation, vectors(encodings[PHOTO]), NEIGHBOURS)
    return EncoderMeasurements(
        neighbours={seen: _agreement(dataset, vectors(encodings[seen])) for seen in encodings},
        photos=_photo_fit(dataset, nearest_products),
        probe=_probe_accuracy(train, dataset.train, validation, dataset.validation),
        heads={seen: _head_qualities(dataset, encodings[seen]) for seen in encodings},
        categories={seen: _category_confusion(dataset, encodings[seen]) for seen in encodings},
        speed=speed,
        nearest=nearest_products,
    )


def measure_speed(encoder: Encoder, garments: Sequence[Garment]) -> Speed:
    """Measure the speed of a warm encoder on decoded pictures, as medians over `TIMED_GARMENTS` and `TIMED_BATCHES`.

    With fewer garments, some are encoded several times.
    """
    singles = [[garment] for garment in islice(cycle(garments), _WARM_UP + TIMED_GARMENTS)]
    without_names = cycle([Garment(garment.picture) for garment in garments])
    batches = [list(islice(without_names, TIMED_BATCH)) for _ in range(TIMED_BATCHES)]
    garment_seconds = median([_seconds(encoder, single) for single in singles][_WARM_UP:])
    batch_seconds = median(_seconds(encoder, batch) for batch in batches)
    return Speed(1000 * garment_seconds, TIMED_BATCH / batch_seconds)


def has_probe() -> bool:
    """Return whether the linear probe can be measured: it needs scikit-learn."""
    return find_spec("sklearn") is not None


def fit_probe(features: FloatArray, labels: NDArray[np.int64]) -> Any:
    """Fit a logistic regression to ``(n, d)`` and ``(n,)``. A held-out fifth chooses the penalty among `PENALTIES`."""
    held_out = np.random.default_rng(0).permutation(np.arange(len(labels)) % _HELD_OUT == 0)
    if len(np.unique(labels[~held_out])) < 2:  # too few photos to hold any out
        return _fit_logistic(features, labels, PENALTIES[0])

    def accuracy(penalty: float) -> float:
        fitted = _fit_logistic(features[~held_out], labels[~held_out], penalty)
        return float(fitted.score(features[held_out], labels[held_out]))

    return _fit_logistic(features, labels, max(PENALTIES, key=accuracy))


def _fit_logistic(features: FloatArray, labels: NDArray[np.int64], penalty: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # The penalty is relative to the mean loss, C to the sum. In float32 the result depends on the number of threads.
    regression = LogisticRegression(C=1 / (penalty * len(labels)), max_iter=1000)
    return make_pipeline(StandardScaler(), regression).fit(features.astype(np.float64), labels)


def _seconds(encoder: Encoder, garments: Sequence[Garment]) -> float:
    started = time.perf_counter()
    encoder.encode(garments)
    return time.perf_counter() - started


def _agreement(dataset: EncoderDataset, product_vectors: FloatArray) -> dict[str, float]:
    neighbours = nearest_others(product_vectors, NEIGHBOURS)
    shares = {
        column: neighbour_agreement(neighbours, [product.label(column) for product in dataset.products])
        for column in NEIGHBOUR_COLUMNS
    }
    return {column: share for column, share in shares.items() if share is not None}


def _photo_fit(dataset: EncoderDataset, nearest_products: Rows) -> PhotoFit | None:
    if not any(product.label("articleType") for product in dataset.products):
        return None
    shares: dict[str, list[float]] = {}
    for photo, rows in zip(dataset.validation, nearest_products, strict=True):
        if has_types(photo.photo_class):
            fits = [is_of_class(dataset.products[row], photo.photo_class) for row in rows]
            shares.setdefault(photo.photo_class, []).append(float(np.mean(fits)))
    if not shares:
        return None
    groups = {photo_class: np.array(values) for photo_class, values in sorted(shares.items())}
    return PhotoFit(
        mean_estimate(np.concatenate(list(groups.values()))),
        group_mean_estimate(groups),
        {photo_class: float(values.mean()) for photo_class, values in groups.items()},
    )


def _probe_accuracy(
    train: FloatArray, train_photos: Sequence[ClassPhoto], validation: FloatArray, photos: Sequence[ClassPhoto]
) -> Estimate | None:
    """Return the accuracy of a linear probe on photos. Classes without training photos count as errors."""
    classes = {name: number for number, name in enumerate(sorted({photo.photo_class for photo in train_photos}))}
    if len(classes) < 2 or not photos or not has_probe():
        return None
    probe = fit_probe(train, np.array([classes[photo.photo_class] for photo in train_photos]))
    truth = np.array([classes.get(photo.photo_class, -1) for photo in photos])
    return mean_estimate((probe.predict(validation) == truth).astype(float))


def _head_qualities(dataset: EncoderDataset, encodings: Sequence[Encoding]) -> dict[str, HeadQuality]:
    qualities = {}
    for head, column in HEAD_COLUMNS.items():
        if head not in encodings[0].attributes:
            continue
        likeliest = [next(iter(encoding.attributes[head].items()), ("", 0.0)) for encoding in encodings]
        truth = [product.label(column) for product in dataset.products]
        quality = head_quality(truth, [label for label, _ in likeliest], [share for _, share in likeliest])
        if quality:
            qualities[head] = quality
    return qualities


def _category_confusion(dataset: EncoderDataset, encodings: Sequence[Encoding]) -> Confusion:
    truth = [product.label(HEAD_COLUMNS[CATEGORY]) for product in dataset.products]
    return confusion(truth, [encoding.category for encoding in encodings])
