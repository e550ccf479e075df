"""The import rule: the domain imports nothing outward, services only ports and domain."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "shared" / "closetspace"
INNER = {"closetspace.errors", "closetspace.settings"}
NUMERIC = {"numpy"}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a dependency points"
            found.add(node.module or "")
    return found


def outward(path: Path, allowed: tuple[str, ...]) -> set[str]:
    """Imports other than the standard library, numpy and what is allowed."""
    known = INNER | NUMERIC | sys.stdlib_module_names
    return {m for m in imports(path) if m not in INNER and m.split(".")[0] not in known and not m.startswith(allowed)}


def modules(folder: str) -> list[Path]:
    return sorted((PACKAGE / folder).glob("*.py"))


@pytest.mark.parametrize("path", modules("domain"), ids=lambda path: path.stem)
def test_domain_imports_only_domain(path: Path) -> None:
    assert not outward(path, ("closetspace.domain",))


@pytest.mark.parametrize("path", modules("services"), ids=lambda path: path.stem)
def test_services_import_only_ports_and_domain(path: Path) -> None:
    assert not outward(path, ("closetspace.domain", "closetspace.ports", "closetspace.services"))


def test_ports_import_only_domain() -> None:
    assert not outward(PACKAGE / "ports.py", ("closetspace.domain",))


@pytest.mark.parametrize("path", modules("adapters"), ids=lambda path: path.stem)
def test_adapters_import_no_service(path: Path) -> None:
    assert not {m for m in imports(path) if m.startswith("closetspace.services")}


PURE = {"diff", "guards", "merging", "planning", "run_record", "scraped", "catalog_item", "source"}
"""Modules of the catalog's refresh that decide, and neither read nor write."""


@pytest.mark.parametrize("name", sorted(PURE))
def test_what_decides_a_refresh_reads_and_writes_nothing(name: str) -> None:
    path = PACKAGE.parent.parent / "catalog_jobs" / "refresh" / f"{name}.py"
    allowed = ("pydantic", *(f"catalog_jobs.refresh.{other}" for other in PURE))
    assert not outward(path, allowed)


def test_rule_is_looked_for_where_code_is() -> None:
    assert len(modules("domain")) > 5
    assert len(modules("services")) > 5
