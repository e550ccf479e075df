"""``closetspace encoder reference``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar, tell_left_out
from catalog_jobs.cli.options import EncoderOption, JsonOption
from catalog_jobs.encoders.reference import Part, write_reference
from catalog_jobs.encoders.registry import find_encoder
from closetspace.settings import Settings


def reference(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Products: products.csv and images/.")],
    encoder: EncoderOption = None,
    side: Annotated[
        Part, typer.Option(help="The training split, or all of a dataset no model has learnt from.")
    ] = Part.TRAINING,
    as_json: JsonOption = False,
) -> None:
    """Write the sample of products that tastes are compared with.

    A person stands out against what is usual among them. The sample becomes part of the encoder's folder, in the place
    of an earlier one; the encoder keeps its id, so closets and indexes stay as they are.
    """
    settings = Settings.from_env()
    with exit_on_error():
        found = find_encoder(encoder or settings.encoder)
        with progress_bar("embedding") as progress:
            written = write_reference(found.folder, data, side, settings, progress)
    tell_left_out(written.left_out)
    if as_json:
        told = {"encoder": written.encoder_id, "reference": written.sha256, "products": written.products}
        print_json(told | {"left_out": len(written.left_out)})
    else:
        where = escape(str(found.folder))
        notes.print(f"A sample of {written.products} products is in {where}", soft_wrap=True)
