"""Options that the commands of ``closetspace cloud`` share."""

from typing import Annotated

import typer

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


def place(env: str | None, project: str | None, region: str | None) -> tuple[str, str | None]:
    """Return the project and the region that the options name, None for the default region.

    Raises `InvalidInput` if they name no project.
    """
    if env:
        from closetspace_infra.deploy.environments import read_environment

        options = read_environment(env).options
        project, region = project or options.get("project"), region or options.get("region")
    if not project:
        raise InvalidInput("option_missing", "Name the project with --project, or an environment with --env.")
    return project, region
