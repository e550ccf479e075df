"""Personas: people made up of real products, whose taste is known because it was drawn first."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.item import cleaned
from catalog_jobs.evaluation.datasets.json_records import as_list, as_text, read_records
from closetspace.errors import InvalidInput

LABELS = ("gender", "usage", "palette", "sub_categories")


class Half(StrEnum):
    """Every other persona: what is chosen on one half is reported on the other."""

    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True)
class Persona:
    """Whose wardrobe it is, of which products, and what they wear; the latter is empty where the file does not say.

    ``wardrobe`` are ids as the catalog has them.
    """

    id: str
    wardrobe: tuple[str, ...]
    gender: str = ""
    usage: str = ""
    palette: frozenset[str] = frozenset()
    sub_categories: frozenset[str] = frozenset()

    @property
    def unlabelled(self) -> list[str]:
        """The labels that it lacks."""
        return [label for label in LABELS if not getattr(self, label)]


def read_personas(path: Path, half: Half | None = None) -> list[Persona]:
    """Read a JSON list of ``{id, wardrobe}`` and, where they are known, `LABELS`.

    Raises `InvalidInput` for anything else, for an id that comes twice, and when nobody is left of a half.
    """
    everybody = read_records(path, _persona, noun="persona", shape="{id, wardrobe}", code="personas_invalid")
    chosen = everybody if half is None else everybody[half is Half.ODD :: 2]
    if not chosen:
        raise InvalidInput("personas_invalid", f"{path} holds no persona in its {half} half.")
    return chosen


def check_labelled(people: Sequence[Persona], path: Path) -> None:
    """Raise `InvalidInput` unless it is known of everybody what they wear."""
    for persona in people:
        if missing := persona.unlabelled:
            raise InvalidInput(
                "personas_unlabelled",
                f"{persona.id} in {path} lacks {', '.join(missing)}: without these nobody can tell what fits, and such"
                " a file is good for --out alone.",
            )


def _persona(fields: Any) -> Persona:
    wardrobe = [as_text(str(item_id), "wardrobe") for item_id in as_list(fields["wardrobe"], "wardrobe")]
    return Persona(
        id=as_text(str(fields["id"]), "id"),
        wardrobe=tuple(cleaned(item_id) for item_id in wardrobe),
        gender=as_text(fields.get("gender", ""), "gender"),
        usage=as_text(fields.get("usage", ""), "usage"),
        palette=_texts(fields, "palette"),
        sub_categories=_texts(fields, "sub_categories"),
    )


def _texts(fields: Any, name: str) -> frozenset[str]:
    return frozenset(as_text(one, name) for one in as_list(fields.get(name, []), name))
