"""``closetspace encoder``."""

from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.commands import JsonOption
from catalog_jobs.console import errors_told, notes, print_json

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The encoder that turns photos and names into vectors."""


@app.command()
def export(
    products: Annotated[Path, typer.Option(metavar="DIR", help="Labelled products: products.csv and images/.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the encoder's files go.")],
    user_photos: Annotated[
        Path | None, typer.Option(metavar="DIR", help="People's photos, a folder a class, for the category head.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed and data give the same encoder.")] = 7,
    as_json: JsonOption = False,
) -> None:
    """Export the encoder from pretrained weights: quantise, calibrate, fit, write the manifest.

    Needs the extra train: pip install -e '.[train]'. Products of the training split calibrate and fit it.
    """
    from catalog_jobs.encoder_export import export_encoder

    with errors_told():
        result = export_encoder(products, user_photos, out, seed=seed, progress=notes.print)
    if as_json:
        print_json(result)
    else:
        notes.print(f"The encoder is in {out}")
