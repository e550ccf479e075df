"""Training of the ResNet50 autoencoder: its products, and a task of `catalog_jobs.encoders.training.loop`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.autoencoder_network import HUB, Autoencoder, initial_network, weights_identity
from catalog_jobs.encoders.training.loop import ReportStep
from catalog_jobs.evaluation.datasets.products import frequent_labels, in_training_split, labelled_rows
from closetspace.adapters.images.resizing import square
from closetspace.bootstrap import photo_decoder
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, USAGE, Framing
from closetspace.domain.encoder.encoding import Garment, Picture
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings

torch = train_module("torch")

ARCHITECTURE = "resnet50-autoencoder"

SIDE = 224
"""Pixels of the encoded and reconstructed square, with which ResNet50 was trained."""

COLUMNS = {CATEGORY: "subCategory", COLOUR: "baseColour", GENDER: "gender", USAGE: "usage"}
LEAST_OF_A_LABEL = 10
"""Minimum number of training products of a label."""


@dataclass(frozen=True)
class AutoencoderRecipe:
    """Hyperparameters. Equal recipes and products give equal weights on the same CPU."""

    weights: str = HUB
    batch: int = 32
    learning_rate: float = 1e-4
    epochs: int = 30
    seed: int = 7


@dataclass(frozen=True)
class TrainingProduct:
    """A product with a readable picture. ``labels`` by attribute are ``""`` if unknown."""

    path: Path
    name: str
    brand: str
    labels: Mapping[str, str]

    def picture(self) -> Picture:
        """Return the encoded square, ``(SIDE, SIDE, 3) uint8``."""
        return square(photo_decoder(Settings())(self.path.read_bytes()), SIDE, Framing.CENTRE)

    def garment(self) -> Garment:
        """Return the product's text, without its picture."""
        return Garment(None, self.name, self.brand)


@dataclass(frozen=True)
class TrainingProducts:
    """Products for training (60 %), for early stopping and calibration (20 %), and for reported results (20 %)."""

    train: Sequence[TrainingProduct]
    validation: Sequence[TrainingProduct]
    test: Sequence[TrainingProduct]

    def all(self) -> list[TrainingProduct]:
        return [*self.train, *self.validation, *self.test]

    def digest(self) -> str:
        """Return a digest of the products, which does not depend on their folder."""
        lines = (f"{product.path.name}\t{product.name}\n" for product in self.all())
        return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]

    def vocabulary(self) -> dict[str, tuple[str, ...]]:
        """Return the frequent labels by attribute. Attributes without any are left out."""
        vocabulary = {
            attribute: frequent_labels((product.labels[attribute] for product in self.all()), LEAST_OF_A_LABEL)
            for attribute in COLUMNS
        }
        return {attribute: labels for attribute, labels in vocabulary.items() if labels}


def read_training_products(folder: Path, log: Callable[[str], None]) -> TrainingProducts:
    """Read the training split of labelled products, and log the number of unreadable pictures.

    Raises:
        InvalidInput: the folder is not a labelled dataset.
        FailedPrecondition: one of the three parts has no readable picture.
    """
    rows = [row for row in labelled_rows(folder) if in_training_split(row["productDisplayName"])]
    products = [_product(folder, row) for row in rows]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        readable = list(threads.map(_is_readable, products))
    usable = [product for product, is_readable in zip(products, readable, strict=True) if is_readable]
    if len(usable) < len(products):
        log(f"Left out {len(products) - len(usable)} of {len(products)} products without a readable picture")
    parts: tuple[list[TrainingProduct], ...] = ([], [], [])
    for product in usable:
        parts[_part(product.name)].append(product)
    if not all(parts):
        raise FailedPrecondition(
            f"{folder} has too few products: {len(usable)} in the training split have a readable picture"
            " images/<id>.jpg, and training, validation and test need some each."
        )
    return TrainingProducts(*parts)


def stack_pictures(products: Sequence[TrainingProduct]) -> Picture:
    """Return the pictures of products, ``(n, SIDE, SIDE, 3) uint8``."""
    return np.stack([product.picture() for product in products])


class AutoencoderTask:
    """The training of the network, run by `catalog_jobs.encoders.training.loop.run`, on a GPU if there is one."""

    def __init__(self, products: TrainingProducts, recipe: AutoencoderRecipe) -> None:
        torch.manual_seed(recipe.seed)
        self._products, self._recipe = products, recipe
        self._network = Autoencoder(initial_network(recipe.weights)).to(device())
        trained = [parameter for parameter in self._network.parameters() if parameter.requires_grad]
        # Fused: without temporary copies of the decoder a step on a CPU takes a seventh of the time.
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

    def train_epoch(self, epoch: int, report: ReportStep) -> float:
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


def reconstruction_loss(network: Any, products: Sequence[TrainingProduct]) -> float:
    """Return the mean squared error of an `Autoencoder` on the products' pictures, as values from 0 to 1."""
    network.eval()
    network_device = next(network.parameters()).device
    with torch.no_grad():
        losses = [(len(pixels), network(pixels.to(network_device)).item()) for pixels in _batches(products, 32)]
    return float(sum(n * loss for n, loss in losses) / len(products))


def device() -> Any:
    """Return the GPU, or the CPU if there is none."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _product(folder: Path, row: Mapping[str, str]) -> TrainingProduct:
    labels = {attribute: row.get(column, "") for attribute, column in COLUMNS.items()}
    picture = folder / "images" / f"{row['id']}.jpg"
    return TrainingProduct(picture, row["productDisplayName"], row.get("brand", ""), labels)


def _is_readable(product: TrainingProduct) -> bool:
    try:
        product.picture()
    except (OSError, ValueError, InvalidInput):
        return False
    return product.path.parent.name == "images"  # an id that contains a path leads elsewhere


def _part(name: str) -> int:
    digest = hashlib.sha256(name.strip().lower().encode()).hexdigest()
    return (0, 0, 0, 1, 2)[int(digest, 16) % 5]


def _batches(products: Sequence[TrainingProduct], size: int) -> Iterable[Any]:
    # A GPU is faster than one decoding process. On a CPU, the network takes a hundred times as long as decoding.
    workers = min(8, os.cpu_count() or 1) if torch.cuda.is_available() else 0
    batches: Iterable[Any] = torch.utils.data.DataLoader(
        _Squares(products), batch_size=size, num_workers=workers, collate_fn=_stack
    )
    return batches


def _stack(pictures: Sequence[Picture]) -> Any:
    return torch.from_numpy(np.stack(pictures))


class _Squares(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    def __init__(self, products: Sequence[TrainingProduct]) -> None:
        self._products = products

    def __len__(self) -> int:
        return len(self._products)

    def __getitem__(self, row: int) -> Picture:
        return self._products[row].picture()
