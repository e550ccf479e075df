"""Options that several commands share."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer


def parse_time(text: str) -> datetime:
    """Return a time in ISO 8601; without a zone it is in UTC."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


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
