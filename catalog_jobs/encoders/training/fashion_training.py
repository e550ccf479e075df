"""Fine-tune the image network of the fashion encoder on products and people's photos."""

from __future__ import annotations

import copy
import math
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.export import export_onnx, open_session
from catalog_jobs.encoders.training.fashion_data import Example, FashionData, Source
from catalog_jobs.encoders.training.fashion_network import (
    FashionNetwork,
    candidate_loss,
    candidate_matrix,
    share_loss,
    share_matrix,
)
from catalog_jobs.encoders.training.fashion_views import CELLS, Views
from catalog_jobs.encoders.training.loop import ReportStep
from closetspace.adapters.images.resizing import square
from closetspace.domain.encoder.descriptor import Framing
from closetspace.domain.encoder.encoding import Picture
from closetspace.domain.encoder.vectors import FloatArray

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

SIDE = 224
"""Pixels of the encoded square. Training starts with smaller ones, which are faster."""

FRAMING = Framing.WHOLE
"""A garment may be anywhere in a photo. Training views vary the proportions, so squashing is harmless."""

SHARE_TASKS = ("colour", "gender", "age", "usage")
CANDIDATE_TASKS = ("article", "class", "pattern")

_WEIGHTS = {
    "article": 1.0,
    "class": 1.0,
    "colour": 1.0,
    "gender": 0.8,
    "age": 0.5,
    "usage": 0.6,
    "pattern": 0.4,
    "garment": 0.3,
    "cells": 0.3,
}
_WARM_UP = 0.05  # share of all steps
_WEIGHT_DECAY = 0.05
_AVERAGING = 0.998  # decay of the averaged weights: the mean of about the last 500 steps


@dataclass(frozen=True)
class FashionRecipe:
    """Hyperparameters. Equal recipes and data give equal weights on the same machine.

    ``sides`` are the pixels of the views per epoch; the last one is used for all further epochs. ``product_share`` and
    ``other_share`` are the shares of products and of pictures without a garment in a batch.
    """

    sides: tuple[int, ...] = (160,) * 14 + (224,)
    epochs: int = 24
    batch: int = 64
    product_share: float = 0.45
    other_share: float = 0.05
    learning_rate: float = 5e-4
    head_learning_rate: float = 2e-3
    seed: int = 7

    def side(self, epoch: int) -> int:
        return self.sides[min(epoch, len(self.sides) - 1)]


class FashionTask:
    """The training of the image network, run by `catalog_jobs.encoders.training.loop.run`."""

    def __init__(self, data: FashionData, recipe: FashionRecipe, workers: int = 2) -> None:
        torch.manual_seed(recipe.seed)
        self._recipe, self._workers = recipe, workers
        self._pools = {source: pool for source in Source if (pool := [e for e in data.train if e.source is source])}
        self._held_out = data.held_out
        self._labels = data.label_counts
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = FashionNetwork(self._labels).to(self.device, memory_format=torch.channels_last)
        self._averaged = copy.deepcopy(self.network).requires_grad_(False)
        # The stem is frozen, so it runs in onnxruntime, ten times faster than in torch.
        self._stem = _exported(self.network.features.stem)
        self._steps = sum(len(self._pools.get(s, ())) for s in (Source.PRODUCT, Source.PHOTO)) // recipe.batch
        features = self.network.features
        pretrained = [*features.blocks.parameters(), *features.last.parameters()]
        heads = (self.network.heads, self.network.garment, features.attention)
        fresh = [parameter for head in heads for parameter in head.parameters()]
        self._optimiser = torch.optim.AdamW(
            [{"params": pretrained, "lr": recipe.learning_rate}, {"params": fresh, "lr": recipe.head_learning_rate}],
            weight_decay=_WEIGHT_DECAY,
        )
        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimiser, self._rate)

    def _rate(self, step: int) -> float:
        done = step / max(1, self._steps * self._recipe.epochs)
        return min(1.0, done / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))

    def identity(self) -> Mapping[str, Any]:
        recipe = asdict(self._recipe) | {"sides": list(self._recipe.sides)}
        return recipe | {source.value: len(pool) for source, pool in self._pools.items()}

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self._averaged.load_state_dict(state["averaged"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])

    def weights(self) -> dict[str, Any]:
        weights: dict[str, Any] = self._averaged.features.state_dict()
        return weights

    def train_epoch(self, epoch: int, report: ReportStep) -> float:
        torch.manual_seed(self._recipe.seed * 1000 + epoch)
        self.network.train()
        total = 0.0
        loader = self._loader(self._epoch_batches(epoch), self._views(epoch), epoch)
        for step, batch in enumerate(loader):
            loss = self._loss(self.network, batch)
            self._optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self._optimiser.step()
            self._schedule.step()
            self._average(epoch * self._steps + step)
            total += loss.item()
            report(step + 1, self._steps, total / (step + 1))
        return float(total / max(1, self._steps))

    def _average(self, step: int) -> None:
        """Move the averaged weights towards the trained ones, faster in the first steps."""
        rate = 1 - min(_AVERAGING, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, value in zip(self._averaged.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, rate)

    def validate(self) -> float:
        self._averaged.eval()
        stem = _StemRunner(self._stem)
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(self._held_out), self._recipe.batch):
                examples = self._held_out[start : start + self._recipe.batch]
                low = stem(np.stack([square(e.picture(), SIDE, FRAMING) for e in examples]))
                total += (
                    len(examples) * self._loss(self._averaged, _Batch.from_examples(examples, low, self._labels)).item()
                )
        return total / max(1, len(self._held_out))

    def _views(self, epoch: int) -> Views:
        others = [e.path for source in (Source.PHOTO, Source.OTHER) for e in self._pools.get(source, ())]
        return Views(self._recipe.side(epoch), others)

    def _epoch_batches(self, epoch: int) -> list[list[Example]]:
        random = np.random.default_rng([self._recipe.seed, epoch])
        sizes = self._batch_sizes()
        chances = {source: _balanced(self._pools[source]) for source in sizes}
        return [
            [
                self._pools[source][position]
                for source, size in sizes.items()
                for position in random.choice(len(self._pools[source]), size, replace=False, p=chances[source])
            ]
            for _ in range(self._steps)
        ]

    def _batch_sizes(self) -> dict[Source, int]:
        """Return the number of examples per source in a batch. Products replace missing sources."""
        batch = self._recipe.batch
        others = round(batch * self._recipe.other_share) if Source.OTHER in self._pools else 0
        photos = batch - others - round(batch * self._recipe.product_share) if Source.PHOTO in self._pools else 0
        sizes = {Source.PRODUCT: batch - photos - others, Source.PHOTO: photos, Source.OTHER: others}
        return {source: min(size, len(self._pools[source])) for source, size in sizes.items() if size}

    def _loader(self, batches: Sequence[Sequence[Example]], views: Views, epoch: int) -> Iterator[_Batch]:
        source = _Batches(batches, views, self._stem, self._labels, (self._recipe.seed, epoch))
        loader: Iterator[_Batch] = torch.utils.data.DataLoader(
            source, batch_size=None, num_workers=self._workers, prefetch_factor=4 if self._workers else None
        )
        return loader

    def _loss(self, network: Any, batch: _Batch) -> Any:
        logits, garment, cells = network(batch.low.to(self.device, memory_format=torch.channels_last))
        losses = {task: share_loss(logits[task], batch.shares[task].to(self.device)) for task in SHARE_TASKS}
        for task in CANDIDATE_TASKS:
            losses[task] = candidate_loss(logits[task], batch.candidates[task].to(self.device))
        losses["garment"] = functional.binary_cross_entropy_with_logits(garment, batch.is_garment.to(self.device))
        if batch.cells is not None:
            rows = batch.is_product.to(self.device)
            wanted = functional.interpolate(batch.cells[:, None].to(self.device), cells.shape[1:], mode="area")[:, 0]
            losses["cells"] = functional.binary_cross_entropy_with_logits(cells[rows], wanted[rows])
        return sum(_WEIGHTS[task] * value for task, value in losses.items())


def _exported(stem: Any) -> bytes:
    example = torch.zeros(1, SIDE, SIDE, 3, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "stem.onnx")
        export_onnx(stem, (example,), path, {"pixels": ["batch", "height", "width"]}, ["low"])
        return path.read_bytes()


class _StemRunner:
    """Runs an exported stem. Each process opens its own session."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._session: Any = None

    def __call__(self, pixels: Picture) -> FloatArray:
        if self._session is None:
            self._session = open_session(self._content)
        low: FloatArray = self._session.run(None, {"pixels": pixels})[0]
        return low


@dataclass
class _Batch:
    """Tensors of a batch of ``n`` examples.

    ``low`` is the stem's output. By task, ``shares`` are ``(n, labels) float32``, ``candidates`` ``(n, labels) bool``.
    ``cells`` are the shares of garment ``(n, 7, 7)``.
    """

    low: Any
    shares: Mapping[str, Any]
    candidates: Mapping[str, Any]
    is_product: Any
    is_garment: Any
    cells: Any

    @classmethod
    def from_examples(
        cls,
        examples: Sequence[Example],
        low: FloatArray,
        labels: Mapping[str, int],
        cells: NDArray[np.float32] | None = None,
    ) -> _Batch:
        return cls(
            torch.from_numpy(low),
            {task: share_matrix([e.shares.get(task, {}) for e in examples], labels[task]) for task in SHARE_TASKS},
            {
                task: candidate_matrix([e.candidates.get(task, frozenset()) for e in examples], labels[task])
                for task in CANDIDATE_TASKS
            },
            torch.tensor([e.is_product for e in examples]),
            torch.tensor([float(e.source is not Source.OTHER) for e in examples]),
            None if cells is None else torch.from_numpy(cells),
        )


class _Batches(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    """Batches by number. The views of a batch depend on seed, epoch and number alone."""

    def __init__(
        self,
        batches: Sequence[Sequence[Example]],
        views: Views,
        stem: bytes,
        labels: Mapping[str, int],
        seed: tuple[int, ...],
    ) -> None:
        self._batches, self._views, self._labels, self._seed = batches, views, labels, seed
        self._stem = _StemRunner(stem)

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, number: int) -> _Batch:
        random = np.random.default_rng([*self._seed, number])
        examples = self._batches[number]
        pixels, cells = [], []
        for example in examples:
            view, garment = self._views.view(example, random)
            pixels.append(view)
            cells.append(np.zeros((CELLS, CELLS), np.float32) if garment is None else garment)
        return _Batch.from_examples(examples, self._stem(np.stack(pixels)), self._labels, np.stack(cells))


def _balanced(examples: Sequence[Example]) -> NDArray[np.float64]:
    """Return the chance of each example to be drawn. Rare types and senders with few photos are more likely."""
    types = [(tuple(sorted(e.candidates.get("article" if e.is_product else "class", ()))), e.source) for e in examples]
    weight = _rarity(types, 0.5) * _rarity([e.sender or str(e.path) for e in examples], 0.25)
    chance: NDArray[np.float64] = weight / weight.sum()
    return chance


def _rarity(values: Sequence[object], power: float) -> NDArray[np.float64]:
    """Return the frequency of each value to the power of ``-power``."""
    counts = Counter(values)
    return np.array([counts[value] ** -power for value in values])
