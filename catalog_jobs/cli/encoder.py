"""``closetspace encoder``."""

import typer

from catalog_jobs.cli.encoder_evaluate import evaluate
from catalog_jobs.cli.encoder_list import describe, list_encoders
from catalog_jobs.cli.encoder_migrate import migrate
from catalog_jobs.cli.encoder_reference import reference
from catalog_jobs.cli.encoder_train import export, train

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The encoder that turns photos and names into vectors."""


app.command("list")(list_encoders)
app.command()(describe)
app.command()(evaluate)
app.command()(train)
app.command()(export)
app.command()(reference)
app.command()(migrate)
