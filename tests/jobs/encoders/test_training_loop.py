"""The training loop: resuming after a kill, early stopping, and checkpoints of other trainings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput

torch = pytest.importorskip("torch", reason="training needs torch: pip install -e '.[train]'")

from catalog_jobs.encoders.training.loop import (  # noqa: E402  (after the check for torch)
    BEST,
    CHECKPOINT,
    HISTORY,
    PLOT,
    Callbacks,
    Epoch,
    ReportStep,
    load_best,
    run,
)

SILENT = Callbacks(lambda *_: None, lambda _: None)


class Killed(BaseException):
    """Ends a training as a kill would."""


class LineTask:
    """Fits a line with three steps per epoch.

    Validation losses may be given. ``killed_in`` is the epoch in whose second step the task raises `Killed`.
    """

    def __init__(self, validation: tuple[float, ...] = (), seed: int = 1, killed_in: int | None = None) -> None:
        torch.manual_seed(seed)
        self.line = torch.nn.Linear(3, 1)
        self.optimiser = torch.optim.Adam(self.line.parameters(), lr=0.1)
        self.validation, self.seed, self.killed_in, self.epoch = validation, seed, killed_in, -1

    def identity(self) -> Mapping[str, Any]:
        return {"seed": self.seed, "kind": "line"}

    def train_epoch(self, epoch: int, report: ReportStep) -> float:
        self.epoch = epoch
        random = np.random.default_rng([self.seed, epoch])
        for step in range(3):
            inputs = torch.from_numpy(random.normal(size=(4, 3)).astype(np.float32))
            loss = (self.line(inputs) - inputs.sum(1, keepdim=True)).square().mean()
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            report(step + 1, 3, loss.item())
            if (epoch, step) == (self.killed_in, 1):
                raise Killed
        return float(loss.item())

    def validate(self) -> float:
        if self.validation:
            return self.validation[self.epoch]
        return float((self.line.weight - 1).square().sum().item())

    def state(self) -> dict[str, Any]:
        return {"line": self.line.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        self.line.load_state_dict(state["line"])
        self.optimiser.load_state_dict(state["optimiser"])

    def weights(self) -> dict[str, Any]:
        return {"weight": self.line.weight.detach().clone(), "epoch": self.epoch}


def train(task: LineTask, folder: Path, epochs: int = 4, patience: int = 9) -> list[Epoch]:
    return run(task, folder, epochs=epochs, patience=patience, callbacks=SILENT)


def test_training_killed_within_an_epoch_resumes_to_the_same_weights(tmp_path: Path) -> None:
    uninterrupted = train(LineTask(), tmp_path / "uninterrupted")
    with pytest.raises(Killed):
        train(LineTask(killed_in=2), tmp_path / "killed")
    resumed = LineTask()
    history = train(resumed, tmp_path / "killed")
    assert [(e.epoch, e.train_loss, e.validation_loss) for e in history] == [
        (e.epoch, e.train_loss, e.validation_loss) for e in uninterrupted
    ]
    expected, found = load_best(tmp_path / "uninterrupted"), load_best(tmp_path / "killed")
    assert torch.equal(found["weight"], expected["weight"])


def test_training_stops_after_patience_epochs_and_keeps_the_best_weights(tmp_path: Path) -> None:
    history = train(LineTask((3.0, 1.0, 2.0, 1.0, 5.0)), tmp_path, epochs=5, patience=2)
    assert [entry.validation_loss for entry in history] == [3.0, 1.0, 2.0, 1.0]
    assert load_best(tmp_path)["epoch"] == 1
    assert len(train(LineTask((9.0,) * 9), tmp_path, epochs=9, patience=2)) == 4  # the training has ended already


def test_finished_training_continues_if_more_epochs_are_requested(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=2)
    assert train(LineTask(), tmp_path, epochs=4)[2:] != []


def test_history_and_plot_are_written_again_after_a_kill(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=2)
    history, plot = tmp_path / HISTORY, tmp_path / PLOT
    assert [entry["epoch"] for entry in json.loads(history.read_text())] == [0, 1]
    assert plot.read_bytes().startswith(b"\x89PNG")
    history.unlink()
    plot.unlink()
    train(LineTask(), tmp_path, epochs=2)
    assert history.is_file()
    assert plot.is_file()


def test_callbacks_are_called_for_every_step_and_epoch(tmp_path: Path) -> None:
    steps: list[tuple[int, int, int]] = []
    epochs: list[int] = []
    callbacks = Callbacks(
        lambda epoch, step, of, _loss: steps.append((epoch, step, of)), lambda entry: epochs.append(entry.epoch)
    )
    run(LineTask(), tmp_path, epochs=2, patience=9, callbacks=callbacks)
    assert steps == [(epoch, step, 3) for epoch in (0, 1) for step in (1, 2, 3)]
    assert epochs == [0, 1]


def test_checkpoint_of_another_training_is_rejected_with_the_difference(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=1)
    with pytest.raises(InvalidInput, match="seed 1, not 2"):
        train(LineTask(seed=2), tmp_path)


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "foreign"])
def test_damaged_checkpoint_is_rejected(tmp_path: Path, damage: str) -> None:
    train(LineTask(), tmp_path, epochs=1)
    for file in (CHECKPOINT, BEST):
        path = tmp_path / file
        content = path.read_bytes()
        if damage == "foreign":
            torch.save([1, 2], path)
        else:
            path.write_bytes({"cut": content[: len(content) // 2], "noise": b"\x80\x02no", "empty": b""}[damage])
    with pytest.raises(Incompatible, match=CHECKPOINT):
        train(LineTask(), tmp_path)
    with pytest.raises(Incompatible, match=BEST):
        load_best(tmp_path)


def test_partial_checkpoint_is_ignored(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=1)
    (tmp_path / "checkpoint.partial").write_bytes(b"half")
    assert len(train(LineTask(), tmp_path, epochs=2)) == 2


def test_full_disk_is_reported_and_keeps_the_previous_checkpoint(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=1)
    before = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / "checkpoint.partial").symlink_to("/dev/full")
    with pytest.raises(FailedPrecondition, match="cannot be written"):
        train(LineTask(), tmp_path, epochs=2)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert len(train(LineTask(), tmp_path, epochs=2)) == 2


def test_unwritable_folder_is_reported_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FailedPrecondition, match="cannot be written"):
        train(LineTask(killed_in=0), tmp_path / "file" / "run")


def test_nan_loss_ends_the_training(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="NaN or infinite"):
        train(LineTask((1.0, float("nan"))), tmp_path)
    assert load_best(tmp_path)["epoch"] == 0


def test_missing_weights_are_reported(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="train an encoder there first"):
        load_best(tmp_path)
