"""``closetspace cloud draw-catalog``: a catalog to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error, progress_bar
from catalog_jobs.demo.drawing import draw_catalog


def draw(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to draw into.")],
) -> None:
    """Draw a catalog of garments: products.csv and images/, for a deployment that has no shops or feeds yet.

    The refresh reads it with --source. The first refresh of real shops replaces it, and needs --accept-change.
    """
    with exit_on_error(), progress_bar("drawing a catalog") as progress:
        draw_catalog(folder, progress=progress)
