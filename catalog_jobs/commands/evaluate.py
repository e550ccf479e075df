"""``closetspace evaluate``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.console import errors_told, notes, progress_bar
from catalog_jobs.evaluation import Names, Side, match_photos, recommend_for_personas
from closetspace.errors import InvalidInput


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
) -> None:
    """Write what the production code recommends, for a scorer that knows no model.

    With --personas: {persona id: the 50 products recommended, best first}. With --photos: {class/file: the 10
    nearest products by the photo alone}.
    """
    with errors_told():
        if (personas is None) == (photos is None):
            raise InvalidInput("arguments", "Give either --personas or --photos.")
        with progress_bar("embedding") as progress:
            if personas:
                result = recommend_for_personas(dataset, personas, names, side, progress)
            elif photos:
                result = match_photos(dataset, photos, side, progress)
        out.write_text(json.dumps(result))
    notes.print(f"{len(result)} lists are in {out}")
