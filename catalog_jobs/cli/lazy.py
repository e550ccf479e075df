"""Commands whose modules are imported when they run, so that each command starts without what others need."""

from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

MARKUP: Final = "markdown"
"""The markup of docstrings and help texts."""


class LazyCommand(TyperCommand):
    """A command, or a group of commands, that is imported when it runs. Lists show its summary."""

    name: str

    def __init__(self, name: str, place: str, summary: str) -> None:
        """Name the ``MODULE:ATTRIBUTE`` of a command's function or of a group's `typer.Typer`."""
        super().__init__(name, help=summary)
        self._place = place

    def load(self) -> Any:
        """Import the command."""
        module, attribute = self._place.split(":")
        target = getattr(import_module(module), attribute)
        parent = typer.Typer(rich_markup_mode=MARKUP)
        if isinstance(target, typer.Typer):
            parent.add_typer(target, name=self.name, help=self.help)
        else:
            parent.command(self.name)(target)
        return typer.main.get_group(parent).commands[self.name]

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the context of the imported command, which the caller invokes."""
        return self.load().make_context(*args, **kwargs)


def group_of(*commands: LazyCommand) -> type[TyperGroup]:
    """Return the class of a group that has commands beside those that are registered."""

    class Group(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            for command in commands:
                self.add_command(command)

    return Group
