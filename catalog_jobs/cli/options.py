"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

StoreOption = Annotated[
    str,
    typer.Option(
        "--store", envvar="CLOSETSPACE_STORE", metavar="DIR|gs://BUCKET", help="The store of the catalog and the index."
    ),
]
ShopsOption = Annotated[
    Path,
    typer.Option(
        "--shops",
        metavar="FILE",
        envvar="CLOSETSPACE_SHOPS",
        help="The file that configures shops.",
        show_default="the shipped one",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")]
EncoderOption = Annotated[
    str | None,
    typer.Option("--encoder", metavar="NAME|DIR", help="A shipped encoder or a folder. Default: the setting ENCODER."),
]
