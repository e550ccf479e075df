"""Real closets: photos of what people own, with labels given by eye."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from catalog_jobs.evaluation.datasets.fashion_labels import USAGE_OF_PHOTO
from catalog_jobs.evaluation.datasets.records import as_list, as_text, read_csv, read_json_list
from closetspace.errors import InvalidInput

KINDS: Mapping[str, frozenset[str]] = {
    "topwear": frozenset(
        {"t-shirt", "longsleeve", "shirt", "polo", "undershirt", "hoodie", "top", "blouse", "blazer", "outwear"}
    ),
    "bottomwear": frozenset({"pants", "shorts", "skirt"}),
    "dress": frozenset({"dress"}),
    "shoes": frozenset({"shoes"}),
    "headwear": frozenset({"hat"}),
}
"""The photo classes of each kind of clothes. Photos of other classes are not measured."""

COLOUR_GROUPS: tuple[tuple[str, ...], ...] = tuple(
    tuple(names.split(", "))
    for names in (
        "black, charcoal",
        "white, cream, off white",
        "grey, silver, grey melange, steel, metallic",
        "beige, khaki, tan, nude, skin, taupe, mushroom brown",
        "brown, rust, bronze, copper, coffee brown",
        "navy, navy blue",
        "blue, lightblue",
        "turquoise, teal, turquoise blue, sea green",
        "green, olive, lime green, fluorescent green",
        "yellow, mustard, gold",
        "orange, peach",
        "pink, magenta, rose",
        "red",
        "maroon, burgundy",
        "purple, lavender, mauve",
        "multi",
    )
)
"""Colour names in lower case, grouped by colours that count as equal."""

COLOUR_GROUP: Mapping[str, int] = {name: number for number, names in enumerate(COLOUR_GROUPS) for name in names}

GENDER_CODES = ("W", "M", "U", "K")
"""Women's, men's, unisex and children's garments."""

_KIND_OF_CLASS = {photo_class: kind for kind, classes in KINDS.items() for photo_class in classes}
_PHOTO_COLUMNS = ("id", "sender", "class", "split")
_LABEL_COLUMNS = ("id", "colour", "colour2", "gender", "usage")
_NO_GARMENT = "none"
"""The colour label of photos that show no garment."""


@dataclass(frozen=True)
class PhotographedCloset:
    """A closet as photos. ``photos`` are paths relative to the folder of all photos."""

    id: str
    photos: tuple[str, ...]


@dataclass(frozen=True)
class LabelledPhoto:
    """The sender and the labels of a photo. ``colours`` are positions in `COLOUR_GROUPS`, the main colour first."""

    sender: str
    photo_class: str
    kind: str
    colours: tuple[int, ...]
    gender: str
    usage: str
    description: str


def read_closets(path: Path) -> list[PhotographedCloset]:
    """Read a JSON list of ``{id, photos}``.

    Raises `InvalidInput` if the file is not such a list, if an id occurs twice, if a closet has no photos, and if a
    photo is outside of the folder of photos.
    """
    closets = read_json_list(path, _parse, noun="closet", shape="{id, photos}", code="closets_invalid")
    for closet in closets:
        if not closet.photos:
            raise InvalidInput("closets_invalid", f"{closet.id} in {path} has no photos.")
        for photo in closet.photos:
            _check_inside(photo, closet, path)
    return closets


def photos_of_splits(closets: Sequence[PhotographedCloset], folder: Path) -> list[str]:
    """Return all photos ``SPLIT/CLASS/ID.jpg`` of the splits that the closets' photos belong to."""
    splits = sorted({PurePosixPath(photo).parts[0] for closet in closets for photo in closet.photos})
    paths = (path for split in splits for path in sorted((folder / split).glob("*/*.jpg")))
    return [path.relative_to(folder).as_posix() for path in paths]


def read_closet_labels(folder: Path, closets: Iterable[PhotographedCloset]) -> dict[str, list[LabelledPhoto]]:
    """Return the labels of each closet's photos by closet id, from ``photos.csv`` and ``labels.csv`` of the folder.

    Raises `InvalidInput` if a table is unusable or lacks one of the photos.
    """
    rows = _label_rows(folder)
    labels: dict[str, list[LabelledPhoto]] = {}
    for closet in closets:
        for photo in closet.photos:
            if photo not in rows:
                raise InvalidInput(
                    "photos_unlabelled",
                    f"--compare needs labels for every photo, but photos.csv and labels.csv of {folder} have no garment"
                    f" label for {photo} in closet {closet.id}.",
                )
        labels[closet.id] = [_labelled_photo(rows[photo], folder) for photo in closet.photos]
    return labels


def _parse(fields: Any) -> PhotographedCloset:
    photos = [as_text(photo, "a photo") for photo in as_list(fields["photos"], "photos")]
    return PhotographedCloset(as_text(str(fields["id"]), "id"), tuple(photos))


def _check_inside(photo: str, closet: PhotographedCloset, path: Path) -> None:
    parts = PurePosixPath(photo)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts:
        raise InvalidInput(
            "closets_invalid",
            f"{closet.id} in {path} has the photo {photo!r}, which is not a path below the folder of --photos.",
        )


def _label_rows(folder: Path) -> dict[str, dict[str, str]]:
    labels = {row["id"]: row for row in read_csv(folder / "labels.csv", _LABEL_COLUMNS)}
    return {
        f"{row['split']}/{row['class']}/{row['id']}.jpg": row | labels[row["id"]]
        for row in read_csv(folder / "photos.csv", _PHOTO_COLUMNS)
        if row["class"] in _KIND_OF_CLASS and labels.get(row["id"], {}).get("colour", _NO_GARMENT) != _NO_GARMENT
    }


def _labelled_photo(row: Mapping[str, str], folder: Path) -> LabelledPhoto:
    colours = [colour for colour in (row["colour"], row["colour2"]) if colour]
    _check_labels(row, colours, folder)
    return LabelledPhoto(
        sender=row["sender"],
        photo_class=row["class"],
        kind=_KIND_OF_CLASS[row["class"]],
        colours=tuple(COLOUR_GROUP[colour] for colour in colours),
        gender=row["gender"],
        usage=USAGE_OF_PHOTO[row["usage"]],
        description=" - ".join((row["class"], *colours, row["usage"])),
    )


def _check_labels(row: Mapping[str, str], colours: Iterable[str], folder: Path) -> None:
    allowed: dict[str, Iterable[str]] = {"gender": GENDER_CODES, "usage": USAGE_OF_PHOTO}
    unknown = [colour for colour in colours if colour not in COLOUR_GROUP]
    unknown += [row[column] for column, labels in allowed.items() if row[column] not in labels]
    if unknown:
        raise InvalidInput(
            "photos_unlabelled", f"{folder / 'labels.csv'} has unknown labels for {row['id']}: {', '.join(unknown)}."
        )
