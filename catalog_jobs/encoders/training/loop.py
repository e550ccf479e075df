"""A training loop that can be killed: every epoch ends with a checkpoint, from which the next run continues."""

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

from catalog_jobs.encoders.training import train_module
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput

CHECKPOINT, BEST, HISTORY, PLOT = "checkpoint.pt", "best.pt", "history.json", "loss.png"

ReportStep = Callable[[int, int, float], None]
"""Takes the finished step, the number of steps of the epoch, and the mean loss of the epoch so far."""

LOAD_ERRORS = (RuntimeError, OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, pickle.UnpicklingError)
"""What torch raises for files that are truncated, not a checkpoint, or of another network."""


class Task(Protocol):
    """A network in training. An epoch depends on its number and the state alone, so resumed runs repeat it exactly."""

    def identity(self) -> Mapping[str, Any]:
        """Return the recipe and data. A checkpoint with another identity is not continued."""
        ...

    def train_epoch(self, epoch: int, report: ReportStep) -> float:
        """Train for one epoch and return the mean loss."""
        ...

    def validate(self) -> float:
        """Return the loss on validation data. Lower is better."""
        ...

    def state(self) -> dict[str, Any]: ...

    def load_state(self, state: dict[str, Any]) -> None: ...

    def weights(self) -> dict[str, Any]:
        """Return the weights that are exported from the best epoch."""
        ...


@dataclass(frozen=True)
class Epoch:
    """An entry of the history. ``seconds`` are wall-clock time."""

    epoch: int
    train_loss: float
    validation_loss: float
    seconds: float


@dataclass(frozen=True)
class Callbacks:
    """Functions that the loop calls: ``step`` with epoch, finished step, steps and loss; ``epoch`` after each epoch."""

    step: Callable[[int, int, int, float], None]
    epoch: Callable[[Epoch], None]


def run(task: Task, folder: Path, *, epochs: int, patience: int, callbacks: Callbacks) -> list[Epoch]:
    """Train for ``epochs``, or until ``patience`` epochs have brought no improvement, and return the history.

    Writes the best weights, the history, a plot of the losses and a checkpoint to ``folder`` after every epoch. If the
    process is killed, the same call continues from the checkpoint and produces the same weights.

    Raises:
        InvalidInput: the folder contains a checkpoint of another training.
        Incompatible: the checkpoint is damaged.
        FailedPrecondition: the folder cannot be written, or a loss is NaN or infinite.
    """
    train_module("matplotlib.figure")  # fail now, not after the first epoch
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    history = _resume(task, folder)
    if history:
        _write_history(history, folder)  # the process may have been killed right after the checkpoint
    while len(history) < epochs and not _has_stalled(history, patience):
        history.append(_run_epoch(task, len(history), callbacks))
        _write_checkpoint(task, history, folder)
        _write_history(history, folder)
        callbacks.epoch(history[-1])
    return history


def load_best(folder: Path) -> dict[str, Any]:
    """Return the weights of the best epoch. Raise `InvalidInput` if there are none, `Incompatible` if damaged."""
    path = folder / BEST
    if not path.is_file():
        raise InvalidInput("training_missing", f"{folder} contains no trained weights: train an encoder there first.")
    return _load(path)


def best_epoch(history: list[Epoch]) -> Epoch:
    """Return the epoch with the lowest validation loss, the first of several."""
    return min(history, key=lambda entry: entry.validation_loss)


def _run_epoch(task: Task, epoch: int, callbacks: Callbacks) -> Epoch:
    started = time.monotonic()
    train_loss = task.train_epoch(epoch, lambda step, steps, loss: callbacks.step(epoch, step, steps, loss))
    validation_loss = task.validate()
    if not math.isfinite(train_loss + validation_loss):
        raise FailedPrecondition(
            f"The loss of epoch {epoch + 1} is NaN or infinite: use a lower learning rate or other data."
        )
    return Epoch(epoch, train_loss, validation_loss, time.monotonic() - started)


def _resume(task: Task, folder: Path) -> list[Epoch]:
    path = folder / CHECKPOINT
    if not path.is_file():
        return []
    checkpoint = _load(path)
    with _reading(path):
        identity, state = checkpoint["identity"], checkpoint["task"]
        history = [Epoch(**entry) for entry in checkpoint["history"]]
    if identity != dict(task.identity()):
        raise InvalidInput("checkpoint_differs", _describe_difference(folder, identity, task.identity()))
    with _reading(path):
        task.load_state(state)
    return history


def _describe_difference(folder: Path, checkpoint: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    names = [name for name in sorted({*checkpoint, *task}) if checkpoint.get(name) != task.get(name)]
    differences = ", ".join(f"{name} {checkpoint.get(name)}, not {task.get(name)}" for name in names)
    return (
        f"{folder} contains another training: {differences}. To continue it, use the same options and data. To start a"
        " new one, use another folder."
    )


def _has_stalled(history: list[Epoch], patience: int) -> bool:
    return bool(history) and len(history) - 1 - best_epoch(history).epoch >= patience


def _write_checkpoint(task: Task, history: list[Epoch], folder: Path) -> None:
    with _writing(folder):
        if best_epoch(history) is history[-1]:
            _save(task.weights(), folder / BEST)
        # The checkpoint comes last: until it is written, the epoch is trained again.
        checkpoint = {"identity": dict(task.identity()), "task": task.state(), "history": _entries(history)}
        _save(checkpoint, folder / CHECKPOINT)


def _write_history(history: list[Epoch], folder: Path) -> None:
    with _writing(folder):
        (folder / HISTORY).write_text(json.dumps(_entries(history), indent=1) + "\n", encoding="utf-8")
        _plot_losses(history, folder / PLOT)


def _plot_losses(history: list[Epoch], out: Path) -> None:
    figure = train_module("matplotlib.figure").Figure(figsize=(6, 4), layout="constrained")
    axes = figure.add_subplot(xlabel="epoch", ylabel="loss", title="Training")
    numbers = [entry.epoch + 1 for entry in history]
    axes.plot(numbers, [entry.train_loss for entry in history], marker="o", label="training")
    axes.plot(numbers, [entry.validation_loss for entry in history], marker="o", label="validation")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend()
    figure.savefig(out, dpi=120)


def _entries(history: list[Epoch]) -> list[dict[str, Any]]:
    return [asdict(entry) for entry in history]


def _save(content: dict[str, Any], path: Path) -> None:
    # The previous file must survive a kill, and a failed write must not fill the disk.
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
            raise TypeError(f"{type(content)} is not a checkpoint")
    return content


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except LOAD_ERRORS as exc:
        raise Incompatible(f"{path} is damaged or from another version. Delete it to train from the start.") from exc


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as exc:  # torch raises RuntimeError if the disk is full
        raise FailedPrecondition(
            f"{folder} cannot be written ({exc}). When it can, the same command continues the training."
        ) from exc
