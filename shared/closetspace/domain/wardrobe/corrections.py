"""What an owner says of an item, which counts for certain instead of what an encoder predicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from closetspace.domain.encoder.attributes import Heads
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, USAGE
from closetspace.domain.encoder.encoding import MAX_COLOURS, Encoding

MAX_LENGTH = 100
"""Characters of a label; longer text is none."""

FIELDS = {"category": CATEGORY, "colours": COLOUR, "gender": GENDER, "usage": USAGE}
"""The fields of a client's document, with the attribute that each corrects. ``colours`` is a list of up to three."""


@dataclass(frozen=True)
class Corrections:
    """The labels that an owner gives an item, by field, as written; a field that is empty or malformed is missing."""

    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def parse(cls, document: Mapping[str, Any]) -> "Corrections":
        """Read the corrections in a client's document. A frontend may have other uses for these names."""
        found = {field: _labels(document.get(field), MAX_COLOURS if field == "colours" else 1) for field in FIELDS}
        return cls(tuple((field, labels) for field, labels in found.items() if labels))

    def apply(self, encoding: Encoding, heads: Heads) -> tuple[Encoding, tuple[str, ...]]:
        """Return an encoding in which the corrections count for certain, and the fields that do.

        A field with a label that the encoder does not know changes nothing. Case does not matter.
        """
        known = {field: _known(labels, heads.get(FIELDS[field], ())) for field, labels in self.labels}
        certain = {FIELDS[field]: dict.fromkeys(labels, 1 / len(labels)) for field, labels in known.items() if labels}
        category = next(iter(certain.get(CATEGORY, ())), encoding.category)
        corrected = replace(encoding, category=category, attributes={**encoding.attributes, **certain})
        return corrected, tuple(field for field, labels in known.items() if labels)


def _labels(value: object, most: int) -> tuple[str, ...]:
    values: Sequence[object] = [value] if isinstance(value, str) else value if isinstance(value, list) else ()
    labels = [each.strip() for each in values[: most + 1] if isinstance(each, str)]
    is_valid = len(labels) == len(values) <= most and all(0 < len(label) <= MAX_LENGTH for label in labels)
    return tuple(dict.fromkeys(labels)) if is_valid else ()


def _known(labels: Sequence[str], head: Sequence[str]) -> tuple[str, ...]:
    """Return the head's spelling of the labels; none if it lacks one of them."""
    by_name = {label.casefold(): label for label in head}
    found = dict.fromkeys(by_name.get(label.casefold(), "") for label in labels)
    return () if "" in found else tuple(found)
