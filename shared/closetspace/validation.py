"""Pydantic's errors as sentences."""

from dataclasses import dataclass

from pydantic import ValidationError

MAX_FIELD = 100
"""Characters of a field's name in a message: unknown fields are the sender's text, of any length."""


@dataclass(frozen=True)
class Violation:
    """The first violation of a model: the path of its ``field`` (may be empty), pydantic's ``type``, a sentence."""

    field: str
    type: str
    message: str


def first_violation(error: ValidationError, *, root: str = "") -> Violation:
    """Return the first violation; ``root`` names the whole input where no field is at fault."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])[:MAX_FIELD] or root
    message = f"{field}: {first['msg']}." if field else f"{first['msg']}."
    return Violation(field, first["type"], message)
