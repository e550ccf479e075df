"""``closetspace encoder evaluate``."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import check_writable, exit_on_error, notes, print_json, print_left_out, progress_bar
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.encoders.registry import FoundEncoder, find_encoder, shipped_names, usable_encoders
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.encoders.dataset import EncoderDataset, read_encoder_dataset
from catalog_jobs.evaluation.encoders.measurement import has_probe, measure_encoder
from catalog_jobs.evaluation.encoders.report import (
    MeasuredEncoder,
    comparison_json,
    comparison_page,
    comparison_table,
)
from catalog_jobs.evaluation.html import Decode
from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings


def evaluate(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="Labelled products: products.csv and images/.")],
    photos: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="People's photos: train/CLASS/FILE and validation/CLASS/FILE."),
    ] = None,
    encoder: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME|DIR", help="An encoder to measure. Repeat for more. Default: all shipped ones."),
    ] = None,
    side: Annotated[
        Split, typer.Option(help="The products: the eval split, or all of a dataset that no model was trained on.")
    ] = Split.EVAL,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use at most this many products, and photos of each folder.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an HTML page with pictures to this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure encoders side by side.

    The metrics are the agreement of ten neighbours, whether photos find products of their type, the accuracy of a
    linear probe of the photos' classes, the accuracy and calibration of the heads, speed and size. Only photos of
    validation/ are measured. Those of train/ train the probe, which needs scikit-learn.
    """
    settings = Settings.from_env()
    decode = photo_decoder(settings)
    with exit_on_error():
        if out:
            check_writable(out)
        chosen = [find_encoder(name) for name in encoder] if encoder else _all_shipped()
        with progress_bar("reading pictures") as progress:
            data = read_encoder_dataset(dataset, photos, side, limit, decode, progress)
        if data.train and not has_probe():
            notes.print("No linear probe: install scikit-learn with pip install -e '.[evaluate]'", markup=False)
        compared = [_measure(found, data, settings, decode) for found in chosen]
        if out:
            out.write_text(comparison_page(compared, data, decode), encoding="utf-8", errors="replace")
    print_left_out(data.left_out)
    if out:
        notes.print(f"Wrote the page to {escape(str(out))}", soft_wrap=True)
    if as_json:
        print_json(comparison_json(compared, data))
    else:
        _print_table(compared)


def _all_shipped() -> list[FoundEncoder]:
    usable, unusable = usable_encoders(shipped_names())
    for name, reason in unusable:
        notes.print(f"[yellow]not measured:[/yellow] {escape(name)}: {escape(reason)}", soft_wrap=True)
    if not usable:
        raise FailedPrecondition("No shipped encoder is usable. Name one with --encoder.")
    return usable


def _measure(found: FoundEncoder, data: EncoderDataset, settings: Settings, decode: Decode) -> MeasuredEncoder:
    # One thread per encoder, as deployed. Several pictures are embedded at once.
    loaded = load_encoder(replace(settings, encoder=found.name, encoder_threads=1))
    measured = measure_encoder(loaded, data, decode, lambda step: progress_bar(f"{found.name}: {step}"))
    return MeasuredEncoder(found, measured)


def _print_table(compared: Sequence[MeasuredEncoder]) -> None:
    table = Table("metric", *(escape(one.id) for one in compared))
    for row in comparison_table(compared):
        table.add_row(escape(row.metric), *(escape(value) for value in row.values))
    Console().print(table)
