"""Options that the commands of ``closetspace cloud`` share."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import typer

from catalog_jobs.operations.cloud_status.expected import NO_SETTINGS, Expected, read_expected
from catalog_jobs.sources.shops import SHIPPED, read_shops
from closetspace.errors import InvalidInput

EnvOption = Annotated[
    str | None,
    typer.Option("--env", metavar="NAME", help="An environment, such as prod: infra/environments/NAME.toml."),
]
ProjectOption = Annotated[
    str | None,
    typer.Option("--project", envvar="GOOGLE_CLOUD_PROJECT", metavar="ID", help="The Google Cloud project."),
]
RegionOption = Annotated[
    str | None,
    typer.Option("--region", help="The region of functions and job. Default: that of functions/.env.PROJECT."),
]


def is_on_command_line(context: typer.Context, option: str) -> bool:
    """Return whether an option was given itself, not by an environment variable.

    A shell may have ``GOOGLE_CLOUD_PROJECT`` of another project than that of the environment that is named.
    """
    source = context.get_parameter_source(option)
    return source is not None and source.name == "COMMANDLINE"


def read_target(
    context: typer.Context, env: str | None, project: str | None, region: str | None, store: str | None = None
) -> Expected:
    """Return what should be deployed to the project and the region that the options name.

    Raises `InvalidInput` if they name no project, and `FailedPrecondition` if the functions can't be read.
    """
    settings: Mapping[str, str] = NO_SETTINGS
    if env:
        from closetspace_infra.deploy.environments import read_environment

        environment = read_environment(env)
        if not is_on_command_line(context, "project"):
            project = environment.options.get("project") or project
        region = region or environment.options.get("region")
        store = store if is_on_command_line(context, "store") else None
        settings = environment.settings
    if not project:
        raise InvalidInput("option_missing", "Name the project with --project, or an environment with --env.")
    return replace(read_expected(project, region, store, settings=settings), refreshes=has_shops())


def has_shops() -> bool:
    """Return whether a shop is enabled in the file that the job's image has."""
    return any(shop.enabled for shop in read_shops(SHIPPED).values())
