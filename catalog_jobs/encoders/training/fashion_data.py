"""Training data of the fashion encoder: products, people's photos, and pictures without a garment, with labels."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from catalog_jobs.evaluation.datasets.fashion_labels import (
    AGES,
    CATEGORY_OF_CLASS,
    CHILD_IN_NAME,
    CLASSES,
    COLOUR_OF_PHOTO,
    GENDER_OF_PHOTO,
    GENDER_OF_PRODUCT,
    GENDERS,
    PATTERN_OF_PHOTO,
    PATTERNS,
    SECOND_COLOUR,
    TYPES_OF_CLASS,
    USAGE_OF_PHOTO,
    patterns_in_name,
)
from catalog_jobs.evaluation.datasets.products import (
    frequent_labels,
    in_training_split,
    labelled_rows,
    split_bucket,
)
from catalog_jobs.evaluation.datasets.records import read_csv
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoder.encoding import Picture
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

WORN = ("Apparel", "Footwear", "Accessories")
LEAST_OF_A_LABEL = 10
"""Minimum number of training examples of a label."""

_COLUMNS = {"article": "articleType", "category": "subCategory", "colour": "baseColour", "usage": "usage"}
_GENDER = "gender"

_HELD_OUT_BUCKET = 6  # of the seven training buckets: validation data for recipes and calibration
_HELD_OUT_SENDERS = 3  # of ten buckets by hash: about a tenth of the senders and photos

LabelIndex = Mapping[str, int]
LabelShares = Mapping[int, float]


class Source(Enum):
    """The origin of a picture."""

    PRODUCT = "product"
    PHOTO = "photo"
    OTHER = "no garment"


@dataclass(frozen=True)
class Example:
    """A labelled picture on disk.

    ``shares`` has the share of each label by task, summing to 1; unknown tasks are missing. ``candidates`` has the
    labels by task of which one is right.
    """

    path: Path
    source: Source
    name: str = ""
    shares: Mapping[str, LabelShares] = field(default_factory=dict)
    candidates: Mapping[str, frozenset[int]] = field(default_factory=dict)
    sender: str = ""

    @property
    def is_product(self) -> bool:
        return self.source is Source.PRODUCT

    def picture(self) -> Picture:
        picture: Picture = photo_decoder(Settings())(self.path.read_bytes())
        return picture


@dataclass(frozen=True)
class FashionData:
    """Training examples, held-out examples of the training split, and the label names by task."""

    train: Sequence[Example]
    held_out: Sequence[Example]
    vocabulary: Mapping[str, tuple[str, ...]]

    @property
    def label_counts(self) -> dict[str, int]:
        """The number of labels by task."""
        return {task: len(labels) for task, labels in self.vocabulary.items()}


@dataclass(frozen=True)
class _Photo:
    """A person's photo, its folder (the class, if that is a known one), its sender, and its row of ``labels.csv``."""

    path: Path
    folder: str
    sender: str
    label: Mapping[str, str]


def read_fashion_data(products: Path, user_photos: Path | None, no_garment: Path | None = None) -> FashionData:
    """Read the training split of labelled products, and photos ``train/CLASS/FILE``.

    The photos' colour, pattern, gender and usage come from ``labels.csv`` and their senders from ``photos.csv`` if the
    folder has these tables. See `learnable_no_garment` for ``no_garment``.

    Raises:
        InvalidInput: the products are not a labelled dataset, or a table of the photos cannot be read.
        FailedPrecondition: no label has enough products.
    """
    rows = [
        row
        for row in labelled_rows(products, (*_COLUMNS.values(), _GENDER))
        if row["masterCategory"] in WORN and in_training_split(row["productDisplayName"])
    ]
    photos = _user_photos(user_photos) if user_photos else []
    vocabulary = _vocabulary(rows, photos)
    if not all(vocabulary[task] for task in _COLUMNS):
        raise FailedPrecondition(f"{products.name}: no label has {LEAST_OF_A_LABEL} training products.")
    index = {task: {label: i for i, label in enumerate(labels)} for task, labels in vocabulary.items()}
    train: list[Example] = []
    held_out: list[Example] = []
    for row in rows:
        part = held_out if split_bucket(row["productDisplayName"]) == _HELD_OUT_BUCKET else train
        part.append(_product_example(products, row, index))
    for photo in photos:
        (held_out if _is_held_out(photo) else train).append(_photo_example(photo, index))
    train += [Example(path, Source.OTHER) for path in learnable_no_garment(no_garment)]
    return FashionData(train, held_out, vocabulary)


def learnable_no_garment(folder: Path | None) -> list[Path]:
    """Return the pictures whose file names have an even length. Results are reported on the others."""
    return [path for path in sorted(folder.glob("*.*")) if len(path.stem) % 2 == 0] if folder else []


def _vocabulary(rows: Sequence[Mapping[str, str]], photos: Sequence[_Photo]) -> dict[str, tuple[str, ...]]:
    colours = [COLOUR_OF_PHOTO.get(photo.label.get("colour", ""), "") for photo in photos]
    usages = [USAGE_OF_PHOTO.get(photo.label.get("usage", ""), "") for photo in photos]
    of_photos = {"colour": colours, "usage": usages}
    frequent = {
        task: frequent_labels([*(row[column] for row in rows), *of_photos.get(task, [])], LEAST_OF_A_LABEL)
        for task, column in _COLUMNS.items()
    }
    return frequent | {"class": CLASSES, "gender": GENDERS, "age": AGES, "pattern": PATTERNS}


def _product_example(folder: Path, row: Mapping[str, str], index: Mapping[str, LabelIndex]) -> Example:
    name, gender = row["productDisplayName"], row[_GENDER]
    child = gender in ("Boys", "Girls") or CHILD_IN_NAME.search(name) is not None
    shares = {task: {row[column]: 1.0} for task, column in _COLUMNS.items() if task != "article"}
    shares |= {"gender": {GENDER_OF_PRODUCT.get(gender, ""): 1.0}, "age": {AGES[child]: 1.0}}
    article = row["articleType"]
    return Example(
        path=folder / "images" / f"{row['id']}.jpg",
        source=Source.PRODUCT,
        name=name,
        shares=_index_shares(shares, index),
        candidates={
            "article": _positions({article}, index["article"]),
            "class": frozenset(i for i, name in enumerate(CLASSES) if article in TYPES_OF_CLASS[name]),
            "pattern": _positions(patterns_in_name(name), index["pattern"]),
        },
    )


def _photo_example(photo: _Photo, index: Mapping[str, LabelIndex]) -> Example:
    label = photo.label
    first, second = (COLOUR_OF_PHOTO.get(label.get(column, ""), "") for column in ("colour", "colour2"))
    colours = {first: 1.0} if not second or second == first else {first: 1 - SECOND_COLOUR, second: SECOND_COLOUR}
    child = label.get("gender") == "K" or label.get("kids") == "True"
    shares = {
        "colour": colours,
        "gender": GENDER_OF_PHOTO.get(label.get("gender", ""), {}),
        "usage": {USAGE_OF_PHOTO.get(label.get("usage", ""), ""): 1.0},
        "category": {CATEGORY_OF_CLASS.get(photo.folder, ""): 1.0},
        "age": {AGES[child]: 1.0} if label.get("gender") else {},
    }
    return Example(
        path=photo.path,
        source=Source.PHOTO,
        shares=_index_shares(shares, index),
        candidates={
            "article": _positions(TYPES_OF_CLASS.get(photo.folder, ()), index["article"]),
            "class": _positions({photo.folder}, index["class"]),
            "pattern": _positions({PATTERN_OF_PHOTO.get(label.get("pattern", ""), "")}, index["pattern"]),
        },
        sender=photo.sender,
    )


def _index_shares(tasks: Mapping[str, Mapping[str, float]], index: Mapping[str, LabelIndex]) -> dict[str, LabelShares]:
    """Replace labels by their positions in the vocabulary, and scale the shares of a task to the sum 1.

    Tasks without a label in the vocabulary are left out.
    """
    indexed: dict[str, LabelShares] = {}
    for task, labels in tasks.items():
        shares = {index[task][label]: share for label, share in labels.items() if label in index[task]}
        if total := sum(shares.values()):
            indexed[task] = {position: share / total for position, share in shares.items()}
    return indexed


def _positions(labels: Iterable[str], index: LabelIndex) -> frozenset[int]:
    return frozenset(index[label] for label in labels if label in index)


def _user_photos(folder: Path) -> list[_Photo]:
    labels = {row["id"]: row for row in _table(folder / "labels.csv", ("id", "colour", "gender", "usage"))}
    senders = {row["id"]: row for row in _table(folder / "photos.csv", ("id", "sender"))}
    photos = []
    for path in sorted((folder / "train").glob("*/*")):
        row = senders.get(path.stem, {})
        if path.parent.name in TYPES_OF_CLASS or path.stem in labels:
            label = {**labels.get(path.stem, {}), "kids": row.get("kids", "")}
            photos.append(_Photo(path, path.parent.name, row.get("sender", ""), label))
    return photos


def _table(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file, none if the file does not exist."""
    return read_csv(path, columns) if path.is_file() else []


def _is_held_out(photo: _Photo) -> bool:
    """Hold out whole senders, so that training does not see the rooms and cameras of held-out photos."""
    sender = photo.sender or photo.path.name
    digest = hashlib.sha1(sender.encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 10 == _HELD_OUT_SENDERS
