"""``closetspace encoder list`` and ``describe``."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import exit_on_error, notes, print_json
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.encoders.registry import (
    EncoderFile,
    FoundEncoder,
    checked_files,
    checked_reference,
    find_encoder,
    shipped_names,
    usable_encoders,
)
from closetspace.settings import Settings


def list_encoders(as_json: JsonOption = False) -> None:
    """List the encoders that the package ships, and the one in use: the setting ENCODER."""
    in_use = Settings.from_env().encoder
    usable, others = usable_encoders(list(dict.fromkeys([*shipped_names(), in_use])))
    rows = [_row(encoder, in_use) for encoder in usable]
    if as_json:
        print_json({"in_use": in_use, "encoders": rows, "unusable": dict(others)})
        return
    table = Table("")
    for heading in ("name", "id", "dimensions", "MB", "sample for tastes", "what it is"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        size, sample = f"{row['megabytes']:.1f}", "yes" if row["reference"] else "no"
        cells = (row["name"], row["id"], str(row["dim"]), size, sample, row["architecture"])
        table.add_row("in use" if row["in_use"] else "", *map(escape, cells))
    Console().print(table)
    for name, why in others:
        notes.print(f"[yellow]not usable:[/yellow] {escape(name)}: {escape(why)}", soft_wrap=True)


def _row(encoder: FoundEncoder, in_use: str) -> dict[str, Any]:
    return {
        "name": encoder.name,
        "id": encoder.descriptor.id,
        "dim": encoder.descriptor.dim,
        "megabytes": round(encoder.megabytes, 2),
        "reference": bool(encoder.descriptor.reference),
        "architecture": str(encoder.about.get("architecture", "")),
        "in_use": encoder.name == in_use,
    }


def describe(
    encoder: Annotated[str, typer.Argument(metavar="NAME|DIR", help="A shipped encoder, or a folder with a slash.")],
    as_json: JsonOption = False,
) -> None:
    """Tell what an encoder's manifest says: identity, heads and their labels, files, sample for tastes, metrics."""
    with exit_on_error():
        found = find_encoder(encoder)
        described = _described(found)
    if as_json:
        print_json(described)
    else:
        _print(described)


def _described(found: FoundEncoder) -> dict[str, Any]:
    descriptor, reference = found.descriptor, checked_reference(found)
    return {
        "id": descriptor.id,
        "dim": descriptor.dim,
        "blocks": dict(descriptor.blocks),
        "side": descriptor.side,
        "lines": [list(fields) for fields in descriptor.lines],
        "megabytes": round(found.megabytes, 2),
        "heads": {head: list(labels) for head, labels in descriptor.heads.items()},
        "files": [_file(file) for file in checked_files(found)],
        "reference": _file(reference) if reference else None,
        **{key: value for key, value in found.about.items() if key != "megabytes"},
    }


def _file(file: EncoderFile) -> dict[str, Any]:
    return {"name": file.name, "bytes": file.size, "state": file.state}


def _print(described: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for key, value in described.items():
        if key == "heads":
            for head, labels in value.items():
                console.print(f"[bold]head {escape(head)}[/bold] ({len(labels)}): {escape(', '.join(labels))}")
        elif key == "files":
            for file in value:
                _print_file(console, "file", file)
        elif key == "reference" and value:
            _print_file(console, "sample for tastes", value)
        elif key == "reference":
            console.print("[bold]sample for tastes[/bold]: none; closetspace encoder reference writes one")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            console.print(f"[bold]{escape(key)}[/bold]: {escape(text)}")


def _print_file(console: Console, what: str, file: dict[str, Any]) -> None:
    state = "" if file["state"] == "right" else f" [red]{file['state']}[/red]"
    console.print(f"[bold]{what} {escape(file['name'])}[/bold]: {file['bytes']:,} bytes{state}")
