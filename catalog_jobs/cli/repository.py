"""Commands that need a clone of the repository; the image of the catalog job lacks what they import."""

from importlib.util import find_spec

import typer

from catalog_jobs.cli.console import exit_on_error
from closetspace.errors import FailedPrecondition

IS_CLONE = find_spec("closetspace_infra") is not None


def add_missing(app: typer.Typer, *names: str) -> None:
    """Add hidden commands that only exit with an error: they need the repository."""
    for name in names:
        context = {"allow_extra_args": True, "ignore_unknown_options": True}
        app.command(name, hidden=True, context_settings=context)(_missing)


def _missing(context: typer.Context) -> None:
    with exit_on_error():
        command = context.command_path
        raise FailedPrecondition(
            f"{command} needs a clone of the repository: run `make setup` in one and try again there."
        )
