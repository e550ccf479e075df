"""What ``closetspace evaluate`` does for personas, closets, queries and photos, and what it prints."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog_jobs.catalog.folder import REQUIRED_COLUMNS, read_table
from catalog_jobs.cli.console import notes, print_json, print_left_out, progress_bar
from catalog_jobs.cli.evaluate_options import EvaluateOptions
from catalog_jobs.evaluation.datasets.closets import read_closet_labels, read_closets
from catalog_jobs.evaluation.datasets.personas import check_preferences, read_personas
from catalog_jobs.evaluation.embedded_products import (
    EmbeddedProducts,
    NameVisibility,
    ProductLists,
    check_owned,
    embed_dataset,
    open_index,
)
from catalog_jobs.evaluation.search import LABEL_COLUMNS, match_photos, read_queries, search, search_metrics
from catalog_jobs.evaluation.wardrobes.closet_photos import embed_closets, head_labels
from catalog_jobs.evaluation.wardrobes.comparison import Comparison, compare_on_closets, compare_on_personas
from catalog_jobs.evaluation.wardrobes.evaluators import CLOSET_COLUMNS, LabelledClosets
from catalog_jobs.evaluation.wardrobes.recommending import EvaluationCase, persona_case, recommend_products
from catalog_jobs.evaluation.wardrobes.report import comparison_page
from closetspace.bootstrap import photo_decoder
from closetspace.domain.index.index import Index
from closetspace.errors import InvalidInput
from closetspace.settings import Settings

_TABLE_WIDTH = 150
"""Characters. A narrower terminal wraps the lines of the comparison, and cuts nothing off."""


def run_evaluation(options: EvaluateOptions) -> None:
    """Write and print what the options request."""
    if options.personas:
        _evaluate_personas(options.personas, options)
    elif options.queries:
        _evaluate_queries(options.queries, options)
    elif options.closets and options.photos:
        _evaluate_closets(options.closets, options.photos, options)
    elif options.photos:
        _evaluate_photos(options.photos, options)


def _evaluate_personas(file: Path, options: EvaluateOptions) -> None:
    personas = read_personas(file, options.half)
    if options.compare:
        check_preferences(personas, file)
    embedded = _embed_products(options, options.names)
    check_owned(personas, options.dataset, options.split, embedded)
    index = open_index(embedded.contents, options.settings)
    if options.out:
        cases = [persona_case(persona, embedded) for persona in personas]
        _write_recommendations(cases, embedded, index, options.settings, options.out)
    if options.compare:
        comparison = compare_on_personas(
            personas, embedded, index, options.settings, ablate=options.ablate, steps=progress_bar
        )
        _print_comparison(comparison, embedded.encoder.id, options)


def _evaluate_closets(file: Path, folder: Path, options: EvaluateOptions) -> None:
    if not folder.is_dir():
        raise InvalidInput("photos_missing", f"{folder} is not a folder of photos.")
    closets = read_closets(file)
    known = None
    if options.compare:
        known = LabelledClosets(closets, read_closet_labels(folder, closets), folder)
        _check_columns(options.dataset, CLOSET_COLUMNS)
    with progress_bar("embedding photos") as progress:
        whole_splits = bool(options.photo_labels)
        photos = embed_closets(closets, folder, options.settings, progress, whole_splits=whole_splits)
    print_left_out(photos.left_out(closets))
    cases = [photos.case(closet) for closet in closets]
    if options.photo_labels:
        labels = {photo: head_labels(encoding) for photo, encoding in photos.encodings.items()}
        _write_photo_labels(labels, options.photo_labels)
    if not (options.out or known):
        return
    embedded = _embed_products(options, options.names)
    index = open_index(embedded.contents, options.settings)
    if options.out:
        _write_recommendations(cases, embedded, index, options.settings, options.out)
    if known:
        comparison = compare_on_closets(
            cases, known, embedded, index, options.settings, ablate=options.ablate, steps=progress_bar
        )
        _print_comparison(comparison, embedded.encoder.id, options)


def _evaluate_queries(file: Path, options: EvaluateOptions) -> None:
    queries = read_queries(file)
    if options.compare:
        _check_columns(options.dataset, LABEL_COLUMNS)
    embedded = _embed_products(options, NameVisibility.NONE)
    with progress_bar("embedding queries") as progress:
        lists = search(queries, embedded, options.settings, progress)
    if options.out:
        _write_lists(lists, options.out)
    if not options.compare:
        return
    scores = search_metrics(lists.ids, [product.row for product in embedded.products.values()])
    if options.as_json:
        about = {"encoder": embedded.encoder.id, "side": options.split}
        print_json({**about, **{metric: estimate.as_json() for metric, estimate in scores.items()}})
    else:
        rows = [(metric, str(estimate), str(estimate.n)) for metric, estimate in scores.items()]
        _print_table((embedded.encoder.id, "share", "queries"), rows)


def _evaluate_photos(folder: Path, options: EvaluateOptions) -> None:
    with progress_bar("embedding") as progress:
        matches = match_photos(options.dataset, folder, options.split, options.settings, progress)
    print_left_out(matches.left_out)
    if options.out:
        _write_lists(matches, options.out)


def _check_columns(dataset: Path, columns: Iterable[str]) -> None:
    """Raise `InvalidInput` if the dataset's table lacks a column, before a command works for minutes."""
    next(read_table(dataset, (*REQUIRED_COLUMNS, *columns)), None)


def _embed_products(options: EvaluateOptions, names: NameVisibility) -> EmbeddedProducts:
    with progress_bar("embedding products") as progress:
        embedded = embed_dataset(options.dataset, names, options.split, options.settings, progress)
    print_left_out(embedded.left_out)
    return embedded


def _write_recommendations(
    cases: Sequence[EvaluationCase], embedded: EmbeddedProducts, index: Index, settings: Settings, out: Path
) -> None:
    with progress_bar("recommending") as progress:
        lists = recommend_products(cases, embedded, index, settings, progress)
    _write_lists(lists, out)


def _write_lists(lists: ProductLists, out: Path) -> None:
    out.write_text(json.dumps(lists.ids), encoding="utf-8")
    if lists.short:
        shortest = min(len(ids) for ids in lists.ids.values())
        notes.print(
            f"[yellow]too few products:[/yellow] {len(lists.short)} lists have fewer than the {lists.length} products"
            f" that a scorer needs, the shortest has {shortest}. --side all uses more products.",
            soft_wrap=True,
        )
    notes.print(f"Wrote {len(lists.ids)} lists to {escape(str(out))}", soft_wrap=True)


def _write_photo_labels(labels: Mapping[str, Any], out: Path) -> None:
    out.write_text(json.dumps(labels), encoding="utf-8")
    notes.print(f"Wrote the labels of {len(labels)} photos to {escape(str(out))}", soft_wrap=True)


def _print_comparison(comparison: Comparison, encoder: str, options: EvaluateOptions) -> None:
    if options.report:
        page = comparison_page(comparison, _summary(comparison, encoder, options), photo_decoder(options.settings))
        options.report.write_text(page, encoding="utf-8", errors="replace")
        notes.print(f"Wrote the page to {escape(str(options.report))}", soft_wrap=True)
    if options.as_json:
        about = {"encoder": encoder, "names": options.names, "side": options.split, "half": options.half}
        print_json({**about, **comparison.as_json()})
    else:
        _print_table(comparison.table_header(), comparison.table_rows())


def _summary(comparison: Comparison, encoder: str, options: EvaluateOptions) -> str:
    half = f" (the {options.half} half)" if options.half else ""
    users = ", ".join(f"{count} {name}" for name, count in comparison.evaluator.counts.items())
    products = len(comparison.labelled.products)
    return f"{users}{half} and {products} products, embedded by {encoder}, names: {options.names}."


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, row))
    Console(width=_TABLE_WIDTH).print(table, soft_wrap=True)
