"""One module a command or group of commands; each parses, calls a job, prints."""

from typing import Annotated

import typer

StoreOption = Annotated[
    str,
    typer.Option(
        "--store", envvar="CLOSETSPACE_STORE", metavar="DIR|gs://BUCKET", help="Where the catalog and the index lie."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="End with one line of JSON.")]
EncoderOption = Annotated[
    str | None,
    typer.Option("--encoder", metavar="NAME|DIR", help="A shipped encoder or a folder; the setting ENCODER, if none."),
]
