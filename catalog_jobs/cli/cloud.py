"""``closetspace cloud``."""

import typer

from catalog_jobs.cli import cloud_deploy, cloud_status

app = typer.Typer(no_args_is_help=True)
app.command("deploy")(cloud_deploy.deploy)
app.command("status")(cloud_status.status)


@app.callback()
def group() -> None:
    """What is deployed: bring it there, and look whether it is as it should be."""
