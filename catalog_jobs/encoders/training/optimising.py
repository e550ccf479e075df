"""The two ways to fit a network to features: all weights in steps of a batch, or a few numbers to their optimum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog_jobs.encoders.training import train_module

torch = train_module("torch")

_WEIGHT_DECAY = 0.05
_SHRINKAGE = 0.01  # weight of squared changes, which keeps optima finite for a dozen photos
_ROUNDS = 50  # of L-BFGS


def fit_in_steps(network: Any, steps: int, learning_rate: float, draw_loss: Callable[[], Any]) -> None:
    """Train a network with AdamW and a cosine schedule. ``draw_loss`` returns the loss of a new batch in each step."""
    weights = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(weights, learning_rate, weight_decay=_WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    network.train()
    for _ in range(steps):
        loss = draw_loss()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def minimise(loss: Callable[[Any], Any], start: Any) -> Any:
    """Return the tensor near ``start`` at which a convex loss is lowest."""
    values = start.clone().requires_grad_()
    optimiser = torch.optim.LBFGS([values], max_iter=_ROUNDS)

    def evaluate() -> Any:
        optimiser.zero_grad()
        total = loss(values) + _SHRINKAGE * (values - start).square().sum()
        total.backward()
        return total

    with torch.enable_grad():
        optimiser.step(evaluate)
    return values.detach()
