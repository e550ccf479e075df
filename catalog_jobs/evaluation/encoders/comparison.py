"""Encoders measured one after the other on the same material, and what is told of it in numbers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from catalog_jobs.encoders.registry import FoundEncoder
from catalog_jobs.evaluation.encoders.material import Material
from catalog_jobs.evaluation.encoders.measuring import BOTH, NEIGHBOUR_COLUMNS, PHOTO, Measured
from catalog_jobs.evaluation.metrics.encoders import Estimate


@dataclass(frozen=True)
class Compared:
    """An encoder and what was measured of it."""

    encoder: FoundEncoder
    measured: Measured

    @property
    def id(self) -> str:
        return self.encoder.descriptor.id


@dataclass(frozen=True)
class Line:
    """A line of the comparison: what is measured, and of each encoder the text to show, empty where there is none."""

    what: str
    values: Sequence[str]


def as_numbers(compared: Sequence[Compared], material: Material) -> dict[str, Any]:
    """Return everything measured as plain values."""
    return {
        "products": len(material.products),
        "photos": len(material.validation),
        "left_out": len(material.left_out),
        "encoders": [_numbers(one) for one in compared],
    }


def _numbers(one: Compared) -> dict[str, Any]:
    measured = asdict(one.measured)
    del measured["nearest"]  # a row of the inventory means nothing to who has not got it
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


def comparison(compared: Sequence[Compared]) -> list[Line]:
    """Return the comparison as lines of text; one that no encoder has a value for is left out."""
    columns = [_values(one) for one in compared]
    names = dict.fromkeys(name for column in columns for name in column)
    return [Line(name, [column.get(name, "") for column in columns]) for name in names]


def _values(one: Compared) -> dict[str, str]:
    measured = one.measured
    values = {
        f"neighbours of the same {column}, {seen}": _share(measured.neighbours[seen][column])
        for seen in (PHOTO, BOTH)
        for column in NEIGHBOUR_COLUMNS
        if column in measured.neighbours[seen]
    }
    if measured.photos:
        values["photo to product fit@10"] = _estimate(measured.photos.fit10)
        values["photo to product fit@10, mean of classes"] = _estimate(measured.photos.macro)
    if measured.probe:
        values["user photos' class, linear probe"] = _estimate(measured.probe)
    for seen in (PHOTO, BOTH):
        for head, quality in measured.heads[seen].items():
            values[f"{head} right, {seen}"] = _share(quality.accuracy)
            values[f"{head} answered, {seen}"] = _share(quality.answered)
            values[f"{head} calibration error, {seen}"] = _share(quality.calibration_error)
    return values | _costs(one)


def _costs(one: Compared) -> dict[str, str]:
    return {
        "a photo with its name, one thread": f"{one.measured.speed.garment_ms:.1f} ms",
        "photos in batches, one thread": f"{one.measured.speed.photos_per_second:.0f}/s",
        "dimensions": str(one.encoder.descriptor.dim),
        "size": f"{one.encoder.megabytes:.1f} MB",
    }


def _share(value: float) -> str:
    return f"{value:.3f}"


def _estimate(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"
