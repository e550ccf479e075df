"""Personas: synthetic users whose wardrobes are real products and whose preferences are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.item import clean_text
from catalog_jobs.evaluation.datasets.records import as_list, as_text, read_json_list
from closetspace.errors import InvalidInput

PREFERENCES = ("gender", "usage", "palette", "sub_categories")


class PersonaHalf(StrEnum):
    """Every other persona. Parameters chosen on one half are reported on the other."""

    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True)
class Persona:
    """A wardrobe and the preferences it was drawn from, which are empty if the file does not have them.

    ``wardrobe`` contains ids as the catalog has them.
    """

    id: str
    wardrobe: tuple[str, ...]
    gender: str = ""
    usage: str = ""
    palette: frozenset[str] = frozenset()
    sub_categories: frozenset[str] = frozenset()

    @property
    def missing_preferences(self) -> list[str]:
        return [name for name in PREFERENCES if not getattr(self, name)]


def read_personas(path: Path, half: PersonaHalf | None = None) -> list[Persona]:
    """Read a JSON list of ``{id, wardrobe}`` with optional `PREFERENCES`.

    Raises `InvalidInput` if the file is not such a list, if an id occurs twice, and if the half is empty.
    """
    personas = read_json_list(path, _parse, noun="persona", shape="{id, wardrobe}", code="personas_invalid")
    chosen = personas if half is None else personas[half is PersonaHalf.ODD :: 2]
    if not chosen:
        raise InvalidInput("personas_invalid", f"{path} contains no persona in its {half} half.")
    return chosen


def check_preferences(personas: Sequence[Persona], path: Path) -> None:
    """Raise `InvalidInput` unless every persona has all preferences."""
    for persona in personas:
        if missing := persona.missing_preferences:
            raise InvalidInput(
                "personas_unlabelled",
                f"{persona.id} in {path} lacks {', '.join(missing)}, which --compare needs. Without them the file can"
                " only be used with --out.",
            )


def _parse(fields: Any) -> Persona:
    wardrobe = [as_text(str(item_id), "wardrobe") for item_id in as_list(fields["wardrobe"], "wardrobe")]
    return Persona(
        id=as_text(str(fields["id"]), "id"),
        wardrobe=tuple(clean_text(item_id) for item_id in wardrobe),
        gender=as_text(fields.get("gender", ""), "gender"),
        usage=as_text(fields.get("usage", ""), "usage"),
        palette=_texts(fields, "palette"),
        sub_categories=_texts(fields, "sub_categories"),
    )


def _texts(fields: Any, name: str) -> frozenset[str]:
    return frozenset(as_text(value, name) for value in as_list(fields.get(name, []), name))
