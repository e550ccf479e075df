"""The names of Google's product categories, which feeds often give as numbers."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

STEP = " > "
"""Between the steps of a category's path, as Google writes them."""


# Spreadsheets make 5598.0 of 5598.
_NUMBER = re.compile(r"(?P<number>\d+)(\.0+)?(\s*-\s*(?P<path>.+))?")


@cache
def _paths() -> Mapping[str, str]:
    """Return the path of each category by its number."""
    paths: dict[str, str] = {}
    above: list[str] = []
    text = files(__package__).joinpath("google_taxonomy.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        number, _, name = line.strip().partition(" ")
        depth = len(line) - len(line.lstrip())
        above[depth:] = [name]
        paths[number] = STEP.join(above)
    return paths


def google_category(value: str) -> str:
    """Return the path of a category that is given by its number, by number and path, or by its path.

    ``""`` if the number is unknown: a number is no category.
    """
    match = _NUMBER.fullmatch(value.strip())
    if match is None:
        return value.strip()
    return _paths().get(match["number"]) or match["path"] or ""
