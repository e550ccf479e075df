"""The import rules: in which direction the packages may depend on each other. ARCHITECTURE.md has the picture."""

import ast
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.paths import REPOSITORY

ROOTS = {
    "closetspace": REPOSITORY / "shared",
    "catalog_jobs": REPOSITORY,
    "closetspace_infra": REPOSITORY / "infra",
    "functions": REPOSITORY,
}
OURS = ("closetspace", "catalog_jobs", "closetspace_infra")

INNER = ("closetspace.errors", "closetspace.settings")
JOB = ("catalog_jobs.catalog", "catalog_jobs.sources", "catalog_jobs.refresh", "catalog_jobs.processes")

ALLOWED: dict[str, tuple[str, ...]] = {
    "closetspace.domain": ("closetspace.domain", *INNER),
    "closetspace.ports": ("closetspace.domain", *INNER),
    "closetspace.services": ("closetspace.domain", "closetspace.ports", "closetspace.services", *INNER),
    "closetspace.adapters": ("closetspace.domain", "closetspace.ports", "closetspace.adapters", *INNER),
    "closetspace": ("closetspace",),
    "functions": ("closetspace",),
    "catalog_jobs.processes": ("closetspace", "catalog_jobs.processes"),
    "catalog_jobs.catalog": ("closetspace", "catalog_jobs.catalog"),
    "catalog_jobs.sources": ("closetspace", "catalog_jobs.catalog", "catalog_jobs.sources", "catalog_jobs.processes"),
    "catalog_jobs.refresh": ("closetspace", *JOB),
    "catalog_jobs.encoders.training": ("closetspace", "catalog_jobs.encoders", "catalog_jobs.evaluation.datasets"),
    "catalog_jobs.encoders": (
        "closetspace",
        "catalog_jobs.encoders",
        "catalog_jobs.catalog",
        "catalog_jobs.evaluation.datasets",
    ),
    "catalog_jobs.evaluation": (
        "closetspace",
        "catalog_jobs.catalog",
        "catalog_jobs.evaluation",
        "catalog_jobs.encoders.embedding",
        "catalog_jobs.encoders.registry",
    ),
    "catalog_jobs.operations": ("closetspace", "catalog_jobs.catalog", "catalog_jobs.operations", "closetspace_infra"),
    "catalog_jobs.demo": ("closetspace", "catalog_jobs.demo", *JOB, "closetspace_infra"),
    "catalog_jobs.benchmarks": (
        "closetspace",
        "catalog_jobs.benchmarks",
        "catalog_jobs.demo",
        "catalog_jobs.encoders",
        *JOB,
        "closetspace_infra",
    ),
    "catalog_jobs": OURS,
    "closetspace_infra": ("closetspace", "closetspace_infra", "catalog_jobs.processes"),
}
"""What each package may import of ours; the longest name that a module's begins with counts."""

PURE = {
    "closetspace.domain": ("numpy",),
    "closetspace.services": ("numpy",),
    "catalog_jobs.catalog.item": ("pydantic",),
    "catalog_jobs.catalog.diff": (),
    "catalog_jobs.refresh.guards": (),
    "catalog_jobs.refresh.planning": (),
}
"""Modules that decide and neither read nor write, with the packages of others that they may import."""


def modules() -> dict[str, Path]:
    """Every module of ours by its name."""
    found: dict[str, Path] = {}
    for package, root in ROOTS.items():
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if "venv" not in parts and parts[:2] != ("functions", "closetspace"):
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a dependency points"
            module = node.module or ""
            submodules = {f"{module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= submodules or {module}
    return found


def within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def rule_of(module: str) -> tuple[str, ...]:
    return ALLOWED[max((package for package in ALLOWED if within(module, [package])), key=len)]


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_only_what_their_package_may(module: str) -> None:
    ours = {name for name in imports(MODULES[module]) if within(name, OURS)}
    assert not {name for name in ours if not within(name, rule_of(module))}


@pytest.mark.parametrize("module", [module for module in MODULES if not within(module, ["catalog_jobs.cli"])])
def test_only_the_entry_point_imports_a_command(module: str) -> None:
    commands = {name for name in imports(MODULES[module]) if within(name, ["catalog_jobs.cli"])}
    assert commands <= ({"catalog_jobs.cli.app"} if module == "catalog_jobs.__main__" else set())


@pytest.mark.parametrize("module", [module for module in MODULES if within(module, PURE)])
def test_pure_modules_import_nothing_that_reads_or_writes(module: str) -> None:
    others = PURE[next(package for package in PURE if within(module, [package]))]
    names = {name.split(".")[0] for name in imports(MODULES[module])}
    assert not names - set(sys.stdlib_module_names) - set(others) - set(OURS)


def test_rules_and_modules_match() -> None:
    assert all(any(within(module, [package]) for module in MODULES) for package in (*ALLOWED, *PURE))
