"""``closetspace photo``."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import exit_on_error, print_json
from catalog_jobs.cli.options import EncoderOption
from catalog_jobs.encoders.photo_inspection import Inspection, inspect_photos
from catalog_jobs.encoders.registry import find_encoder
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.services.embed_photo import PhotoEmbedder
from closetspace.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """Photos of garments, as the functions see them."""


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="JPEG, PNG, WebP or HEIC photos.")],
    encoder: EncoderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per file, in order.")] = False,
) -> None:
    """Show what the functions would make of photos: accepted or why not, and what the encoder finds in them.

    `garment` is the probability that the photo shows one, if the encoder reports it. `hint` is what the owner of an
    accepted photo would see: `unsure_garment` or `unclear_photo`. Names and brands play no part.

    Exits with 0 if all photos are accepted, else with 1.
    """
    settings = Settings.from_env()
    with exit_on_error():
        settings = replace(settings, encoder=find_encoder(encoder or settings.encoder).name)
        embedder = PhotoEmbedder(photo_decoder(settings), load_encoder(settings), settings)
        inspections = []
        for inspection in inspect_photos(files, embedder):
            inspections.append(inspection)
            if as_json:
                print_json(inspection.as_json())
    if not as_json:
        _print(inspections)
    if not all(inspection.accepted for inspection in inspections):
        raise typer.Exit(1)


def _print(inspections: Sequence[Inspection]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("file", "result", "pixels", "category", "colours", "other", "garment", "ms"):
        table.add_column(heading, overflow="fold")
    for one in inspections:
        table.add_row(*_cells(one))
    Console(highlight=False).print(table)


def _cells(one: Inspection) -> tuple[str, ...]:
    category = f"{one.category} {one.category_share or 0:.2f}" if one.category else ""
    other = ", ".join(filter(None, (one.pattern, one.gender, one.usage)))
    pixels = f"{one.width} x {one.height}" if one.width else ""
    cells = (pixels, category, ", ".join(one.colours), other, _number(one.garment, 2), _number(one.milliseconds, 0))
    return escape(one.file), _result(one), *map(escape, cells)


def _result(one: Inspection) -> str:
    if one.error:
        return f"[red]{escape(one.error.code)}[/red]: {escape(one.error.message)}"
    return f"[yellow]accepted, {one.hint}[/yellow]" if one.hint else "[green]accepted[/green]"


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"
