"""``closetspace cloud``, with the commands ``deploy`` and ``status``."""

import typer

from catalog_jobs.cli import cloud_status
from catalog_jobs.cli.repository import IS_CLONE, add_missing

app = typer.Typer(no_args_is_help=True)
app.command("status")(cloud_status.status)

if IS_CLONE:
    from catalog_jobs.cli import cloud_deploy

    app.command("deploy")(cloud_deploy.deploy)
else:
    add_missing(app, "deploy")


@app.callback()
def group() -> None:
    """Deploy, and compare what is deployed with what should be."""
