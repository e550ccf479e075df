"""Commands are imported when they run, and lists show what the commands say of themselves."""

import inspect
from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from catalog_jobs.cli.lazy import LazyCommand, group_of


def lazy_commands(group: TyperGroup) -> Iterator[LazyCommand]:
    for command in group.commands.values():
        if isinstance(command, LazyCommand):
            yield command
            loaded = command.load()
            if isinstance(loaded, TyperGroup):
                yield from lazy_commands(loaded)


def test_list_shows_the_first_paragraph_of_each_command() -> None:
    commands = list(lazy_commands(typer.main.get_group(app)))
    assert {"demo", "catalog", "refresh"} <= {command.name for command in commands}
    for command in commands:
        first, *_ = inspect.cleandoc(command.load().help).split("\n\n")
        assert command.help == " ".join(first.split()), command.name


@pytest.fixture
def fragile() -> typer.Typer:
    """A group of a command that runs and one whose module can't be imported."""
    here = LazyCommand("works", f"{__name__}:works", "Print a word.")
    missing = LazyCommand("missing", "catalog_jobs.no_such_module:run", "Do nothing.")
    app = typer.Typer(cls=group_of(here, missing))
    app.callback()(lambda: None)
    return app


def works(word: str = "done") -> None:
    """Print a word."""
    typer.echo(word)


def test_list_and_other_commands_need_no_import_of_a_command(fragile: typer.Typer) -> None:
    listed = CliRunner().invoke(fragile, ["--help"])
    assert listed.exit_code == 0
    assert "Do nothing." in listed.output
    assert CliRunner().invoke(fragile, ["works", "--word", "hello"]).output == "hello\n"
    assert isinstance(CliRunner().invoke(fragile, ["missing"]).exception, ModuleNotFoundError)


def test_misspelt_command_is_answered_with_the_right_one(fragile: typer.Typer) -> None:
    result = CliRunner().invoke(fragile, ["work"])
    assert result.exit_code == 2
    assert "Did you mean 'works'?" in result.output
