"""Options that several commands share."""

from typing import Annotated

import typer

StoreOption = Annotated[
    str,
    typer.Option(
        "--store", envvar="CLOSETSPACE_STORE", metavar="DIR|gs://BUCKET", help="The store of the catalog and the index."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as one line of JSON.")]
EncoderOption = Annotated[
    str | None,
    typer.Option("--encoder", metavar="NAME|DIR", help="A shipped encoder or a folder. Default: the setting ENCODER."),
]
