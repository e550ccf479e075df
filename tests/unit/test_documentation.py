"""The documentation names only what exists: paths, modules and their members, make targets, commands, anchors."""

import ast
import fnmatch
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from catalog_jobs.cli.app import app
from catalog_jobs.cli.lazy import LazyCommand
from tests.support.paths import REPOSITORY

DOCUMENTS = sorted(
    [
        *REPOSITORY.glob("*.md"),
        *REPOSITORY.glob("docs/*.md"),
        *REPOSITORY.glob("clients/*/*.md"),
        *REPOSITORY.glob("examples/*/*.md"),
        *REPOSITORY.glob(".github/**/*.md"),
        *REPOSITORY.glob("shared/closetspace/models/*/README.md"),
    ]
)

FOLDERS = ("catalog_jobs", "clients", "docs", "examples", "functions", "infra", "shared", "tests")
SOURCES = {"catalog_jobs": REPOSITORY, "closetspace": REPOSITORY / "shared", "closetspace_infra": REPOSITORY / "infra"}

WRITTEN_LATER = {
    "clients/web/node_modules",
    "examples/react/node_modules",
    "functions/.env",
    "functions/.env.PROJECT",
    "infra/environments/NAME.toml",
    "infra/environments/prod.toml",
    "infra/local/node_modules",
    "infra/terraform/PROJECT.tfvars",
    "shared/closetspace/models/NAME",
}
"""Paths that a command or an operator writes."""

PATH = re.compile(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w.*/-]*[\w*/]")
FILE = re.compile(r"`([\w./*-]+\.(?:j2|lock|mjs|py|rules|tf|toml|tsx?))`")
DOTTED = re.compile(rf"(?<![\w./-])(?:{'|'.join(SOURCES)})(?:\.[A-Za-z_]\w*)+")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
TREE_LINE = re.compile(r"^( *)(\S+(?:, \S+)*)  +\S")

document = pytest.mark.parametrize("document", DOCUMENTS, ids=[str(path.relative_to(REPOSITORY)) for path in DOCUMENTS])


@document
def test_every_path_exists(document: Path) -> None:
    paths = set(PATH.findall(document.read_text())) - WRITTEN_LATER
    assert not {path for path in paths if not list(REPOSITORY.glob(path.rstrip("/")))}


@document
def test_every_file_named_without_its_folder_exists(document: Path) -> None:
    names = set(FILE.findall(document.read_text())) - WRITTEN_LATER
    assert not {name for name in names if not fnmatch.filter(files(), f"*/{name}")}


@document
def test_every_module_and_member_exists(document: Path) -> None:
    assert not {name for name in DOTTED.findall(document.read_text()) if not exists_in_code(name)}


@document
def test_every_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    links = {link for link in LINK.findall(document.read_text()) if not re.match(r"\w+:", link)}
    broken = set()
    for link in links:
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.add(link)
    assert not broken


@document
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    named = {match[1] for command in commands(document) if (match := re.match(r"make ([a-z][\w-]*)", command))}
    assert not named - targets


@document
def test_every_command_and_option_exists(document: Path) -> None:
    named = [command for command in commands(document) if re.match(r"(\.venv/bin/)?closetspace [a-z]", command)]
    assert not [command for command in named if not exists_in_cli(command)]


@document
def test_every_folder_and_file_of_a_tree_exists(document: Path) -> None:
    assert not [path for block in FENCE.findall(document.read_text()) for path in tree(block) if not path.exists()]


@cache
def files() -> list[str]:
    """Return the paths of the repository's files, relative to it and with a slash before them."""
    paths = [f"/{path.name}" for path in REPOSITORY.iterdir()]
    for root in FOLDERS:
        for folder, folders, names in os.walk(REPOSITORY / root):
            folders[:] = [name for name in folders if name not in ("node_modules", "__pycache__", ".terraform")]
            paths += [f"/{(Path(folder) / name).relative_to(REPOSITORY).as_posix()}" for name in names]
    return paths


def exists_in_code(name: str) -> bool:
    """Return whether a dotted name is a package, a module, or a member of one."""
    parts = name.split(".")
    root = SOURCES[parts[0]]
    for length in range(len(parts), 0, -1):
        path = root.joinpath(*parts[:length])
        if path.with_suffix(".py").is_file():
            return has_member(ast.parse(path.with_suffix(".py").read_text()), parts[length:])
        if path.is_dir():
            return length == len(parts)
    return False


def has_member(node: ast.Module | ast.ClassDef, path: list[str]) -> bool:
    """Return whether a module or class defines a name, and that one the next, to the end of the path."""
    if not path:
        return True
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and child.name == path[0]:
            return len(path) == 1 or (isinstance(child, ast.ClassDef) and has_member(child, path[1:]))
        targets = child.targets if isinstance(child, ast.Assign) else [getattr(child, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == path[0] for target in targets):
            return len(path) == 1
    return False


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as the hosting pages make them."""
    headings = HEADING.findall(path.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(path: Path) -> Iterator[str]:
    """Yield the code spans of a document and the lines of its code blocks, without prompts."""
    text = path.read_text()
    for block in FENCE.findall(text):
        yield from (line.removeprefix("$ ").strip() for line in block.replace("\\\n", " ").splitlines())
    yield from SPAN.findall(FENCE.sub("", text))


def exists_in_cli(command: str) -> bool:
    """Return whether a command exists and has the options named. ``a | b`` names two commands of one group."""
    current: Any = typer.main.get_command(app)
    group, options = current, set()
    for word in command.split("#")[0].split()[1:]:
        if word in ("|", "\\|"):
            current = group
        elif word.startswith("--"):
            options.add(word.split("=")[0].rstrip("…"))
        elif isinstance(current, TyperGroup):
            if word.islower() and word not in current.commands:
                return False
            group, current = current, current.commands.get(word, current)
            current = current.load() if isinstance(current, LazyCommand) else current
    known = {option for parameter in current.params for option in (*parameter.opts, *parameter.secondary_opts)}
    return options <= known | {"--help"}


def tree(block: str) -> Iterator[Path]:
    """Yield the paths of a code block that draws the repository as an indented tree; none of any other block."""
    lines = [TREE_LINE.match(line) for line in block.splitlines()]
    if None in lines or not block.startswith(tuple(f"{folder}/" for folder in FOLDERS)):
        return
    parents = {-1: REPOSITORY}
    for match in lines:
        assert match is not None
        indent = len(match[1])
        for name in match[2].split(", "):
            parents[indent] = parents[max(level for level in parents if level < indent)] / name
            yield parents[indent]
        parents = {level: path for level, path in parents.items() if level <= indent}
