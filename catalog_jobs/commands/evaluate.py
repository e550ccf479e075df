"""``closetspace evaluate``."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from catalog_jobs.commands import EncoderOption
from catalog_jobs.commands.catalog import tell_left_out
from catalog_jobs.console import errors_told, notes, progress_bar
from catalog_jobs.encoder_listing import find_encoder
from catalog_jobs.evaluation import Lists, Names, match_photos, recommend_for_personas
from catalog_jobs.labelled_products import Side
from closetspace.errors import InvalidInput
from closetspace.settings import Settings


def evaluate(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="A folder with products.csv and images/.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the result goes, as JSON.")],
    personas: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Wardrobes to recommend for: a JSON list of {id, wardrobe}.")
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photos, a folder a class, to find the nearest products of.")
    ] = None,
    names: Annotated[
        Names, typer.Option(help="Use names as they are, without telling words, or not at all.")
    ] = Names.FULL,
    side: Annotated[
        Side, typer.Option(help="The eval split, or all of a dataset no model has learnt from.")
    ] = Side.EVAL,
    encoder: EncoderOption = None,
) -> None:
    """Write what the production code recommends, for a scorer that knows no model.

    With --personas: {persona id: the 50 products recommended, best first}. With --photos: {class/file: the 10
    nearest products by the photo alone}. A dataset with fewer products gives shorter lists, and a warning.
    """
    with errors_told():
        if (personas is None) == (photos is None):
            raise InvalidInput("arguments", "Give either --personas or --photos.")
        check_writable(out)
        settings = Settings.from_env()
        settings = replace(settings, encoder=encoder or settings.encoder)
        find_encoder(settings.encoder)
        with progress_bar("embedding") as progress:
            if personas:
                lists = recommend_for_personas(dataset, personas, names, side, settings, progress)
            elif photos:
                lists = match_photos(dataset, photos, side, settings, progress)
        out.write_text(json.dumps(lists.ids), encoding="utf-8")
    tell_left_out(lists.left_out)
    _tell_short(lists)
    notes.print(f"{len(lists.ids)} lists are in {escape(str(out))}", soft_wrap=True)


def check_writable(out: Path) -> None:
    """Refuse a file that can't be written before minutes of work; raises `InvalidInput`."""
    if out.is_dir() or not out.parent.is_dir():
        raise InvalidInput("out_invalid", f"{out} can't be written: its folder must be there, and it must be a file.")


def _tell_short(lists: Lists) -> None:
    if lists.short:
        shortest = min(len(ids) for ids in lists.ids.values())
        notes.print(
            f"[yellow]too few products:[/yellow] {len(lists.short)} lists are shorter than the {lists.wanted} that a"
            f" scorer needs, the shortest has {shortest}. --side all takes more products.",
            soft_wrap=True,
        )
