"""The import rules: which packages each package may import. ARCHITECTURE.md explains them."""

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

INNER = ("closetspace.errors", "closetspace.log_labels", "closetspace.settings", "closetspace.spans")
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
"""The packages of this repository that each package may import. The longest prefix of a module's name decides."""

PURE = {
    "closetspace.domain": ("numpy",),
    "closetspace.services": ("numpy",),
    "catalog_jobs.catalog.item": ("pydantic",),
    "catalog_jobs.catalog.item_table": ("numpy", "pyarrow"),
    "catalog_jobs.catalog.diff": ("pyarrow",),
    "catalog_jobs.refresh.guards": (),
    "catalog_jobs.refresh.planning": ("pyarrow",),
}
"""Modules without I/O, with the third-party packages that they may import."""


def modules() -> dict[str, Path]:
    """Return the path of every module of this repository by its name."""
    paths: dict[str, Path] = {}
    for package, root in ROOTS.items():
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            if "venv" not in parts and parts[:2] != ("functions", "closetspace"):
                paths[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return paths


MODULES = modules()


def imports(path: Path) -> set[str]:
    """Return the names of all modules that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where a dependency points"
            module = node.module or ""
            submodules = {f"{module}.{alias.name}" for alias in node.names} & MODULES.keys()
            names |= submodules or {module}
    return names


def within(module: str, packages: Iterable[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def allowed_for(module: str) -> tuple[str, ...]:
    return ALLOWED[max((package for package in ALLOWED if within(module, [package])), key=len)]


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_packages_that_its_package_may_import(module: str) -> None:
    ours = {name for name in imports(MODULES[module]) if within(name, OURS)}
    assert not {name for name in ours if not within(name, allowed_for(module))}


@pytest.mark.parametrize("module", [module for module in MODULES if not within(module, ["catalog_jobs.cli"])])
def test_commands_are_imported_by_the_entry_point_only(module: str) -> None:
    commands = {name for name in imports(MODULES[module]) if within(name, ["catalog_jobs.cli"])}
    assert commands <= ({"catalog_jobs.cli.app"} if module == "catalog_jobs.__main__" else set())


@pytest.mark.parametrize("module", [module for module in MODULES if within(module, PURE)])
def test_pure_module_imports_no_other_third_party_package(module: str) -> None:
    allowed = PURE[next(package for package in PURE if within(module, [package]))]
    names = {name.split(".")[0] for name in imports(MODULES[module])}
    assert not names - set(sys.stdlib_module_names) - set(allowed) - set(OURS)


def test_every_rule_applies_to_a_module() -> None:
    assert all(any(within(module, [package]) for module in MODULES) for package in (*ALLOWED, *PURE))
