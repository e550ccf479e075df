"""Personas: people made up of real products, whose taste is known because it was drawn first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from catalog_jobs.refresh.catalog_item import cleaned
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
    try:
        everybody = [_persona(fields) for fields in json.loads(path.read_bytes())]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as exc:
        raise InvalidInput("personas_invalid", f"{path} is not a list of {{id, wardrobe}}: {exc}") from exc
    seen: set[str] = set()
    for persona in everybody:
        if persona.id in seen:
            raise InvalidInput("personas_invalid", f"{path} has {persona.id} twice: lists are told apart by it.")
        seen.add(persona.id)
    chosen = everybody if half is None else everybody[half is Half.ODD :: 2]
    if not chosen:
        raise InvalidInput("personas_invalid", f"{path} holds no persona{f' in its {half} half' if half else ''}.")
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
    return Persona(
        id=str(fields["id"]),
        wardrobe=tuple(cleaned(str(item_id)) for item_id in _listed(fields["wardrobe"], "wardrobe")),
        gender=_text(fields.get("gender", ""), "gender"),
        usage=_text(fields.get("usage", ""), "usage"),
        palette=frozenset(_text(one, "palette") for one in _listed(fields.get("palette", []), "palette")),
        sub_categories=frozenset(
            _text(one, "sub_categories") for one in _listed(fields.get("sub_categories", []), "sub_categories")
        ),
    )


def _listed(value: Any, name: str) -> list[Any]:
    # A text would be taken for the list of its letters.
    if not isinstance(value, list):
        raise TypeError(f"{name} is no list")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value
