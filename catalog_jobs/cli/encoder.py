"""``closetspace encoder``, with the commands ``list`` and ``describe``."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import exit_on_error, notes, print_json
from catalog_jobs.cli.encoder_migrate import migrate
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.cli.repository import IS_CLONE, add_missing
from catalog_jobs.encoders.registry import (
    EncoderFile,
    FoundEncoder,
    check_files,
    check_reference,
    find_encoder,
    shipped_names,
    usable_encoders,
)
from closetspace.settings import Settings

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_encoders(as_json: JsonOption = False) -> None:
    """List the shipped encoders and the one in use, which the setting ENCODER names."""
    in_use = Settings.from_env().encoder
    usable, unusable = usable_encoders(list(dict.fromkeys([*shipped_names(), in_use])))
    rows = [_list_row(encoder, in_use) for encoder in usable]
    if as_json:
        print_json({"in_use": in_use, "encoders": rows, "unusable": dict(unusable)})
        return
    table = Table("")
    for heading in ("name", "id", "dimensions", "MB", "reference sample", "architecture"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        size, sample = f"{row['megabytes']:.1f}", "yes" if row["reference"] else "no"
        cells = (row["name"], row["id"], str(row["dim"]), size, sample, row["architecture"])
        table.add_row("in use" if row["in_use"] else "", *map(escape, cells))
    Console().print(table)
    for name, reason in unusable:
        notes.print(f"[yellow]not usable:[/yellow] {escape(name)}: {escape(reason)}", soft_wrap=True)


@app.command()
def describe(
    encoder: Annotated[str, typer.Argument(metavar="NAME|DIR", help="A shipped encoder, or a folder with a slash.")],
    as_json: JsonOption = False,
) -> None:
    """Print an encoder's manifest: identity, heads with labels, files, reference sample, metrics."""
    with exit_on_error():
        found = find_encoder(encoder)
        described = _described(found)
    if as_json:
        print_json(described)
    else:
        _print_described(described)


app.command()(migrate)

if IS_CLONE:
    from catalog_jobs.cli.encoder_evaluate import evaluate
    from catalog_jobs.cli.encoder_train import export, reference, train

    app.command()(reference)
    app.command()(evaluate)
    app.command()(train)
    app.command()(export)
else:
    add_missing(app, "reference", "evaluate", "train", "export")


def _list_row(encoder: FoundEncoder, in_use: str) -> dict[str, Any]:
    return {
        "name": encoder.name,
        "id": encoder.descriptor.id,
        "dim": encoder.descriptor.dim,
        "megabytes": round(encoder.megabytes, 2),
        "reference": bool(encoder.descriptor.reference),
        "architecture": str(encoder.about.get("architecture", "")),
        "in_use": encoder.name == in_use,
    }


def _described(found: FoundEncoder) -> dict[str, Any]:
    descriptor, sample = found.descriptor, check_reference(found)
    return {
        "id": descriptor.id,
        "dim": descriptor.dim,
        "blocks": dict(descriptor.blocks),
        "side": descriptor.side,
        "lines": [list(fields) for fields in descriptor.lines],
        "megabytes": round(found.megabytes, 2),
        "heads": {head: list(labels) for head, labels in descriptor.heads.items()},
        "files": [_file_row(file) for file in check_files(found)],
        "reference": _file_row(sample) if sample else None,
        **{key: value for key, value in found.about.items() if key != "megabytes"},
    }


def _file_row(file: EncoderFile) -> dict[str, Any]:
    return {"name": file.name, "bytes": file.size, "state": file.state}


def _print_described(described: dict[str, Any]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for key, value in described.items():
        if key == "heads":
            for head, labels in value.items():
                console.print(f"[bold]head {escape(head)}[/bold] ({len(labels)}): {escape(', '.join(labels))}")
        elif key == "files":
            for file in value:
                _print_file(console, "file", file)
        elif key == "reference" and value:
            _print_file(console, "reference sample", value)
        elif key == "reference":
            console.print("[bold]reference sample[/bold]: none; closetspace encoder reference writes one")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            console.print(f"[bold]{escape(key)}[/bold]: {escape(text)}")


def _print_file(console: Console, kind: str, file: dict[str, Any]) -> None:
    state = "" if file["state"] == "right" else f" [red]{file['state']}[/red]"
    console.print(f"[bold]{kind} {escape(file['name'])}[/bold]: {file['bytes']:,} bytes{state}")
