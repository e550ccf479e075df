"""``closetspace photo``."""

from collections.abc import Sequence
from contextlib import closing
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
from closetspace.bootstrap import decoding_pool, load_encoder
from closetspace.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="JPEG, PNG, WebP, HEIC or AVIF photos.")],
    encoder: EncoderOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON per file, in order.")] = False,
) -> None:
    """Show how the functions process photos: accepted or rejected, and the encoder's labels.

    `garment` is the probability that the photo shows a garment, if the encoder reports it. `hint` is what the owner of
    an accepted photo sees: `unsure_garment` or `unclear_photo`. Names and brands are not used.

    Exits with 0 if all photos are accepted, else with 1.
    """
    settings = Settings.from_env()
    with exit_on_error():
        settings = replace(settings, encoder=find_encoder(encoder or settings.encoder).name)
        inspections = []
        with closing(decoding_pool(settings)) as pool:
            for inspection in inspect_photos(files, pool, load_encoder(settings), settings):
                inspections.append(inspection)
                if as_json:
                    print_json(inspection.as_json())
    if not as_json:
        _print(inspections)
    if not all(inspection.accepted for inspection in inspections):
        raise typer.Exit(1)


def _print(inspections: Sequence[Inspection]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("file", "result", "pixels", "category", "colours", "other", "garment", "ms", "MB"):
        table.add_column(heading, overflow="fold")
    for inspection in inspections:
        table.add_row(*_cells(inspection))
    Console(highlight=False).print(table)


def _cells(inspection: Inspection) -> tuple[str, ...]:
    category = f"{inspection.category} {inspection.category_share or 0:.2f}" if inspection.category else ""
    other = ", ".join(filter(None, (inspection.pattern, inspection.gender, inspection.usage)))
    pixels = f"{inspection.width} x {inspection.height}" if inspection.width else ""
    labels = (category, ", ".join(inspection.colours), other)
    cells = (
        pixels,
        *labels,
        _number(inspection.garment, 2),
        _number(inspection.milliseconds, 0),
        _number(inspection.peak_megabytes, 0),
    )
    return escape(inspection.file), _result(inspection), *map(escape, cells)


def _result(inspection: Inspection) -> str:
    if inspection.error:
        return f"[red]{escape(inspection.error.code)}[/red]: {escape(inspection.error.message)}"
    return f"[yellow]accepted, {inspection.hint}[/yellow]" if inspection.hint else "[green]accepted[/green]"


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:.{places}f}"
