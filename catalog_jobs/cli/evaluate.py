"""``closetspace evaluate``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error
from catalog_jobs.cli.evaluate_closets import evaluate_closets
from catalog_jobs.cli.evaluate_options import EvaluateOptions
from catalog_jobs.cli.evaluate_personas import evaluate_personas
from catalog_jobs.cli.evaluate_queries import evaluate_photos, evaluate_queries
from catalog_jobs.cli.options import EncoderOption, JsonOption
from catalog_jobs.encoders.registry import find_encoder
from catalog_jobs.evaluation.datasets.personas import Half
from catalog_jobs.evaluation.datasets.products import Side
from catalog_jobs.evaluation.inventory import Names
from closetspace.settings import Settings


def evaluate(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="A folder with products.csv and images/.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the lists go, as JSON; with --compare not needed.")
    ] = None,
    personas: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Wardrobes to recommend for: a JSON list of {id, wardrobe}.")
    ] = None,
    closets: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Closets to recommend for: a JSON list of {id, photos}.")
    ] = None,
    queries: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Texts to search products by: a JSON list of {id, text}.")
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="With --closets the folder that their photos are in, SPLIT/CLASS/ID.jpg. Alone a folder of photos,"
            " CLASS/FILE, to find the nearest products of.",
        ),
    ] = None,
    told: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="With --closets: where the encoder's labels of all photos of their splits go, as JSON."
        ),
    ] = None,
    names: Annotated[
        Names,
        typer.Option(
            help="Use products' names as they are, without telling words, or not at all; with --queries and"
            " --photos alone not at all."
        ),
    ] = Names.FULL,
    side: Annotated[
        Side, typer.Option(help="The eval split, or all of a dataset no model has learnt from.")
    ] = Side.EVAL,
    half: Annotated[Half | None, typer.Option(help="Every other persona alone.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Measure other methods and ours side by side; with --queries the encoder.")
    ] = False,
    ablate: Annotated[
        bool, typer.Option("--ablate", help="With --compare: also ours with a step taken out or a dial turned.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --compare: where a page with pictures goes, as HTML.")
    ] = None,
    as_json: JsonOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Write what the production code recommends or finds, for a scorer that knows no model, or measure it.

    With --personas or --closets: {id: the 50 products recommended, best first}. With --queries: {id: the 10 products
    nearest to the text}. With --photos alone: {class/file: the 10 nearest products}. For the last two, products are
    known by their photos alone. A dataset with fewer products gives shorter lists, and a warning.

    With --compare: a table of what fits. Personas then need gender, usage, palette and sub_categories, closets
    labels.csv and photos.csv in the folder of the photos, queries ids such as type:Blue/Shirts or name:PRODUCT.
    """
    with exit_on_error():
        settings = Settings.from_env()
        settings = replace(settings, encoder=encoder or settings.encoder)
        options = EvaluateOptions(
            dataset=dataset,
            settings=settings,
            names=names,
            side=side,
            personas=personas,
            closets=closets,
            queries=queries,
            photos=photos,
            out=out,
            told=told,
            half=half,
            compare=compare,
            ablate=ablate,
            report=report,
            as_json=as_json,
        )
        options.check()
        find_encoder(settings.encoder)
        _run(options)


def _run(options: EvaluateOptions) -> None:
    if options.personas:
        evaluate_personas(options.personas, options)
    elif options.queries:
        evaluate_queries(options.queries, options)
    elif options.closets and options.photos:
        evaluate_closets(options.closets, options.photos, options)
    elif options.photos:
        evaluate_photos(options.photos, options)
