"""``closetspace cloud``: deploy, and look after what is deployed."""

import typer

from catalog_jobs.cli import cloud_status
from catalog_jobs.cli.repository import IS_CLONE, add_missing

app = typer.Typer(no_args_is_help=True)
app.command("status")(cloud_status.status)

if IS_CLONE:
    from catalog_jobs.cli import cloud_access, cloud_check, cloud_deploy, cloud_draw, cloud_traffic

    app.command("check")(cloud_check.check)
    app.command("deploy")(cloud_deploy.deploy)
    app.command("access")(cloud_access.access)
    app.command("traffic")(cloud_traffic.traffic)
    app.command("rollback")(cloud_traffic.rollback)
    app.command("draw-catalog")(cloud_draw.draw)
else:
    add_missing(app, "check", "deploy", "access", "traffic", "rollback", "draw-catalog")
