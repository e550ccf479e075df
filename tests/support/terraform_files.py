"""The files of `infra/terraform` as plain values: parsed, but not evaluated, which needs the providers."""

import re
import shutil
from collections.abc import Iterator
from functools import cache
from typing import Any

import hcl2
import pytest

from tests.support.paths import REPOSITORY

FOLDER = REPOSITORY / "infra" / "terraform"

needs_terraform = pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")


@cache
def parsed(file: str) -> dict[str, Any]:
    with (FOLDER / file).open() as opened:
        content: dict[str, Any] = plain(hcl2.load(opened))
    return content


def plain(value: Any) -> Any:
    """Return a value without the parser's metadata and quotation marks."""
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value[1:-1] if isinstance(value, str) and value[:1] == value[-1:] == '"' else value


def files() -> list[str]:
    return sorted(path.name for path in FOLDER.glob("*.tf"))


def named(kind: str) -> dict[str, Any]:
    """Return all variables, outputs or providers by name."""
    return {name: body for file in files() for block in parsed(file).get(kind, []) for name, body in block.items()}


def blocks(kind: str) -> dict[str, Any]:
    """Return all resources or data sources by address."""
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
    merged: dict[str, Any] = {}
    for file in files():
        for block in parsed(file).get("locals", []):
            merged |= block
    return merged


def texts(value: Any) -> Iterator[str]:
    """Yield every string in a value."""
    if isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def expressions() -> str:
    """Return all expressions as one string."""
    return "\n".join(
        match for file in files() for text in texts(parsed(file)) for match in re.findall(r"\$\{.*\}", text, re.DOTALL)
    )


def references(pattern: str) -> set[str]:
    """Return the references that match a pattern."""
    return set(re.findall(pattern, expressions()))
