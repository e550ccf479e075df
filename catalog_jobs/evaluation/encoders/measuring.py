"""Everything that is measured of one encoder."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from catalog_jobs.evaluation.encoders.embedding import embed_photos, embed_products, garment_of, vectors
from catalog_jobs.evaluation.encoders.material import Decode, Material, Photo, can_be_sold, fits
from catalog_jobs.evaluation.encoders.probe import fit_probe
from catalog_jobs.evaluation.encoders.speed import GARMENTS, Speed, measure_speed
from catalog_jobs.evaluation.metrics.encoders import (
    Confusion,
    Estimate,
    HeadQuality,
    Rows,
    confusion,
    group_mean_estimate,
    head_quality,
    mean_estimate,
    nearest,
    nearest_others,
    neighbour_agreement,
)
from closetspace.domain.encoder.encoding import CATEGORY, COLOUR, GENDER, USAGE, Encoder, Encoding, FloatArray
from closetspace.services.embed_catalog import Progress

NEIGHBOURS = 10
NEIGHBOUR_COLUMNS = ("articleType", "gender", "baseColour", "usage")
HEAD_COLUMNS = {CATEGORY: "subCategory", COLOUR: "baseColour", GENDER: "gender", USAGE: "usage"}
PHOTO, BOTH = "photo", "photo and name"

Steps = Callable[[str], AbstractContextManager[Progress]]
"""Opens the progress of a step of this name."""


@dataclass(frozen=True)
class PhotoFit:
    """The share of photos' ten nearest products that are of a type that fits, over photos and over classes."""

    fit10: Estimate
    macro: Estimate
    by_class: Mapping[str, float]


@dataclass(frozen=True)
class Measured:
    """What was measured of an encoder; None or an empty mapping where the material has not what that takes.

    By `PHOTO` and `BOTH`: ``neighbours``, the agreement of ten neighbours by column; ``heads``, their quality by
    attribute; ``categories``, what each was taken for. ``probe`` is the accuracy over user photos' classes of a
    linear classifier. ``nearest`` are the rows of the ten products nearest to each validation photo.
    """

    neighbours: Mapping[str, Mapping[str, float]]
    photos: PhotoFit | None
    probe: Estimate | None
    heads: Mapping[str, Mapping[str, HeadQuality]]
    categories: Mapping[str, Confusion]
    speed: Speed
    nearest: Rows


def measure(encoder: Encoder, material: Material, decode: Decode, steps: Steps) -> Measured:
    """Measure an encoder; it should run on one thread, as deployed ones do."""
    products = material.products
    speed = measure_speed(encoder, [garment_of(product, decode) for product in products[:GARMENTS]])
    with steps("products") as progress:
        encodings = dict(zip((PHOTO, BOTH), embed_products(encoder, products, decode, progress), strict=True))
    with steps("photos") as progress:
        paths = [photo.path for photo in [*material.train, *material.validation]]
        people = embed_photos(encoder, paths, decode, progress)
    train, validation = people[: len(material.train)], people[len(material.train) :]
    found = nearest(validation, vectors(encodings[PHOTO]), NEIGHBOURS)
    return Measured(
        neighbours={seen: _agreement(material, vectors(encodings[seen])) for seen in encodings},
        photos=_photo_fit(material, found),
        probe=_probe(train, material.train, validation, material.validation),
        heads={seen: _heads(material, encodings[seen]) for seen in encodings},
        categories={seen: _categories(material, encodings[seen]) for seen in encodings},
        speed=speed,
        nearest=found,
    )


def _agreement(material: Material, inventory: FloatArray) -> dict[str, float]:
    neighbours = nearest_others(inventory, NEIGHBOURS)
    shares = {
        column: neighbour_agreement(neighbours, [p.label(column) for p in material.products])
        for column in NEIGHBOUR_COLUMNS
    }
    return {column: share for column, share in shares.items() if share is not None}


def _photo_fit(material: Material, found: Rows) -> PhotoFit | None:
    if not any(p.label("articleType") for p in material.products):
        return None
    shares: dict[str, list[float]] = {}
    for photo, rows in zip(material.validation, found, strict=True):
        if can_be_sold(photo.kind):
            right = [fits(photo.kind, material.products[row]) for row in rows]
            shares.setdefault(photo.kind, []).append(float(np.mean(right)))
    if not shares:
        return None
    groups = {kind: np.array(values) for kind, values in sorted(shares.items())}
    return PhotoFit(
        mean_estimate(np.concatenate(list(groups.values()))),
        group_mean_estimate(groups),
        {kind: float(values.mean()) for kind, values in groups.items()},
    )


def _probe(
    train: FloatArray, learnt: Sequence[Photo], validation: FloatArray, tried: Sequence[Photo]
) -> Estimate | None:
    """Classes that training photos lack are got wrong."""
    classes = {kind: number for number, kind in enumerate(sorted({photo.kind for photo in learnt}))}
    if len(classes) < 2 or not tried:
        return None
    probe = fit_probe(train, np.array([classes[photo.kind] for photo in learnt]), len(classes))
    truth = np.array([classes.get(photo.kind, -1) for photo in tried])
    return mean_estimate((probe.predict(validation) == truth).astype(float))


def _heads(material: Material, encodings: Sequence[Encoding]) -> dict[str, HeadQuality]:
    found = {}
    for head, column in HEAD_COLUMNS.items():
        if head not in encodings[0].attributes:
            continue
        likeliest = [next(iter(e.attributes[head].items()), ("", 0.0)) for e in encodings]
        truth = [p.label(column) for p in material.products]
        quality = head_quality(truth, [label for label, _ in likeliest], [share for _, share in likeliest])
        if quality:
            found[head] = quality
    return found


def _categories(material: Material, encodings: Sequence[Encoding]) -> Confusion:
    return confusion([p.label(HEAD_COLUMNS[CATEGORY]) for p in material.products], [e.category for e in encodings])
