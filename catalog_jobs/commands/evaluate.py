"""``closetspace evaluate``."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.commands import EncoderOption, JsonOption
from catalog_jobs.console import errors_told, notes, print_json, progress_bar, tell_left_out
from catalog_jobs.encoder_evaluation.material import Decode
from catalog_jobs.encoder_listing import find_encoder
from catalog_jobs.evaluation import (
    Lists,
    Names,
    check_owned,
    embed_inventory,
    match_photos,
    open_index,
    recommend_for_personas,
)
from catalog_jobs.labelled_products import Side
from catalog_jobs.personas import Half, check_labelled, read_personas
from catalog_jobs.wardrobe_evaluation.comparison import HEADER, Comparison, as_numbers, lines
from catalog_jobs.wardrobe_evaluation.comparison import compare as compare_methods
from catalog_jobs.wardrobe_evaluation.report import report as page
from closetspace.bootstrap import photo_decoder
from closetspace.errors import InvalidInput
from closetspace.settings import Settings

_TABLE_WIDTH = 150
"""Characters that the comparison takes: narrower, a terminal may wrap its lines, but nothing is cut."""


def evaluate(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="A folder with products.csv and images/.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the lists go, as JSON; with --compare not needed.")
    ] = None,
    personas: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Wardrobes to recommend for: a JSON list of {id, wardrobe}.")
    ] = None,
    photos: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Photos, a folder a class, to find the nearest products of.")
    ] = None,
    names: Annotated[
        Names, typer.Option(help="Use names as they are, without telling words, or not at all.")
    ] = Names.FULL,
    side: Annotated[
        Side, typer.Option(help="The eval split, or all of a dataset no model has learnt from.")
    ] = Side.EVAL,
    half: Annotated[Half | None, typer.Option(help="Every other persona alone.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Measure other methods and ours side by side, on labelled personas.")
    ] = False,
    ablate: Annotated[
        bool, typer.Option("--ablate", help="With --compare: ours with a step less or a dial turned, too.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --compare: where a page with pictures goes, as HTML.")
    ] = None,
    as_json: JsonOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Write what the production code recommends, for a scorer that knows no model, or measure it beside other methods.

    With --personas: {persona id: the 50 products recommended, best first}. With --photos: {class/file: the 10
    nearest products by the photo alone}. A dataset with fewer products gives shorter lists, and a warning.
    With --compare: a table of what fits the personas, who then need gender, usage, palette and sub_categories.
    """
    with errors_told():
        _check_arguments(personas, photos, out, half, compare, extras=bool(ablate or report or as_json))
        for file in (out, report):
            if file:
                check_writable(file)
        settings = Settings.from_env()
        settings = replace(settings, encoder=encoder or settings.encoder)
        find_encoder(settings.encoder)
        if photos and out:
            with progress_bar("embedding") as progress:
                matches = match_photos(dataset, photos, side, settings, progress)
            tell_left_out(matches.left_out)
            _write(matches, out)
        if not personas:
            return
        people = read_personas(personas, half)
        if compare:
            check_labelled(people, personas)
        with progress_bar("embedding") as progress:
            found = embed_inventory(dataset, names, side, settings, progress)
        check_owned(people, dataset, side, found)
        index = open_index(found.contents, settings)
        tell_left_out(found.left_out)
        if out:
            with progress_bar("recommending") as progress:
                lists = recommend_for_personas(people, found, index, settings, progress)
            _write(lists, out)
        if compare:
            compared = compare_methods(people, found, index, settings, ablate=ablate, steps=progress_bar)
            about = {"encoder": found.encoder.id, "names": names, "side": side, "half": half}
            _tell(compared, about, report, photo_decoder(settings), as_json)


def check_writable(out: Path) -> None:
    """Refuse a file that can't be written before minutes of work; raises `InvalidInput`."""
    if out.is_dir() or not out.parent.is_dir():
        raise InvalidInput("out_invalid", f"{out} can't be written: its folder must be there, and it must be a file.")


def _check_arguments(
    personas: Path | None, photos: Path | None, out: Path | None, half: Half | None, compare: bool, *, extras: bool
) -> None:
    if (personas is None) == (photos is None):
        raise InvalidInput("arguments", "Give either --personas or --photos.")
    if photos and (compare or half):
        raise InvalidInput("arguments", "--compare and --half belong to --personas.")
    if extras and not compare:
        raise InvalidInput("arguments", "--ablate, --report and --json belong to --compare.")
    if not compare and not out:
        raise InvalidInput("arguments", "Say with --out where the lists go, or --compare methods.")


def _write(lists: Lists, out: Path) -> None:
    out.write_text(json.dumps(lists.ids), encoding="utf-8")
    if lists.short:
        shortest = min(len(ids) for ids in lists.ids.values())
        notes.print(
            f"[yellow]too few products:[/yellow] {len(lists.short)} lists are shorter than the {lists.wanted} that a"
            f" scorer needs, the shortest has {shortest}. --side all takes more products.",
            soft_wrap=True,
        )
    notes.print(f"{len(lists.ids)} lists are in {escape(str(out))}", soft_wrap=True)


def _tell(
    compared: Comparison, about: dict[str, str | None], report: Path | None, decode: Decode, as_json: bool
) -> None:
    if report:
        report.write_text(page(compared, _sentence(compared, about), decode), encoding="utf-8", errors="replace")
        notes.print(f"The page is {escape(str(report))}", soft_wrap=True)
    if as_json:
        print_json({**about, **as_numbers(compared)})
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(HEADER):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for line in lines(compared):
        table.add_row(*map(escape, line))
    Console(width=_TABLE_WIDTH).print(table, soft_wrap=True)


def _sentence(compared: Comparison, about: dict[str, str | None]) -> str:
    half = f" (the {about['half']} half)" if about["half"] else ""
    return (
        f"{len(compared.shoppers)} personas{half} and {len(compared.shop.products)} products, seen by"
        f" {about['encoder']}, names {about['names']}."
    )
