"""Epochs that can be killed: every one ends in a checkpoint, and a run that starts again goes on from the last."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from catalog_jobs.training.extra import train_module
from closetspace.errors import InvalidInput

CHECKPOINT, BEST, HISTORY, PLOT = "checkpoint.pt", "best.pt", "history.json", "loss.png"

Report = Callable[[int, int, float], None]
"""Is told the step done, the steps of this epoch, and the loss so far."""


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

    Writes the best weights, the history and a plot of the losses to ``folder`` as it goes.

    Raises:
        InvalidInput: the folder holds a checkpoint of another training.
    """
    folder.mkdir(parents=True, exist_ok=True)
    history = _resume(task, folder)
    while len(history) < epochs and not _has_stalled(history, patience):
        epoch, started = len(history), time.monotonic()
        train_loss = task.train_epoch(epoch, lambda done, of, loss, e=epoch: progress.step(e, done, of, loss))
        entry = Epoch(epoch, train_loss, task.validate(), time.monotonic() - started)
        history.append(entry)
        if entry.validation_loss <= min(e.validation_loss for e in history):
            _save(task.weights(), folder / BEST)
        _save({"identity": dict(task.identity()), "task": task.state(), "history": _rows(history)}, folder / CHECKPOINT)
        (folder / HISTORY).write_text(json.dumps(_rows(history), indent=1) + "\n", encoding="utf-8")
        plot_losses(history, folder / PLOT)
        progress.epoch(entry)
    return history


def load_best(folder: Path) -> dict[str, Any]:
    """Return the weights of the best epoch; raises `InvalidInput` when there are none."""
    path = folder / BEST
    if not path.is_file():
        raise InvalidInput("training_missing", f"{folder} holds no trained weights: train an encoder there first.")
    weights: dict[str, Any] = train_module("torch").load(path, map_location="cpu", weights_only=True)
    return weights


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


def _resume(task: Task, folder: Path) -> list[Epoch]:
    path = folder / CHECKPOINT
    if not path.is_file():
        return []
    checkpoint = train_module("torch").load(path, map_location="cpu", weights_only=True)
    if checkpoint["identity"] != dict(task.identity()):
        raise InvalidInput(
            "checkpoint_differs",
            f"{folder} holds a training with {checkpoint['identity']}, not {dict(task.identity())}."
            " Give the same options to go on with it, or another folder.",
        )
    task.load_state(checkpoint["task"])
    return [Epoch(**row) for row in checkpoint["history"]]


def _has_stalled(history: list[Epoch], patience: int) -> bool:
    if not history:
        return False
    best = min(range(len(history)), key=lambda i: history[i].validation_loss)
    return len(history) - 1 - best >= patience


def _rows(history: list[Epoch]) -> list[dict[str, Any]]:
    return [asdict(entry) for entry in history]


def _save(content: dict[str, Any], path: Path) -> None:
    # A kill while writing must leave the checkpoint before.
    partial = path.with_suffix(".partial")
    train_module("torch").save(content, partial)
    os.replace(partial, path)
