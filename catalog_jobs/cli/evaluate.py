"""``closetspace evaluate``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error
from catalog_jobs.cli.evaluate_options import EvaluateOptions
from catalog_jobs.cli.evaluate_runs import run_evaluation
from catalog_jobs.cli.options import EncoderOption, JsonOption
from catalog_jobs.encoders.registry import find_encoder
from catalog_jobs.evaluation.datasets.personas import PersonaHalf
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import NameVisibility
from closetspace.settings import Settings


def evaluate(
    dataset: Annotated[Path, typer.Option(metavar="DIR", help="A folder with products.csv and images/.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the lists to this file as JSON. Optional with --compare.")
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
            help="With --closets: the folder of the closets' photos SPLIT/CLASS/ID.jpg. Alone: a folder of photos"
            " CLASS/FILE to find the nearest products of.",
        ),
    ] = None,
    told: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="With --closets: write the encoder's labels of all photos of the closets' splits here, as JSON.",
        ),
    ] = None,
    names: Annotated[
        NameVisibility,
        typer.Option(
            help="Give the encoder the products' full names, names without the words that state gender, usage and"
            " colour, or no names. --queries and --photos alone never use names."
        ),
    ] = NameVisibility.FULL,
    side: Annotated[
        Split, typer.Option(help="The products: the eval split, or all of a dataset that no model was trained on.")
    ] = Split.EVAL,
    half: Annotated[PersonaHalf | None, typer.Option(help="Use every other persona only.")] = None,
    compare: Annotated[
        bool,
        typer.Option("--compare", help="Measure our method beside baselines, or the encoder with --queries."),
    ] = False,
    ablate: Annotated[
        bool, typer.Option("--ablate", help="With --compare: also measure variants of our method.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --compare: write an HTML page with pictures to this file.")
    ] = None,
    as_json: JsonOption = False,
    encoder: EncoderOption = None,
) -> None:
    """Write what the production code recommends or finds, as input for an independent scorer, or measure it.

    With --personas or --closets: {id: the 50 recommended products, best first}. With --queries: {id: the 10 products
    nearest to the text}. With --photos alone: {class/file: the 10 nearest products}. The last two know products by
    their photos alone. A dataset with too few products gives shorter lists and a warning.

    With --compare: a table of metrics. Personas then need gender, usage, palette and sub_categories. Closets need
    labels.csv and photos.csv in the folder of the photos. Queries need ids such as type:Blue/Shirts or name:PRODUCT.
    """
    with exit_on_error():
        settings = Settings.from_env()
        settings = replace(settings, encoder=encoder or settings.encoder)
        options = EvaluateOptions(
            dataset=dataset,
            settings=settings,
            names=names,
            split=side,
            personas=personas,
            closets=closets,
            queries=queries,
            photos=photos,
            out=out,
            photo_labels=told,
            half=half,
            compare=compare,
            ablate=ablate,
            report=report,
            as_json=as_json,
        )
        options.check()
        find_encoder(settings.encoder)
        run_evaluation(options)
