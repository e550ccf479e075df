"""What stands in `infra/terraform`, as plain values: parsed, not evaluated, for that needs the providers."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import hcl2

from tests.support.paths import REPOSITORY

FOLDER = REPOSITORY / "infra" / "terraform"


@cache
def parsed(file: str) -> dict[str, Any]:
    with (FOLDER / file).open() as opened:
        found: dict[str, Any] = plain(hcl2.load(opened))
    return found


def plain(value: Any) -> Any:
    """Without the parser's own marks and quotation marks."""
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value[1:-1] if isinstance(value, str) and value[:1] == value[-1:] == '"' else value


def files() -> list[str]:
    return sorted(path.name for path in FOLDER.glob("*.tf"))


def named(kind: str) -> dict[str, Any]:
    """All variables, outputs or providers, by name."""
    return {name: body for file in files() for block in parsed(file).get(kind, []) for name, body in block.items()}


def blocks(kind: str) -> dict[str, Any]:
    """All resources or data sources, by address."""
    return {
        f"{prefix(kind)}{type_}.{name}": body
        for file in files()
        for block in parsed(file).get(kind, [])
        for type_, bodies in block.items()
        for name, body in bodies.items()
    }


def prefix(kind: str) -> str:
    return "data." if kind == "data" else ""


def locals_() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in files():
        for block in parsed(file).get("locals", []):
            found |= block
    return found


def texts(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def expressions() -> str:
    """Everything that is computed, as one text."""
    return "\n".join(
        match for file in files() for text in texts(parsed(file)) for match in re.findall(r"\$\{.*\}", text, re.DOTALL)
    )


def references(pattern: str) -> set[str]:
    """What the files refer to, by its form."""
    return set(re.findall(pattern, expressions()))
