"""What the fashion encoder learns from: products, people's photos, pictures without a garment, and their labels."""

from __future__ import annotations

import hashlib
from collections import Counter
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
from catalog_jobs.evaluation.datasets.products import in_training_split, labelled_rows, split_bucket
from catalog_jobs.evaluation.datasets.records import read_csv
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoder.encoding import Picture
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

WORN = ("Apparel", "Footwear", "Accessories")
LEAST_OF_A_LABEL = 10
"""Training examples; from fewer nothing can be learnt."""

_COLUMNS = {"article": "articleType", "category": "subCategory", "colour": "baseColour", "usage": "usage"}
_GENDER = "gender"

_HELD_OUT_BUCKET = 6  # of the seven training buckets: chooses recipes and calibrates, so that the eval split need not
_HELD_OUT_SENDERS = 3  # the bucket of ten, by their hash: about a tenth of senders and of photos

Labels = Mapping[str, int]
Shares = Mapping[int, float]


class Source(Enum):
    """Where a picture comes from."""

    PRODUCT = "product"
    PHOTO = "photo"
    OTHER = "no garment"


@dataclass(frozen=True)
class Example:
    """A labelled picture on disk.

    ``shares`` has, by task, the share of each label that the picture has, summing to one; a task that nothing is
    known of is missing. ``candidates`` has, by task, the labels of which one is right.
    """

    path: Path
    source: Source
    name: str = ""
    shares: Mapping[str, Shares] = field(default_factory=dict)
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
    """Examples to learn from, examples held out of the training split, and the words that labels index."""

    train: Sequence[Example]
    held_out: Sequence[Example]
    vocabulary: Mapping[str, tuple[str, ...]]

    @property
    def label_counts(self) -> dict[str, int]:
        """How many labels each task has."""
        return {task: len(words) for task, words in self.vocabulary.items()}


@dataclass(frozen=True)
class _Photo:
    """A person's photo: its class, where that is one to learn, and what ``labels.csv`` says of it."""

    path: Path
    kind: str
    sender: str
    label: Mapping[str, str]


def read_fashion_data(products: Path, user_photos: Path | None, no_garment: Path | None = None) -> FashionData:
    """Read the training split of a labelled product folder, and ``train/`` of a folder of photos by class.

    The photos' colour, pattern, gender and usage come from ``labels.csv`` and their senders from ``photos.csv``, where
    the folder has these. Of ``no_garment``, pictures of other things, those with a file name of an even number of
    characters are learnt from.

    Raises:
        InvalidInput: the products are no labelled dataset, or a table of the photos cannot be read.
        FailedPrecondition: no label has enough of them.
    """
    rows = [
        row
        for row in labelled_rows(products, (*_COLUMNS.values(), _GENDER))
        if row["masterCategory"] in WORN and in_training_split(row["productDisplayName"])
    ]
    photos = _user_photos(user_photos) if user_photos else []
    vocabulary = _vocabulary(rows, photos)
    if not all(vocabulary[task] for task in _COLUMNS):
        raise FailedPrecondition(f"{products.name}: no label has {LEAST_OF_A_LABEL} products to learn from.")
    index = {task: {word: i for i, word in enumerate(words)} for task, words in vocabulary.items()}
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
    """Return the pictures without a garment that may be learnt from; results are reported on the others."""
    return [path for path in sorted(folder.glob("*.*")) if len(path.stem) % 2 == 0] if folder else []


def _vocabulary(rows: Sequence[Mapping[str, str]], photos: Sequence[_Photo]) -> dict[str, tuple[str, ...]]:
    colours = [COLOUR_OF_PHOTO.get(photo.label.get("colour", ""), "") for photo in photos]
    usages = [USAGE_OF_PHOTO.get(photo.label.get("usage", ""), "") for photo in photos]
    also = {"colour": colours, "usage": usages}
    learnt = {task: _frequent([*(row[c] for row in rows), *also.get(task, [])]) for task, c in _COLUMNS.items()}
    return learnt | {"class": CLASSES, "gender": GENDERS, "age": AGES, "pattern": PATTERNS}


def _frequent(words: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(word for word in words if word and word != "NA")
    return tuple(word for word, n in sorted(counts.items(), key=lambda x: (-x[1], x[0])) if n >= LEAST_OF_A_LABEL)


def _product_example(folder: Path, row: Mapping[str, str], index: Mapping[str, Labels]) -> Example:
    name, gender = row["productDisplayName"], row[_GENDER]
    child = gender in ("Boys", "Girls") or CHILD_IN_NAME.search(name) is not None
    known = {task: {row[column]: 1.0} for task, column in _COLUMNS.items() if task != "article"}
    known |= {"gender": {GENDER_OF_PRODUCT.get(gender, ""): 1.0}, "age": {AGES[child]: 1.0}}
    article = row["articleType"]
    return Example(
        path=folder / "images" / f"{row['id']}.jpg",
        source=Source.PRODUCT,
        name=name,
        shares=_indexed(known, index),
        candidates={
            "article": _places({article}, index["article"]),
            "class": frozenset(i for i, kind in enumerate(CLASSES) if article in TYPES_OF_CLASS[kind]),
            "pattern": _places(patterns_in_name(name), index["pattern"]),
        },
    )


def _photo_example(photo: _Photo, index: Mapping[str, Labels]) -> Example:
    label = photo.label
    first, second = (COLOUR_OF_PHOTO.get(label.get(column, ""), "") for column in ("colour", "colour2"))
    colours = {first: 1.0} if not second or second == first else {first: 1 - SECOND_COLOUR, second: SECOND_COLOUR}
    child = label.get("gender") == "K" or label.get("kids") == "True"
    known = {
        "colour": colours,
        "gender": GENDER_OF_PHOTO.get(label.get("gender", ""), {}),
        "usage": {USAGE_OF_PHOTO.get(label.get("usage", ""), ""): 1.0},
        "category": {CATEGORY_OF_CLASS.get(photo.kind, ""): 1.0},
        "age": {AGES[child]: 1.0} if label.get("gender") else {},
    }
    return Example(
        path=photo.path,
        source=Source.PHOTO,
        shares=_indexed(known, index),
        candidates={
            "article": _places(TYPES_OF_CLASS.get(photo.kind, ()), index["article"]),
            "class": _places({photo.kind}, index["class"]),
            "pattern": _places({PATTERN_OF_PHOTO.get(label.get("pattern", ""), "")}, index["pattern"]),
        },
        sender=photo.sender,
    )


def _indexed(known: Mapping[str, Mapping[str, float]], index: Mapping[str, Labels]) -> dict[str, Shares]:
    """Turn words into places in the vocabulary; a task that it has no word of is left out, the others sum to one."""
    found: dict[str, Shares] = {}
    for task, words in known.items():
        shares = {index[task][word]: share for word, share in words.items() if word in index[task]}
        if total := sum(shares.values()):
            found[task] = {place: share / total for place, share in shares.items()}
    return found


def _places(words: Iterable[str], index: Labels) -> frozenset[int]:
    return frozenset(index[word] for word in words if word in index)


def _user_photos(folder: Path) -> list[_Photo]:
    labels = {row["id"]: row for row in _table(folder / "labels.csv", ("id", "colour", "gender", "usage"))}
    listed = {row["id"]: row for row in _table(folder / "photos.csv", ("id", "sender"))}
    photos = []
    for path in sorted((folder / "train").glob("*/*")):
        row = listed.get(path.stem, {})
        if path.parent.name in TYPES_OF_CLASS or path.stem in labels:
            label = {**labels.get(path.stem, {}), "kids": row.get("kids", "")}
            photos.append(_Photo(path, path.parent.name, row.get("sender", ""), label))
    return photos


def _table(path: Path, needed: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file, none if the file does not exist."""
    return read_csv(path, needed) if path.is_file() else []


def _is_held_out(photo: _Photo) -> bool:
    """Hold out whole senders, so that no room or camera of a held-out photo was learnt from."""
    who = photo.sender or photo.path.name
    digest = hashlib.sha1(who.encode(), usedforsecurity=False).hexdigest()
    return int(digest, 16) % 10 == _HELD_OUT_SENDERS
