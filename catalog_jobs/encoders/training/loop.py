"""Epochs that can be killed: every one ends in a checkpoint, and a run that starts again goes on from the last."""

import json
import math
import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from catalog_jobs.encoders.training.extra import train_module
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput

CHECKPOINT, BEST, HISTORY, PLOT = "checkpoint.pt", "best.pt", "history.json", "loss.png"

Report = Callable[[int, int, float], None]
"""Is told the step done, the steps of this epoch, and the loss so far."""

_UNREADABLE = (RuntimeError, OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, pickle.UnpicklingError)
"""What torch raises of a file that is cut off, no checkpoint, or of another network."""


class Task(Protocol):
    """What is trained. An epoch depends on its number and the state alone, so a resumed run repeats it exactly."""

    def identity(self) -> Mapping[str, Any]:
        """What a checkpoint must have been trained with, to be continued."""
        ...

    def train_epoch(self, epoch: int, report: Report) -> float:
        """Train for one epoch; returns the mean loss."""
        ...

    def validate(self) -> float:
        """Return the loss on what is not trained on; less is better."""
        ...

    def state(self) -> dict[str, Any]: ...

    def load_state(self, state: dict[str, Any]) -> None: ...

    def weights(self) -> dict[str, Any]:
        """What is exported of the best epoch."""
        ...


@dataclass(frozen=True)
class Epoch:
    """One line of a training's history; ``seconds`` are of the clock on the wall."""

    epoch: int
    train_loss: float
    validation_loss: float
    seconds: float


@dataclass(frozen=True)
class Progress:
    """Who is told of steps and of epochs."""

    step: Callable[[int, int, int, float], None]
    epoch: Callable[[Epoch], None]


def run(task: Task, folder: Path, *, epochs: int, patience: int, progress: Progress) -> list[Epoch]:
    """Train until ``epochs`` are done, or ``patience`` of them have not improved; returns the history.

    Writes the best weights, the history and a plot of the losses to ``folder`` as it goes. Every epoch ends in a
    checkpoint; killed at any time, the same call goes on from the last and comes to the same weights.

    Raises:
        InvalidInput: the folder holds a checkpoint of another training.
        Incompatible: the checkpoint is damaged.
        FailedPrecondition: the folder cannot be written, or a loss is no number any more.
    """
    train_module("matplotlib.figure")  # is first used after an epoch, which may take hours
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    history = _resume(task, folder)
    if history:
        _tell(history, folder)  # a kill after the checkpoint left the state before
    while len(history) < epochs and not _has_stalled(history, patience):
        history.append(_epoch(task, len(history), progress))
        _keep(task, history, folder)
        _tell(history, folder)
        progress.epoch(history[-1])
    return history


def load_best(folder: Path) -> dict[str, Any]:
    """Return the weights of the best epoch; raises `InvalidInput` when there are none, `Incompatible` when damaged."""
    path = folder / BEST
    if not path.is_file():
        raise InvalidInput("training_missing", f"{folder} holds no trained weights: train an encoder there first.")
    return _load(path)


def best_epoch(history: list[Epoch]) -> Epoch:
    """Return the first of the epochs with the least validation loss."""
    return min(history, key=lambda entry: entry.validation_loss)


def plot_losses(history: list[Epoch], out: Path) -> None:
    """Draw both losses over the epochs."""
    figure = train_module("matplotlib.figure").Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="epoch", ylabel="loss", title="Training")
    numbers = [entry.epoch + 1 for entry in history]
    axes.plot(numbers, [entry.train_loss for entry in history], marker="o", label="training")
    axes.plot(numbers, [entry.validation_loss for entry in history], marker="o", label="validation")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    figure.savefig(out, dpi=120)


def _epoch(task: Task, epoch: int, progress: Progress) -> Epoch:
    started = time.monotonic()
    train_loss = task.train_epoch(epoch, lambda done, of, loss: progress.step(epoch, done, of, loss))
    validation_loss = task.validate()
    if not math.isfinite(train_loss + validation_loss):
        raise FailedPrecondition(f"The loss of epoch {epoch + 1} is no number: train with smaller steps or other data.")
    return Epoch(epoch, train_loss, validation_loss, time.monotonic() - started)


def _resume(task: Task, folder: Path) -> list[Epoch]:
    path = folder / CHECKPOINT
    if not path.is_file():
        return []
    checkpoint = _load(path)
    with _reading(path):
        identity, state = checkpoint["identity"], checkpoint["task"]
        history = [Epoch(**row) for row in checkpoint["history"]]
    if identity != dict(task.identity()):
        raise InvalidInput("checkpoint_differs", _difference(folder, identity, task.identity()))
    with _reading(path):
        task.load_state(state)
    return history


def _difference(folder: Path, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str:
    names = [name for name in sorted({*theirs, *ours}) if theirs.get(name) != ours.get(name)]
    differences = ", ".join(f"{name} {theirs.get(name)}, not {ours.get(name)}" for name in names)
    return (
        f"{folder} holds another training: {differences}. Give the same options and data to go on with it,"
        " or another folder."
    )


def _has_stalled(history: list[Epoch], patience: int) -> bool:
    return bool(history) and len(history) - 1 - best_epoch(history).epoch >= patience


def _keep(task: Task, history: list[Epoch], folder: Path) -> None:
    with _writing(folder):
        if best_epoch(history) is history[-1]:
            _save(task.weights(), folder / BEST)
        # The checkpoint last: without it the epoch counts as never trained, and is trained again.
        _save({"identity": dict(task.identity()), "task": task.state(), "history": _rows(history)}, folder / CHECKPOINT)


def _tell(history: list[Epoch], folder: Path) -> None:
    with _writing(folder):
        (folder / HISTORY).write_text(json.dumps(_rows(history), indent=1) + "\n", encoding="utf-8")
        plot_losses(history, folder / PLOT)


def _rows(history: list[Epoch]) -> list[dict[str, Any]]:
    return [asdict(entry) for entry in history]


def _save(content: dict[str, Any], path: Path) -> None:
    # A kill while writing must leave the checkpoint before; what a failure leaves must not fill the disk.
    partial = path.with_suffix(".partial")
    try:
        train_module("torch").save(content, partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _load(path: Path) -> dict[str, Any]:
    with _reading(path):
        content = train_module("torch").load(path, map_location="cpu", weights_only=True)
        if not isinstance(content, dict):
            raise TypeError(f"{type(content)} is no checkpoint")
    return content


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as exc:
        raise Incompatible(f"{path} is damaged, or of another version. Delete it to train anew.") from exc


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as exc:  # torch raises the latter where the disk is full
        raise FailedPrecondition(f"{folder} cannot be written ({exc}). Once it can, the same call goes on.") from exc
