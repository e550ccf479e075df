"""Fine-tune the fashion encoder's image network on products and people's photos together."""

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

from catalog_jobs.encoders.training.extra import train_module
from catalog_jobs.encoders.training.fashion_data import Example, FashionData, Source
from catalog_jobs.encoders.training.fashion_network import (
    FashionNetwork,
    candidate_loss,
    candidate_matrix,
    share_loss,
    share_matrix,
)
from catalog_jobs.encoders.training.fashion_views import CELLS, Views
from catalog_jobs.encoders.training.loop import Report
from catalog_jobs.encoders.training.onnx_export import export_onnx
from closetspace.adapters.images.resizing import square
from closetspace.domain.encoder.descriptor import Framing
from closetspace.domain.encoder.encoding import Picture
from closetspace.domain.encoder.vectors import FloatArray

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

SIDE = 224
"""Pixels of the square that is encoded; training may look at smaller ones, which cost less."""

FRAMING = Framing.WHOLE
"""People put a garment anywhere in their photo; views in training vary proportions, so squashing does no harm."""

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
_WARM_UP = 0.05  # of all steps
_FORGET = 0.05  # weight decay
_AVERAGED = 0.998  # of the averaged weights that a step leaves: the mean of about the last 500 steps


@dataclass(frozen=True)
class Recipe:
    """How the network is trained; two recipes that are equal, on equal data, give equal weights on one machine.

    ``sides`` are the views' in pixels, one for each epoch from the first on; the last goes on for the rest.
    ``product_share`` and ``other_share`` are the shares of a batch that are products, and pictures without a garment.
    """

    attention: bool = True
    backgrounds: bool = True
    user_photos: bool = True
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
    """A training that `catalog_jobs.encoders.training.loop.run` carries out."""

    def __init__(self, data: FashionData, recipe: Recipe, workers: int = 2) -> None:
        torch.manual_seed(recipe.seed)
        self._recipe, self._workers = recipe, workers
        used = [e for e in data.train if recipe.user_photos or e.source is not Source.PHOTO]
        self._pools = {source: pool for source in Source if (pool := [e for e in used if e.source is source])}
        self._held_out = data.held_out
        self._labels = data.label_counts
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = FashionNetwork(self._labels, attention=recipe.attention).to(
            self.device, memory_format=torch.channels_last
        )
        self._averaged = copy.deepcopy(self.network).requires_grad_(False)
        # Frozen, so run where it is ten times faster than in torch, beside the network that learns.
        self._stem = _exported(self.network.features.stem)
        self._steps = sum(len(self._pools.get(s, ())) for s in (Source.PRODUCT, Source.PHOTO)) // recipe.batch
        features = self.network.features
        pretrained = [*features.blocks.parameters(), *features.last.parameters()]
        fresh = [*self.network.heads.parameters(), *self.network.garment.parameters()]
        if features.attention is not None:
            fresh += features.attention.parameters()
        self._optimiser = torch.optim.AdamW(
            [{"params": pretrained, "lr": recipe.learning_rate}, {"params": fresh, "lr": recipe.head_learning_rate}],
            weight_decay=_FORGET,
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

    def train_epoch(self, epoch: int, report: Report) -> float:
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
        """Move the averaged weights towards the trained ones; the first steps, far from anything good, weigh less."""
        rest = 1 - min(_AVERAGED, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, value in zip(self._averaged.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(value, rest)

    def validate(self) -> float:
        self._averaged.eval()
        see = _RunStem(self._stem)
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(self._held_out), self._recipe.batch):
                examples = self._held_out[start : start + self._recipe.batch]
                low = see(np.stack([square(e.picture(), SIDE, FRAMING) for e in examples]))
                total += len(examples) * self._loss(self._averaged, _Batch.of(examples, low, self._labels)).item()
        return total / max(1, len(self._held_out))

    def _views(self, epoch: int) -> Views:
        others = [e.path for source in (Source.PHOTO, Source.OTHER) for e in self._pools.get(source, ())]
        return Views(self._recipe.side(epoch), others if self._recipe.backgrounds else [])

    def _epoch_batches(self, epoch: int) -> list[list[Example]]:
        random = np.random.default_rng([self._recipe.seed, epoch])
        sizes = self._batch_sizes()
        chances = {source: _balanced(self._pools[source]) for source in sizes}
        return [
            [
                self._pools[source][place]
                for source, size in sizes.items()
                for place in random.choice(len(self._pools[source]), size, replace=False, p=chances[source])
            ]
            for _ in range(self._steps)
        ]

    def _batch_sizes(self) -> dict[Source, int]:
        """How many of a batch come from each source; what one lacks, the products give."""
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
        if cells is not None and batch.cells is not None:
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


class _RunStem:
    """Runs an exported stem; each process that it is sent to opens its own session."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._session: Any = None

    def __call__(self, pixels: Picture) -> FloatArray:
        if self._session is None:
            onnxruntime = train_module("onnxruntime")
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            self._session = onnxruntime.InferenceSession(self._content, options, providers=["CPUExecutionProvider"])
        low: FloatArray = self._session.run(None, {"pixels": pixels})[0]
        return low


@dataclass
class _Batch:
    """Tensors of a batch of ``n``.

    ``low`` is what the stem sees, ``shares`` are ``(n, labels) float32`` by task, ``candidates`` ``(n, labels) bool``,
    ``cells`` the share of garment in each cell, ``(n, 7, 7)``.
    """

    low: Any
    shares: Mapping[str, Any]
    candidates: Mapping[str, Any]
    is_product: Any
    is_garment: Any
    cells: Any

    @classmethod
    def of(
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
    """Batches by number; what is random in one depends on seed, epoch and number alone."""

    def __init__(
        self,
        batches: Sequence[Sequence[Example]],
        views: Views,
        stem: bytes,
        labels: Mapping[str, int],
        seed: tuple[int, ...],
    ) -> None:
        self._batches, self._views, self._labels, self._seed = batches, views, labels, seed
        self._stem = _RunStem(stem)

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
        return _Batch.of(examples, self._stem(np.stack(pixels)), self._labels, np.stack(cells))


def _balanced(examples: Sequence[Example]) -> NDArray[np.float64]:
    """Draw rare kinds more often, by one over the square root of how many there are, and photos of few senders too."""
    kinds = [(tuple(sorted(e.candidates.get("article" if e.is_product else "class", ()))), e.source) for e in examples]
    weight = _rarity(kinds, 0.5) * _rarity([e.sender or str(e.path) for e in examples], 0.25)
    chance: NDArray[np.float64] = weight / weight.sum()
    return chance


def _rarity(values: Sequence[object], power: float) -> NDArray[np.float64]:
    counts = Counter(values)
    return np.array([counts[value] ** -power for value in values])
