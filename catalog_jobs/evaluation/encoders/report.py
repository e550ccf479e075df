"""A comparison of measured encoders: as plain values, as a table, and as an HTML page."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from catalog_jobs.encoders.registry import FoundEncoder
from catalog_jobs.evaluation.datasets.products import LabelledProduct
from catalog_jobs.evaluation.encoders.dataset import (
    ClassPhoto,
    EncoderDataset,
    balanced_sample,
    has_types,
    is_of_class,
)
from catalog_jobs.evaluation.encoders.measurement import BOTH, NEIGHBOUR_COLUMNS, PHOTO, EncoderMeasurements
from catalog_jobs.evaluation.html import Decode, page_template, thumbnail

PHOTOS = 20
"""Photos shown on the page."""


@dataclass(frozen=True)
class MeasuredEncoder:
    """An encoder and its measurements."""

    encoder: FoundEncoder
    measured: EncoderMeasurements

    @property
    def id(self) -> str:
        return self.encoder.descriptor.id


@dataclass(frozen=True)
class TableRow:
    """A row of the comparison: a metric, and its value as text for each encoder, ``""`` if it is missing."""

    metric: str
    values: Sequence[str]


@dataclass(frozen=True)
class Neighbour:
    """A product near a photo. ``fits`` is None if it is unknown what fits."""

    picture: str
    caption: str
    fits: bool | None


@dataclass(frozen=True)
class PhotoSection:
    """A photo on the page, and the nearest products by encoder id. Pictures are data URIs."""

    photo: ClassPhoto
    picture: str
    neighbours: Sequence[tuple[str, Sequence[Neighbour]]]


def comparison_json(compared: Sequence[MeasuredEncoder], dataset: EncoderDataset) -> dict[str, Any]:
    """Return all measurements as plain values."""
    return {
        "products": len(dataset.products),
        "photos": len(dataset.validation),
        "left_out": len(dataset.left_out),
        "encoders": [_as_json(one) for one in compared],
    }


def comparison_table(compared: Sequence[MeasuredEncoder]) -> list[TableRow]:
    """Return the comparison as text. Metrics that no encoder has are left out."""
    columns = [_metrics_as_text(one) for one in compared]
    names = dict.fromkeys(name for column in columns for name in column)
    return [TableRow(name, [column.get(name, "") for column in columns]) for name in names]


def comparison_page(compared: Sequence[MeasuredEncoder], dataset: EncoderDataset, decode: Decode) -> str:
    """Return the HTML page: a table, photos with their nearest products, confusion of categories, reliability."""
    return page_template("catalog_jobs.evaluation.encoders").render(
        compared=compared,
        rows=comparison_table(compared),
        sections=[_section(compared, dataset, decode, row) for row in balanced_sample(dataset.validation, PHOTOS)],
        dataset=dataset,
    )


def _as_json(one: MeasuredEncoder) -> dict[str, Any]:
    measured = asdict(one.measured)
    del measured["nearest"]  # rows mean nothing without the products
    descriptor = one.encoder.descriptor
    about = {"id": one.id, "name": one.encoder.name, "dim": descriptor.dim, "megabytes": one.encoder.megabytes}
    return {key: _rounded(value) for key, value in (about | measured).items()}


def _rounded(value: Any) -> Any:
    match value:
        case float():
            return round(value, 4)
        case dict():
            return {key: _rounded(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_rounded(inner) for inner in value]
    return value


def _metrics_as_text(one: MeasuredEncoder) -> dict[str, str]:
    measured = one.measured
    metrics = {
        f"neighbours of the same {column}, {seen}": f"{measured.neighbours[seen][column]:.3f}"
        for seen in (PHOTO, BOTH)
        for column in NEIGHBOUR_COLUMNS
        if column in measured.neighbours[seen]
    }
    if measured.photos:
        metrics["photo to product fit@10"] = str(measured.photos.fit10)
        metrics["photo to product fit@10, mean of classes"] = str(measured.photos.macro)
    if measured.probe:
        metrics["user photos' class, linear probe"] = str(measured.probe)
    for seen in (PHOTO, BOTH):
        for head, quality in measured.heads[seen].items():
            metrics[f"{head} right, {seen}"] = f"{quality.accuracy:.3f}"
            metrics[f"{head} answered, {seen}"] = f"{quality.answered:.3f}"
            metrics[f"{head} calibration error, {seen}"] = f"{quality.calibration_error:.3f}"
    return metrics | {
        "a photo with its name, one thread": f"{measured.speed.garment_ms:.1f} ms",
        "photos in batches, one thread": f"{measured.speed.photos_per_second:.0f}/s",
        "dimensions": str(one.encoder.descriptor.dim),
        "size": f"{one.encoder.megabytes:.1f} MB",
    }


def _section(compared: Sequence[MeasuredEncoder], dataset: EncoderDataset, decode: Decode, row: int) -> PhotoSection:
    photo = dataset.validation[row]
    neighbours = [
        (one.id, [_neighbour(photo, dataset.products[product], decode) for product in one.measured.nearest[row]])
        for one in compared
    ]
    return PhotoSection(photo, thumbnail(photo.path, decode), neighbours)


def _neighbour(photo: ClassPhoto, product: LabelledProduct, decode: Decode) -> Neighbour:
    known = has_types(photo.photo_class) and product.label("articleType")
    caption = " - ".join(part for part in (product.item.name, product.label("articleType")) if part)
    picture = thumbnail(product.picture, decode)
    return Neighbour(picture, caption, is_of_class(product, photo.photo_class) if known else None)
