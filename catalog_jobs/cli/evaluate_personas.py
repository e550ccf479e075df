"""``closetspace evaluate --personas``: recommendations for wardrobes made of products."""

from pathlib import Path

from catalog_jobs.cli.console import progress_bar, tell_left_out
from catalog_jobs.cli.evaluate_options import EvaluateOptions
from catalog_jobs.cli.evaluate_output import print_comparison, write_lists
from catalog_jobs.evaluation.datasets.personas import check_labelled, read_personas
from catalog_jobs.evaluation.inventory import check_owned, embed_inventory, open_index
from catalog_jobs.evaluation.wardrobes.persona_judge import compare_on_personas
from catalog_jobs.evaluation.wardrobes.recommending import persona_caller, recommend


def evaluate_personas(personas_file: Path, options: EvaluateOptions) -> None:
    """Write the lists and compare methods, as far as the options ask for it."""
    settings = options.settings
    people = read_personas(personas_file, options.half)
    if options.compare:
        check_labelled(people, personas_file)
    with progress_bar("embedding") as progress:
        found = embed_inventory(options.dataset, options.names, options.side, settings, progress)
    check_owned(people, options.dataset, options.side, found)
    index = open_index(found.contents, settings)
    tell_left_out(found.left_out)
    if options.out:
        callers = [persona_caller(persona, found) for persona in people]
        with progress_bar("recommending") as progress:
            lists = recommend(callers, found, index, settings, progress)
        write_lists(lists, options.out)
    if options.compare:
        compared = compare_on_personas(people, found, index, settings, ablate=options.ablate, steps=progress_bar)
        print_comparison(compared, found.encoder.id, options)
