"""``closetspace encoder train`` and ``export``: an encoder of one's own, from pictures to the files that serve it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.encoders.reference import SampleSplit, write_reference
from catalog_jobs.encoders.training.extra import train_module
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings

if TYPE_CHECKING:
    from catalog_jobs.encoders.training.loop import Epoch, Task

_INTERRUPTED = 130  # what shells call a program that Ctrl-C ended


class Architecture(StrEnum):
    """The encoders that can be trained."""

    FASHION = "fashion"
    AUTOENCODER = "resnet50-autoencoder"


ArchitectureArgument = Annotated[Architecture, typer.Argument(help="Which encoder.")]
DataOption = Annotated[Path, typer.Option(metavar="DIR", help="Labelled products: products.csv and images/.")]
PhotosOption = Annotated[
    Path | None, typer.Option(metavar="DIR", help="fashion: people's photos, a folder a class, in train/.")
]
NoGarmentOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="fashion: pictures without a garment; learns those whose names have an even length."
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed and data give the same encoder.")]


def train(
    architecture: ArchitectureArgument,
    data: DataOption,
    out: Annotated[Path, typer.Option(metavar="RUN_DIR", help="Where checkpoints, weights and the loss plot go.")],
    photos: PhotosOption = None,
    no_garment: NoGarmentOption = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="hub|none|FILE", help="resnet50-autoencoder: ImageNet weights to start from; default hub."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="At most so many; the recipe's, if none is given.")] = None,
    patience: Annotated[int, typer.Option(min=1, help="Stop after so many epochs without improvement.")] = 5,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures a step; the recipe's, if none is given.")] = None,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
) -> None:
    """Train an encoder's image network on the products' training split.

    Uses a GPU where there is one. Stopped or killed, the same command goes on from the last checkpoint. Needs the
    extra train, the autoencoder the extra train-autoencoder.
    """
    _refuse_strangers(architecture, photos or no_garment, weights)
    with exit_on_error(), _disk_watched():
        chosen = {name: value for name, value in (("epochs", epochs), ("batch", batch)) if value is not None}
        if architecture is Architecture.FASHION:
            task, most = _fashion(data, photos, no_garment, chosen | {"seed": seed})
        else:
            task, most = _autoencoder(data, chosen | {"seed": seed} | ({"weights": weights} if weights else {}))
        history = _train(task, out, most, patience)
    _tell_result(architecture, out, history, as_json)


def export(
    architecture: ArchitectureArgument,
    data: DataOption,
    run: Annotated[Path, typer.Option(metavar="RUN_DIR", help="What train has written.")],
    out: Annotated[Path, typer.Option(metavar="ENCODER_DIR", help="Where the encoder's files go.")],
    photos: PhotosOption = None,
    no_garment: NoGarmentOption = None,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
) -> None:
    """Make an encoder of trained weights: networks to ONNX, heads fitted and calibrated, manifest written.

    A sample of the products' training split goes with it, for tastes to be compared with.
    """
    _refuse_strangers(architecture, photos or no_garment, None)
    with exit_on_error(), _disk_watched():
        if architecture is Architecture.FASHION:
            manifest = _export_fashion(data, photos, no_garment, run, out, seed)
        else:
            manifest = _export_autoencoder(data, run, out)
        manifest |= _reference(data, out)
    if as_json:
        print_json(manifest)
    else:
        notes.print(f"The encoder {manifest['id']} is in {out}")


def _refuse_strangers(architecture: Architecture, photos: Path | None, weights: str | None) -> None:
    if photos and architecture is not Architecture.FASHION:
        raise typer.BadParameter(f"{architecture} learns from products alone.", param_hint="--photos")
    if weights and architecture is not Architecture.AUTOENCODER:
        raise typer.BadParameter(f"{architecture} brings its own weights.", param_hint="--weights")


def _fashion(data: Path, photos: Path | None, no_garment: Path | None, chosen: dict[str, Any]) -> tuple[Task, int]:
    from catalog_jobs.encoders.training.fashion_data import read_fashion_data
    from catalog_jobs.encoders.training.fashion_training import FashionTask, Recipe

    recipe = Recipe(**chosen, user_photos=photos is not None)
    return FashionTask(read_fashion_data(data, photos, no_garment), recipe), recipe.epochs


def _autoencoder(data: Path, chosen: dict[str, Any]) -> tuple[Task, int]:
    train_module("torchvision")  # first of all, because it names the extra that has everything
    from catalog_jobs.encoders.training.autoencoder_data import read_products
    from catalog_jobs.encoders.training.autoencoder_training import AutoencoderTask, Recipe

    recipe = Recipe(**chosen)
    return AutoencoderTask(read_products(data, notes.print), recipe), recipe.epochs


def _export_fashion(
    data: Path, photos: Path | None, no_garment: Path | None, run: Path, out: Path, seed: int
) -> dict[str, Any]:
    from catalog_jobs.encoders.training.fashion_data import read_fashion_data
    from catalog_jobs.encoders.training.fashion_export import export_fashion

    return export_fashion(read_fashion_data(data, photos, no_garment), run, out, seed=seed, progress=notes.print)


def _export_autoencoder(data: Path, run: Path, out: Path) -> dict[str, Any]:
    train_module("torchvision")
    from catalog_jobs.encoders.training.autoencoder_export import export_autoencoder

    return export_autoencoder(data, run, out, progress=notes.print)


def _reference(data: Path, out: Path) -> dict[str, str]:
    """Add the sample, and return what the manifest says of it; with too few products the encoder goes without."""
    try:
        with progress_bar("embedding the sample") as progress:
            written = write_reference(out, data, SampleSplit.TRAINING, Settings.from_env(), progress)
    except InvalidInput as error:
        notes.print(f"[yellow]no sample for tastes:[/yellow] {escape(str(error))}", soft_wrap=True)
        return {}
    return {"reference": written.sha256}


def _train(task: Task, out: Path, epochs: int, patience: int) -> list[Epoch]:
    from catalog_jobs.cli.training_progress import training_progress
    from catalog_jobs.encoders.training.loop import run

    try:
        with training_progress(epochs) as progress:
            return run(task, out, epochs=epochs, patience=patience, progress=progress)
    except KeyboardInterrupt as stop:
        notes.print("Stopped. The same command goes on from the last checkpoint, at the end of an epoch.")
        raise typer.Exit(_INTERRUPTED) from stop


@contextmanager
def _disk_watched() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise FailedPrecondition(f"A file cannot be read or written: {exc}") from exc


def _tell_result(architecture: Architecture, out: Path, history: list[Epoch], as_json: bool) -> None:
    from catalog_jobs.encoders.training.loop import best_epoch

    best = best_epoch(history)
    if as_json:
        result = {"epochs": len(history), "best_epoch": best.epoch + 1, "validation_loss": best.validation_loss}
        print_json(result | {"run": str(out)})
        return
    notes.print(f"{len(history)} epochs, the best was {best.epoch + 1}: validation loss {best.validation_loss:.5f}")
    notes.print(f"Next: closetspace encoder export {architecture} --data DIR --run {out} --out ENCODER_DIR")
