"""Train the ResNet50 autoencoder: a task of `catalog_jobs.encoders.training.loop`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalog_jobs.encoders.training.autoencoder_data import Product, Products
from catalog_jobs.encoders.training.autoencoder_network import Autoencoder
from catalog_jobs.encoders.training.autoencoder_weights import HUB, start_network, weights_identity
from catalog_jobs.encoders.training.extra import train_module
from catalog_jobs.encoders.training.loop import Report
from closetspace.domain.encoder.encoding import Picture

torch = train_module("torch")

ARCHITECTURE = "resnet50-autoencoder"


@dataclass(frozen=True)
class Recipe:
    """How it is trained: equal recipes on equal products give equal weights on one CPU."""

    weights: str = HUB
    batch: int = 32
    learning_rate: float = 1e-4
    epochs: int = 30
    patience: int = 5
    seed: int = 7


class AutoencoderTask:
    """A training that `catalog_jobs.encoders.training.loop.run` carries out, on a GPU where there is one."""

    def __init__(self, products: Products, recipe: Recipe) -> None:
        torch.manual_seed(recipe.seed)
        self._products, self._recipe = products, recipe
        self._network = Autoencoder(start_network(recipe.weights)).to(device())
        trained = [parameter for parameter in self._network.parameters() if parameter.requires_grad]
        # Fused: without temporaries of the decoder's size a step on the CPU takes a seventh of the time.
        self._optimiser = torch.optim.Adam(trained, lr=recipe.learning_rate, fused=True)
        self._identity = {
            "architecture": ARCHITECTURE,
            "weights": weights_identity(recipe.weights),
            "batch": recipe.batch,
            "learning_rate": recipe.learning_rate,
            "seed": recipe.seed,
            "products": products.digest(),
        }

    def identity(self) -> Mapping[str, Any]:
        return self._identity

    def state(self) -> dict[str, Any]:
        return {"network": self._network.state_dict(), "optimiser": self._optimiser.state_dict()}

    def load_state(self, state: dict[str, Any]) -> None:
        self._network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])

    def weights(self) -> dict[str, Any]:
        weights: dict[str, Any] = self._network.state_dict()
        return weights

    def train_epoch(self, epoch: int, report: Report) -> float:
        train = self._products.train
        order = np.random.default_rng([self._recipe.seed, epoch]).permutation(len(train))
        self._network.train()
        total, seen, steps = 0.0, 0, -(-len(train) // self._recipe.batch)
        for step, pixels in enumerate(_batches([train[i] for i in order], self._recipe.batch), start=1):
            loss = self._network(pixels.to(device()))
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            total, seen = total + len(pixels) * loss.item(), seen + len(pixels)
            report(step, steps, total / seen)
        return total / seen

    def validate(self) -> float:
        return reconstruction_loss(self._network, self._products.validation)


def reconstruction_loss(network: Any, products: Sequence[Product]) -> float:
    """Return the mean squared error of an `Autoencoder` on pictures, as values from 0 to 1."""
    network.eval()
    where = next(network.parameters()).device
    with torch.no_grad():
        losses = [(len(pixels), network(pixels.to(where)).item()) for pixels in _batches(products, 32)]
    return float(sum(n * loss for n, loss in losses) / len(products))


def device() -> Any:
    """Return the GPU, or the CPU where there is none."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _batches(products: Sequence[Product], size: int) -> Iterable[Any]:
    # A GPU outruns one process that decodes; the network on a CPU takes a hundred times as long as decoding.
    workers = min(8, os.cpu_count() or 1) if torch.cuda.is_available() else 0
    batches: Iterable[Any] = torch.utils.data.DataLoader(
        _Squares(products), batch_size=size, num_workers=workers, collate_fn=_stacked
    )
    return batches


def _stacked(pictures: Sequence[Picture]) -> Any:
    return torch.from_numpy(np.stack(pictures))


class _Squares(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    def __init__(self, products: Sequence[Product]) -> None:
        self._products = products

    def __len__(self) -> int:
        return len(self._products)

    def __getitem__(self, row: int) -> Picture:
        return self._products[row].picture()
