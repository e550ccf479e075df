"""``closetspace evaluate --queries``: products found by text, and ``--photos`` alone: products found by photos."""

from collections.abc import Mapping
from pathlib import Path

from catalog_jobs.cli.console import print_json, progress_bar, tell_left_out
from catalog_jobs.cli.evaluate_options import EvaluateOptions
from catalog_jobs.cli.evaluate_output import print_table, write_lists
from catalog_jobs.evaluation.datasets.tables import REQUIRED, product_rows
from catalog_jobs.evaluation.inventory import Names, embed_inventory, match_photos
from catalog_jobs.evaluation.metrics.encoders import Estimate
from catalog_jobs.evaluation.search import PRODUCT_LABELS, measure, read_queries, search
from catalog_jobs.evaluation.wardrobes.comparison import rounded


def evaluate_queries(queries_file: Path, options: EvaluateOptions) -> None:
    """Write the lists and measure them, as far as the options ask for it."""
    queries = read_queries(queries_file)
    if options.compare:
        product_rows(options.dataset, (*REQUIRED, *PRODUCT_LABELS))
    with progress_bar("embedding products") as progress:
        found = embed_inventory(options.dataset, Names.NONE, options.side, options.settings, progress)
    tell_left_out(found.left_out)
    with progress_bar("embedding queries") as progress:
        lists = search(queries, found, options.settings, progress)
    if options.out:
        write_lists(lists, options.out)
    if options.compare:
        scores = measure(lists.ids, [product.row for product in found.products.values()])
        _print_scores(scores, {"encoder": found.encoder.id, "side": options.side}, as_json=options.as_json)


def evaluate_photos(folder: Path, options: EvaluateOptions) -> None:
    """Write the products nearest to each photo."""
    with progress_bar("embedding") as progress:
        matches = match_photos(options.dataset, folder, options.side, options.settings, progress)
    tell_left_out(matches.left_out)
    if options.out:
        write_lists(matches, options.out)


def _print_scores(scores: Mapping[str, Estimate], about: Mapping[str, str], *, as_json: bool) -> None:
    if as_json:
        print_json({**about, **{metric: rounded(estimate) for metric, estimate in scores.items()}})
        return
    rows = [
        (metric, f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})", str(one.n)) for metric, one in scores.items()
    ]
    print_table((about["encoder"], "share", "queries"), rows)
