"""Training that can be killed, stops where it no longer helps, and never goes on with something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput

torch = pytest.importorskip("torch", reason="training needs torch: pip install -e '.[train]'")

from catalog_jobs.encoders.training.loop import (  # noqa: E402  (after torch is known to be there)
    BEST,
    CHECKPOINT,
    HISTORY,
    PLOT,
    Epoch,
    Progress,
    Report,
    load_best,
    run,
)

QUIET = Progress(lambda *_: None, lambda _: None)


class Killed(BaseException):
    """The end of the process, as far as the loop can tell."""


class LineTask:
    """Fits a line, three steps an epoch; its validation losses may be given, its end at an epoch's second step too."""

    def __init__(self, validation: tuple[float, ...] = (), seed: int = 1, killed_in: int | None = None) -> None:
        torch.manual_seed(seed)
        self.line = torch.nn.Linear(3, 1)
        self.optimiser = torch.optim.Adam(self.line.parameters(), lr=0.1)
        self.validation, self.seed, self.killed_in, self.epoch = validation, seed, killed_in, -1

    def identity(self) -> Mapping[str, Any]:
        return {"seed": self.seed, "kind": "line"}

    def train_epoch(self, epoch: int, report: Report) -> float:
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
    return run(task, folder, epochs=epochs, patience=patience, progress=QUIET)


def test_killed_in_the_middle_of_an_epoch_it_comes_to_the_same_weights(tmp_path: Path) -> None:
    at_once = train(LineTask(), tmp_path / "at-once")
    with pytest.raises(Killed):
        train(LineTask(killed_in=2), tmp_path / "killed")
    resumed = LineTask()
    history = train(resumed, tmp_path / "killed")
    assert [(e.epoch, e.train_loss, e.validation_loss) for e in history] == [
        (e.epoch, e.train_loss, e.validation_loss) for e in at_once
    ]
    expected, found = load_best(tmp_path / "at-once"), load_best(tmp_path / "killed")
    assert torch.equal(found["weight"], expected["weight"])


def test_it_stops_when_patience_is_over_and_keeps_the_best(tmp_path: Path) -> None:
    history = train(LineTask((3.0, 1.0, 2.0, 1.0, 5.0)), tmp_path, epochs=5, patience=2)
    assert [entry.validation_loss for entry in history] == [3.0, 1.0, 2.0, 1.0]
    assert load_best(tmp_path)["epoch"] == 1
    assert len(train(LineTask((9.0,) * 9), tmp_path, epochs=9, patience=2)) == 4  # it had ended already


def test_a_finished_training_goes_on_when_more_epochs_are_wanted(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=2)
    assert train(LineTask(), tmp_path, epochs=4)[2:] != []


def test_history_and_plot_are_there_and_come_back_after_a_kill(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=2)
    history, plot = tmp_path / HISTORY, tmp_path / PLOT
    assert [entry["epoch"] for entry in json.loads(history.read_text())] == [0, 1]
    assert plot.read_bytes().startswith(b"\x89PNG")
    history.unlink()
    plot.unlink()
    train(LineTask(), tmp_path, epochs=2)
    assert history.is_file()
    assert plot.is_file()


def test_progress_hears_of_every_step_and_epoch(tmp_path: Path) -> None:
    steps: list[tuple[int, int, int]] = []
    epochs: list[int] = []
    progress = Progress(
        lambda epoch, done, of, _loss: steps.append((epoch, done, of)), lambda entry: epochs.append(entry.epoch)
    )
    run(LineTask(), tmp_path, epochs=2, patience=9, progress=progress)
    assert steps == [(epoch, done, 3) for epoch in (0, 1) for done in (1, 2, 3)]
    assert epochs == [0, 1]


def test_a_checkpoint_of_another_training_is_refused_and_named(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=1)
    with pytest.raises(InvalidInput, match="seed 1, not 2"):
        train(LineTask(seed=2), tmp_path)


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "foreign"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, damage: str) -> None:
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


def test_a_partial_checkpoint_leaves_the_one_before_in_use(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=1)
    (tmp_path / "checkpoint.partial").write_bytes(b"half")
    assert len(train(LineTask(), tmp_path, epochs=2)) == 2


def test_a_full_disk_is_told_and_leaves_the_checkpoint_before(tmp_path: Path) -> None:
    train(LineTask(), tmp_path, epochs=1)
    before = (tmp_path / CHECKPOINT).read_bytes()
    (tmp_path / "checkpoint.partial").symlink_to("/dev/full")
    with pytest.raises(FailedPrecondition, match="cannot be written"):
        train(LineTask(), tmp_path, epochs=2)
    assert (tmp_path / CHECKPOINT).read_bytes() == before
    assert len(train(LineTask(), tmp_path, epochs=2)) == 2


def test_a_folder_that_cannot_be_made_is_told_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FailedPrecondition, match="cannot be written"):
        train(LineTask(killed_in=0), tmp_path / "file" / "run")


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="no number"):
        train(LineTask((1.0, float("nan"))), tmp_path)
    assert load_best(tmp_path)["epoch"] == 0


def test_weights_that_were_never_trained_are_missed(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="train an encoder there first"):
        load_best(tmp_path)
