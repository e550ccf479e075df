"""Labels of people's photos: who sent each, and what eyes see on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from catalog_jobs.evaluation.datasets.closets import PhotographedCloset
from catalog_jobs.evaluation.datasets.tables import table_rows
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
"""The classes of photos of each kind of clothes; photos of other classes are not measured."""

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
"""Names of colours, in lower case, that photos and products do not tell apart."""

COLOUR_GROUP: Mapping[str, int] = {name: number for number, names in enumerate(COLOUR_GROUPS) for name in names}
USAGES: Mapping[str, str] = {
    "casual": "Casual",
    "formal": "Formal",
    "sports": "Sports",
    "party": "Party",
    "home": "Home",
}
"""The words of photos for what products call their usage."""

GENDERS = ("W", "M", "U", "K")
"""Women's, men's, unisex and children's things."""

_KIND_OF_CLASS = {photo_class: kind for kind, classes in KINDS.items() for photo_class in classes}
_PHOTO_COLUMNS = ("id", "sender", "class", "split")
_LABEL_COLUMNS = ("id", "colour", "colour2", "gender", "usage")
_UNLABELLED = "none"
"""The colour of photos that show no garment."""


@dataclass(frozen=True)
class LabelledPhoto:
    """A photo's sender and labels; ``colours`` are numbers of `COLOUR_GROUPS`, the main colour's first."""

    sender: str
    photo_class: str
    kind: str
    colours: tuple[int, ...]
    gender: str
    usage: str
    words: str


def read_closet_labels(folder: Path, closets: Iterable[PhotographedCloset]) -> dict[str, list[LabelledPhoto]]:
    """Read ``photos.csv`` and ``labels.csv`` of the photos' folder: the labels of each closet's photos, by its id.

    Raises `InvalidInput` if a table cannot be used, or lacks one of the photos.
    """
    rows = _rows(folder)
    found: dict[str, list[LabelledPhoto]] = {}
    for closet in closets:
        for photo in closet.photos:
            if photo not in rows:
                raise InvalidInput(
                    "photos_unlabelled",
                    f"--compare needs labels for every photo, but photos.csv and labels.csv of {folder} have none of a"
                    f" garment for {photo} in closet {closet.id}.",
                )
        found[closet.id] = [_labelled(rows[photo], folder) for photo in closet.photos]
    return found


def _rows(folder: Path) -> dict[str, dict[str, str]]:
    labels = {row["id"]: row for row in table_rows(folder / "labels.csv", _LABEL_COLUMNS)}
    return {
        f"{row['split']}/{row['class']}/{row['id']}.jpg": row | labels[row["id"]]
        for row in table_rows(folder / "photos.csv", _PHOTO_COLUMNS)
        if row["class"] in _KIND_OF_CLASS and labels.get(row["id"], {}).get("colour", _UNLABELLED) != _UNLABELLED
    }


def _labelled(row: Mapping[str, str], folder: Path) -> LabelledPhoto:
    colours = [colour for colour in (row["colour"], row["colour2"]) if colour]
    _check_words(row, colours, folder)
    return LabelledPhoto(
        sender=row["sender"],
        photo_class=row["class"],
        kind=_KIND_OF_CLASS[row["class"]],
        colours=tuple(COLOUR_GROUP[colour] for colour in colours),
        gender=row["gender"],
        usage=USAGES[row["usage"]],
        words=" - ".join((row["class"], *colours, row["usage"])),
    )


def _check_words(row: Mapping[str, str], colours: Iterable[str], folder: Path) -> None:
    unknown = [colour for colour in colours if colour not in COLOUR_GROUP]
    unknown += [row[column] for column, known in (("gender", GENDERS), ("usage", USAGES)) if row[column] not in known]
    if unknown:
        raise InvalidInput(
            "photos_unlabelled", f"{folder / 'labels.csv'} has unknown labels for {row['id']}: {', '.join(unknown)}."
        )
