"""``closetspace encoder evaluate``."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import check_writable, exit_on_error, notes, print_json, progress_bar, tell_left_out
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.encoders.registry import FoundEncoder, find_encoder, shipped_names, usable_encoders
from catalog_jobs.evaluation.datasets.products import Side
from catalog_jobs.evaluation.encoders.comparison import Compared, as_numbers, comparison
from catalog_jobs.evaluation.encoders.material import Decode, Material, read_material
from catalog_jobs.evaluation.encoders.measuring import measure
from catalog_jobs.evaluation.encoders.report import report
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings


def evaluate(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="Labelled products: products.csv and images/.")],
    photos: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="People's photos: train/ and validation/, a folder a class in each."),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|DIR", help="An encoder to measure, and more of them; all shipped, if none is named."
        ),
    ] = None,
    side: Annotated[
        Side, typer.Option(help="The eval split, or all of a dataset no model has learnt from.")
    ] = Side.EVAL,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Take at most so many products, and photos of each part.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where a page with pictures goes, as HTML.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure encoders side by side.

    How far ten neighbours agree, whether photos find products of their kind, how well a linear classifier tells
    the photos' classes, how right and how sure the heads are, speed and size. Only photos of validation/ are
    measured; those of train/ teach the classifier.
    """
    settings = Settings.from_env()
    decode = photo_decoder(settings)
    with exit_on_error():
        if out:
            check_writable(out)
        chosen = [find_encoder(name) for name in encoder] if encoder else _all_shipped()
        with progress_bar("reading pictures") as progress:
            material = read_material(dataset, photos, side, limit, decode, progress)
        compared = [_measured(one, material, settings, decode) for one in chosen]
        if out:
            out.write_text(report(compared, material, decode), encoding="utf-8", errors="replace")
    tell_left_out(material.left_out)
    if out:
        notes.print(f"The page is {escape(str(out))}", soft_wrap=True)
    if as_json:
        print_json(as_numbers(compared, material))
    else:
        _print(compared)


def _all_shipped() -> list[FoundEncoder]:
    usable, others = usable_encoders(shipped_names())
    for name, why in others:
        notes.print(f"[yellow]not measured:[/yellow] {escape(name)}: {escape(why)}", soft_wrap=True)
    if not usable:
        raise FailedPrecondition("No encoder is shipped that can be used. Name one with --encoder.")
    return usable


def _measured(found: FoundEncoder, material: Material, settings: Settings, decode: Decode) -> Compared:
    # One thread each, as deployed; pictures are embedded several at a time.
    loaded = load_encoder(replace(settings, encoder=found.name, encoder_threads=1))
    return Compared(found, measure(loaded, material, decode, lambda step: progress_bar(f"{found.name}: {step}")))


def _print(compared: Sequence[Compared]) -> None:
    table = Table("what", *(escape(one.id) for one in compared))
    for line in comparison(compared):
        table.add_row(escape(line.what), *(escape(value) for value in line.values))
    Console().print(table)
