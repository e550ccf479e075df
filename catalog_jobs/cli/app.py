"""The command ``closetspace`` with its subcommands and groups."""

import typer

from catalog_jobs.cli.lazy import MARKUP, LazyCommand, group_of
from catalog_jobs.cli.repository import IS_CLONE, add_missing
from closetspace.adapters.cloud_logging import configure_cloud_logging

_OF_A_CLONE = (
    LazyCommand(
        "demo",
        "catalog_jobs.cli.demo:demo",
        "Start everything on this machine, upload a wardrobe, and show the example app with it.",
    ),
    LazyCommand(
        "evaluate",
        "catalog_jobs.cli.evaluate:evaluate",
        "Write what the production code recommends or finds, as input for an independent scorer, or measure it.",
    ),
    LazyCommand(
        "bench",
        "catalog_jobs.cli.bench:bench",
        "Measure speed and memory on this machine, and print them beside their targets.",
    ),
    LazyCommand(
        "doctor",
        "catalog_jobs.cli.doctor:doctor",
        "List what is missing on this machine, what needs it, and how to install it.",
    ),
    LazyCommand("local", "catalog_jobs.cli.local:app", "The local stack: an emulated Firebase with our functions."),
)
_OF_THE_PACKAGE = (
    LazyCommand("catalog", "catalog_jobs.cli.catalog:app", "The catalog that recommendations come from."),
    LazyCommand("index", "catalog_jobs.cli.index:app", "Versions of the index: build, publish, list and roll back."),
    LazyCommand("cloud", "catalog_jobs.cli.cloud:app", "Deploy, and compare what is deployed with what should be."),
    LazyCommand("encoder", "catalog_jobs.cli.encoder:app", "The encoder that turns photos and names into vectors."),
    LazyCommand("photo", "catalog_jobs.cli.photo:app", "Photos of garments, as the functions process them."),
    LazyCommand(
        "account",
        "catalog_jobs.cli.account:app",
        "Accounts of people: export and delete everything that they have.",
    ),
)

app = typer.Typer(
    cls=group_of(*(_OF_A_CLONE if IS_CLONE else ()), *_OF_THE_PACKAGE),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=MARKUP,
    pretty_exceptions_enable=False,
)


@app.callback()
def start() -> None:
    """Recommend clothes that fit what a person already owns: the backend's jobs, local stack and demo."""
    configure_cloud_logging()


if not IS_CLONE:
    add_missing(app, *(command.name for command in _OF_A_CLONE))
