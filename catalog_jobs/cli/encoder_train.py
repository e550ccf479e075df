"""``closetspace encoder train``, ``export`` and ``reference``: train an encoder, and write the files that serve it."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from catalog_jobs.cli.console import exit_on_error, notes, print_json, print_left_out, progress_bar
from catalog_jobs.cli.options import EncoderOption, JsonOption
from catalog_jobs.encoders.reference import SampleSplit, write_reference
from catalog_jobs.encoders.registry import find_encoder
from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.loop import Callbacks, Epoch, Task, best_epoch, run
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings

_INTERRUPTED = 130  # the exit code of shells for a program that Ctrl-C ended


class Architecture(StrEnum):
    """The encoders that can be trained."""

    FASHION = "fashion"
    AUTOENCODER = "resnet50-autoencoder"


ArchitectureArgument = Annotated[Architecture, typer.Argument(help="The encoder.")]
DataOption = Annotated[Path, typer.Option(metavar="DIR", help="Labelled products: products.csv and images/.")]
PhotosOption = Annotated[Path | None, typer.Option(metavar="DIR", help="fashion: people's photos train/CLASS/FILE.")]
NoGarmentOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="fashion: pictures without a garment; those whose file names have an even length are used."
    ),
]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed and data give the same encoder.")]


def train(
    architecture: ArchitectureArgument,
    data: DataOption,
    out: Annotated[Path, typer.Option(metavar="RUN_DIR", help="The folder of checkpoints, weights and the loss plot.")],
    photos: PhotosOption = None,
    no_garment: NoGarmentOption = None,
    weights: Annotated[
        str | None,
        typer.Option(metavar="hub|none|FILE", help="resnet50-autoencoder: initial ImageNet weights. Default: hub."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="The maximum number of epochs. Default: the recipe's.")
    ] = None,
    patience: Annotated[int, typer.Option(min=1, help="Stop after this many epochs without improvement.")] = 5,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures per step. Default: the recipe's.")] = None,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
) -> None:
    """Train an encoder's image network on the products' training split.

    Uses a GPU if there is one. If the command is stopped or killed, the same command continues from the last
    checkpoint. Needs the extra train, or train-autoencoder for the autoencoder.
    """
    _check_options(architecture, photos or no_garment, weights)
    with exit_on_error(), _disk_errors():
        chosen = {name: value for name, value in (("epochs", epochs), ("batch", batch)) if value is not None}
        if architecture is Architecture.FASHION:
            task, most = _fashion_task(data, photos, no_garment, chosen | {"seed": seed})
        else:
            task, most = _autoencoder_task(data, chosen | {"seed": seed} | ({"weights": weights} if weights else {}))
        history = _run(task, out, most, patience)
    best = best_epoch(history)
    if as_json:
        result = {"epochs": len(history), "best_epoch": best.epoch + 1, "validation_loss": best.validation_loss}
        print_json(result | {"run": str(out)})
        return
    notes.print(f"{len(history)} epochs, the best is {best.epoch + 1}: validation loss {best.validation_loss:.5f}")
    notes.print(f"Next: closetspace encoder export {architecture} --data DIR --run {out} --out ENCODER_DIR")


def export(
    architecture: ArchitectureArgument,
    data: DataOption,
    out: Annotated[Path, typer.Option(metavar="ENCODER_DIR", help="The folder for the encoder's files.")],
    run: Annotated[Path | None, typer.Option(metavar="RUN_DIR", help="The folder that train has written.")] = None,
    networks: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|DIR",
            help="fashion, in place of --run: the encoder whose image and text networks are kept. Only the fusion is"
            " fitted, for example to new labels.",
        ),
    ] = None,
    photos: PhotosOption = None,
    no_garment: NoGarmentOption = None,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
) -> None:
    """Make an encoder from trained weights: export to ONNX, fit and calibrate heads, write the manifest.

    The encoder gets a reference sample of the products' training split.
    """
    _check_options(architecture, photos or no_garment, None)
    if networks and (run or architecture is not Architecture.FASHION):
        raise typer.BadParameter("goes with fashion, and not with --run.", param_hint="--networks")
    with exit_on_error(), _disk_errors():
        if networks:
            manifest = _refit_fashion(data, photos, no_garment, networks, out, seed)
        elif run is None:
            raise typer.BadParameter("name the folder that train has written.", param_hint="--run")
        elif architecture is Architecture.FASHION:
            manifest = _export_fashion(data, photos, no_garment, run, out, seed)
        else:
            manifest = _export_autoencoder(data, run, out)
        manifest |= add_reference(data, out)
    if as_json:
        print_json(manifest)
    else:
        notes.print(f"Wrote the encoder {manifest['id']} to {out}")


def reference(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Products: products.csv and images/.")],
    encoder: EncoderOption = None,
    side: Annotated[
        SampleSplit,
        typer.Option(help="The products: the training split, or all of a dataset that no model was trained on."),
    ] = SampleSplit.TRAINING,
    as_json: JsonOption = False,
) -> None:
    """Write the reference sample: products that tastes are compared with.

    A taste is what makes a closet differ from the sample. The sample is part of the encoder's folder and replaces an
    earlier one. The encoder keeps its id, so closets and indexes stay valid.
    """
    settings = Settings.from_env()
    with exit_on_error():
        found = find_encoder(encoder or settings.encoder)
        with progress_bar("embedding") as progress:
            written = write_reference(found.folder, data, side, settings, progress)
    print_left_out(written.left_out)
    if as_json:
        result = {"encoder": written.encoder_id, "reference": written.sha256, "products": written.products}
        print_json(result | {"left_out": len(written.left_out)})
    else:
        notes.print(f"Wrote a sample of {written.products} products to {escape(str(found.folder))}", soft_wrap=True)


def add_reference(data: Path, out: Path) -> dict[str, str]:
    """Add a reference sample to an encoder; return its entry of the manifest, empty if there are too few products."""
    try:
        with progress_bar("embedding the sample") as progress:
            written = write_reference(out, data, SampleSplit.TRAINING, Settings.from_env(), progress)
    except InvalidInput as error:
        notes.print(f"[yellow]no reference sample:[/yellow] {escape(str(error))}", soft_wrap=True)
        return {}
    return {"reference": written.sha256}


@contextmanager
def training_callbacks(epochs: int) -> Iterator[Callbacks]:
    """Show a bar of the epoch's steps in a terminal, elsewhere a line per tenth of an epoch, and a line per epoch."""
    if not notes.is_terminal:
        yield Callbacks(_StepLines(epochs).print, lambda epoch: _print_epoch(epoch, epochs))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
    )
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=notes) as bars:
        bar = bars.add_task("training", total=None, loss="-")

        def update(epoch: int, step: int, steps: int, loss: float) -> None:
            if step == 1:
                bars.reset(bar)
            description = f"epoch {epoch + 1}/{epochs}"
            bars.update(bar, description=description, completed=step, total=steps, loss=f"{loss:.5f}")

        yield Callbacks(update, lambda epoch: _print_epoch(epoch, epochs))


class _StepLines:
    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._printed = (0, 0)

    def print(self, epoch: int, step: int, steps: int, loss: float) -> None:
        reached = (epoch, 10 * step // max(steps, 1))
        if reached > self._printed:
            self._printed = reached
            notes.print(f"epoch {epoch + 1}/{self._epochs}: step {step}/{steps}, loss {loss:.5f}")


def _print_epoch(epoch: Epoch, epochs: int) -> None:
    losses = f"training loss {epoch.train_loss:.5f}, validation loss {epoch.validation_loss:.5f}"
    notes.print(f"epoch {epoch.epoch + 1}/{epochs} done: {losses}, {epoch.seconds:.0f} s")


def _check_options(architecture: Architecture, photos: Path | None, weights: str | None) -> None:
    if photos and architecture is not Architecture.FASHION:
        raise typer.BadParameter(f"{architecture} learns from products only.", param_hint="--photos")
    if weights and architecture is not Architecture.AUTOENCODER:
        raise typer.BadParameter(f"{architecture} has its own initial weights.", param_hint="--weights")


# Modules that need torch are imported where they are used.


def _fashion_task(data: Path, photos: Path | None, no_garment: Path | None, chosen: dict[str, Any]) -> tuple[Task, int]:
    from catalog_jobs.encoders.training.fashion_data import read_fashion_data
    from catalog_jobs.encoders.training.fashion_training import FashionRecipe, FashionTask

    recipe = FashionRecipe(**chosen)
    return FashionTask(read_fashion_data(data, photos, no_garment), recipe), recipe.epochs


def _autoencoder_task(data: Path, chosen: dict[str, Any]) -> tuple[Task, int]:
    train_module("torchvision")  # first, because its extra has all other packages too
    from catalog_jobs.encoders.training.autoencoder_training import (
        AutoencoderRecipe,
        AutoencoderTask,
        read_training_products,
    )

    recipe = AutoencoderRecipe(**chosen)
    return AutoencoderTask(read_training_products(data, notes.print), recipe), recipe.epochs


def _export_fashion(
    data: Path, photos: Path | None, no_garment: Path | None, run: Path, out: Path, seed: int
) -> dict[str, Any]:
    from catalog_jobs.encoders.training.fashion_data import read_fashion_data
    from catalog_jobs.encoders.training.fashion_export import export_fashion

    return export_fashion(read_fashion_data(data, photos, no_garment), run, out, seed=seed, log=notes.print)


def _refit_fashion(
    data: Path, photos: Path | None, no_garment: Path | None, networks: str, out: Path, seed: int
) -> dict[str, Any]:
    from catalog_jobs.encoders.training.fashion_data import read_fashion_data
    from catalog_jobs.encoders.training.fashion_export import refit_fashion

    encoder = find_encoder(networks)
    return refit_fashion(read_fashion_data(data, photos, no_garment), encoder, out, seed=seed, log=notes.print)


def _export_autoencoder(data: Path, run: Path, out: Path) -> dict[str, Any]:
    train_module("torchvision")
    from catalog_jobs.encoders.training.autoencoder_export import export_autoencoder

    return export_autoencoder(data, run, out, log=notes.print)


def _run(task: Task, out: Path, epochs: int, patience: int) -> list[Epoch]:
    try:
        with training_callbacks(epochs) as callbacks:
            return run(task, out, epochs=epochs, patience=patience, callbacks=callbacks)
    except KeyboardInterrupt as stop:
        notes.print("Stopped. The same command continues from the last checkpoint, the end of an epoch.")
        raise typer.Exit(_INTERRUPTED) from stop


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise FailedPrecondition(f"A file cannot be read or written: {exc}") from exc
