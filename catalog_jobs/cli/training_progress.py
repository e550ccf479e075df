"""How a training that lasts for hours is followed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from catalog_jobs.cli.console import notes
from catalog_jobs.encoders.training.loop import Epoch, Progress


@contextmanager
def training_progress(epochs: int) -> Iterator[Progress]:
    """A bar of the epoch's steps with the loss so far, and a line an epoch; where nobody watches, a line a tenth."""
    if not notes.is_terminal:
        yield Progress(_Lines(epochs).step, lambda epoch: _tell(epoch, epochs))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]}"),
    )
    with Bars(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=notes) as bars:
        bar = bars.add_task("training", total=None, loss="-")

        def step(epoch: int, done: int, steps: int, loss: float) -> None:
            if done == 1:
                bars.reset(bar)
            what = f"epoch {epoch + 1}/{epochs}"
            bars.update(bar, description=what, completed=done, total=steps, loss=f"{loss:.5f}")

        yield Progress(step, lambda epoch: _tell(epoch, epochs))


class _Lines:
    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._told = (0, 0)

    def step(self, epoch: int, done: int, steps: int, loss: float) -> None:
        reached = (epoch, 10 * done // max(steps, 1))
        if reached > self._told:
            self._told = reached
            notes.print(f"epoch {epoch + 1}/{self._epochs}: step {done}/{steps}, loss {loss:.5f}")


def _tell(epoch: Epoch, epochs: int) -> None:
    losses = f"training loss {epoch.train_loss:.5f}, validation loss {epoch.validation_loss:.5f}"
    notes.print(f"epoch {epoch.epoch + 1}/{epochs} done: {losses}, {epoch.seconds:.0f} s")
