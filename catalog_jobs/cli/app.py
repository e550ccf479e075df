"""The command ``closetspace`` with its subcommands and groups."""

import typer

from catalog_jobs.cli import account, catalog, cloud, encoder, index, photo
from catalog_jobs.cli.repository import IS_CLONE, add_missing
from closetspace.adapters.cloud_logging import configure_cloud_logging

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


@app.callback()
def start() -> None:
    """Recommend clothes that fit what a person already owns: the backend's jobs, local stack and demo."""
    configure_cloud_logging()


if IS_CLONE:
    from catalog_jobs.cli import bench, demo, doctor, evaluate, local

    app.command()(demo.demo)
    app.add_typer(local.app, name="local", help="The local stack: an emulated Firebase with our functions.")
    app.command()(evaluate.evaluate)
    app.command()(bench.bench)
    app.command()(doctor.doctor)
else:
    add_missing(app, "demo", "local", "evaluate", "bench", "doctor")

app.add_typer(catalog.app, name="catalog", help="The catalog that recommendations come from.")
app.add_typer(index.app, name="index", help="Versions of the index: build, publish, list and roll back.")
app.add_typer(cloud.app, name="cloud", help="Deploy, and compare what is deployed with what should be.")
app.add_typer(encoder.app, name="encoder", help="The encoder that turns photos and names into vectors.")
app.add_typer(photo.app, name="photo", help="Photos of garments, as the functions process them.")
app.add_typer(account.app, name="account", help="Accounts of people: export and delete everything that they have.")
