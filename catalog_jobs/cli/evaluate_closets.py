"""``closetspace evaluate --closets``: recommendations for photos of what people own."""

from pathlib import Path

from catalog_jobs.cli.console import progress_bar, tell_left_out
from catalog_jobs.cli.evaluate_options import EvaluateOptions
from catalog_jobs.cli.evaluate_output import print_comparison, write_labels, write_lists
from catalog_jobs.evaluation.datasets.closet_labels import read_closet_labels
from catalog_jobs.evaluation.datasets.closets import ClosetPhotos, embed_closets, head_labels, read_closets
from catalog_jobs.evaluation.datasets.tables import REQUIRED, product_rows
from catalog_jobs.evaluation.inventory import embed_inventory, open_index
from catalog_jobs.evaluation.wardrobes.closet_judge import PRODUCT_LABELS, LabelledClosets, compare_on_closets
from catalog_jobs.evaluation.wardrobes.recommending import Caller, recommend
from closetspace.errors import InvalidInput


def evaluate_closets(closets_file: Path, folder: Path, options: EvaluateOptions) -> None:
    """Write the lists and labels, and compare methods, as far as the options ask for it."""
    if not folder.is_dir():
        raise InvalidInput("photos_missing", f"{folder} is not a folder of photos.")
    closets = read_closets(closets_file)
    known = None
    if options.compare:
        known = LabelledClosets(closets, read_closet_labels(folder, closets), folder)
        product_rows(options.dataset, (*REQUIRED, *PRODUCT_LABELS))
    with progress_bar("embedding photos") as progress:
        photos = embed_closets(closets, folder, options.settings, progress, splits=bool(options.told))
    tell_left_out(photos.left_out(closets))
    callers = [photos.caller(closet) for closet in closets]
    if options.told:
        write_labels({photo: head_labels(encoding) for photo, encoding in photos.encodings.items()}, options.told)
    if options.out or known:
        _recommend(callers, photos, known, options)


def _recommend(
    callers: list[Caller], photos: ClosetPhotos, known: LabelledClosets | None, options: EvaluateOptions
) -> None:
    settings = options.settings
    with progress_bar("embedding products") as progress:
        found = embed_inventory(options.dataset, options.names, options.side, settings, progress)
    tell_left_out(found.left_out)
    index = open_index(found.contents, settings)
    if options.out:
        with progress_bar("recommending") as progress:
            lists = recommend(callers, found, index, settings, progress)
        write_lists(lists, options.out)
    if known:
        compared = compare_on_closets(callers, known, found, index, settings, ablate=options.ablate, steps=progress_bar)
        print_comparison(compared, photos.encoder.id, options)
