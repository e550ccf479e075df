"""Fine-tune the fashion encoder's image network on products and people's photos together."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.training.extra import train_module
from catalog_jobs.training.fashion_data import CLASSES, TASKS, Example, FashionData, Views
from catalog_jobs.training.fashion_network import (
    FashionNetwork,
    candidate_loss,
    candidate_matrix,
    cross_entropy,
    supervised_contrastive,
)
from catalog_jobs.training.loop import Report
from catalog_jobs.training.onnx_export import export_onnx
from closetspace.adapters.pillow_squares import square
from closetspace.domain.encoding import FloatArray, Picture

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

SIDE = 224
"""Pixels of the square that is encoded; training may look at smaller ones, which cost less."""

_WEIGHTS = {"article": 1.0, "class": 1.0, "colour": 0.6, "gender": 0.6, "usage": 0.6}
_GARMENT_WEIGHT = 0.3
_WARM_UP = 0.06  # of all steps
_FORGET = 0.05  # weight decay


@dataclass(frozen=True)
class Recipe:
    """How the network is trained; two recipes that are equal, on equal data, give equal weights on one machine.

    ``loss`` is ``cross-entropy``, ``contrastive`` or ``proxies``. ``side`` is the views' in pixels, one for
    each epoch from the first on; the last goes on for the rest.
    """

    loss: str = "proxies"
    attention: bool = True
    backgrounds: bool = True
    user_photos: bool = True
    sides: tuple[int, ...] = (160,) * 8 + (224,)
    epochs: int = 9
    batch: int = 64
    product_share: float = 0.6
    learning_rate: float = 4e-4
    head_learning_rate: float = 2e-3
    seed: int = 7

    def side(self, epoch: int) -> int:
        return self.sides[min(epoch, len(self.sides) - 1)]


class FashionTask:
    """A training that `catalog_jobs.training.loop.run` carries out."""

    def __init__(self, data: FashionData, recipe: Recipe, workers: int = 2) -> None:
        torch.manual_seed(recipe.seed)
        self._recipe, self._workers = recipe, workers
        self._products = [e for e in data.train if e.is_product]
        self._photos = [e for e in data.train if not e.is_product] if recipe.user_photos else []
        self._held_out = data.held_out
        labels = {task: len(data.vocabulary[task]) for task in TASKS}
        self._types = labels["article"]
        # The photos' classes are labels beside the article types, in the same block: one space for both worlds.
        sizes = labels | {"article": self._types + len(CLASSES)}
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.network = FashionNetwork(sizes, attention=recipe.attention, cosine=recipe.loss != "cross-entropy").to(
            self.device, memory_format=torch.channels_last
        )
        # Frozen, so run where it is ten times faster than in torch, beside the network that learns.
        self._stem = _exported(self.network.features.stem)
        self._steps = (len(self._products) + len(self._photos)) // recipe.batch
        features = self.network.features
        pretrained = [*features.blocks.parameters(), *features.last.parameters()]
        fresh = [*self.network.heads.parameters()]
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
        return recipe | {"products": len(self._products), "photos": len(self._photos)}

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def load_state(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])

    def weights(self) -> dict[str, Any]:
        weights: dict[str, Any] = self.network.features.state_dict()
        return weights

    def train_epoch(self, epoch: int, report: Report) -> float:
        torch.manual_seed(self._recipe.seed * 1000 + epoch)
        self.network.train()
        total = 0.0
        loader = self._loader(self._epoch_batches(epoch), self._views(epoch), epoch)
        for step, batch in enumerate(loader):
            loss = self._loss(batch)
            self._optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self._optimiser.step()
            self._schedule.step()
            total += loss.item()
            report(step + 1, self._steps, total / (step + 1))
        return float(total / max(1, self._steps))

    def validate(self) -> float:
        self.network.eval()
        see = _RunStem(self._stem)
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(self._held_out), self._recipe.batch):
                examples = self._held_out[start : start + self._recipe.batch]
                low = see(np.stack([square(e.picture(), SIDE) for e in examples]))
                total += len(examples) * self._loss(_Batch.of(examples, low, self._types)).item()
        return total / max(1, len(self._held_out))

    def _views(self, epoch: int) -> Views:
        backgrounds = [e.path for e in self._photos] if self._recipe.backgrounds else []
        return Views(self._recipe.side(epoch), backgrounds)

    def _epoch_batches(self, epoch: int) -> list[list[Example]]:
        random = np.random.default_rng([self._recipe.seed, epoch])
        share = self._recipe.product_share if self._photos else 1.0
        products = round(self._recipe.batch * share)
        chance, photo_chance = _balanced(self._products), _balanced(self._photos)
        batches = []
        for _ in range(self._steps):
            chosen = random.choice(len(self._products), products, replace=False, p=chance)
            batch = [self._products[i] for i in chosen]
            if self._photos:
                rest = self._recipe.batch - products
                drawn = random.choice(len(self._photos), rest, replace=False, p=photo_chance)
                batch += [self._photos[i] for i in drawn]
            batches.append(batch)
        return batches

    def _loader(self, batches: Sequence[Sequence[Example]], views: Views, epoch: int) -> Iterator[_Batch]:
        source = _Source(batches, views, self._stem, self._types, (self._recipe.seed, epoch))
        loader: Iterator[_Batch] = torch.utils.data.DataLoader(
            source, batch_size=None, num_workers=self._workers, prefetch_factor=4 if self._workers else None
        )
        return loader

    def _loss(self, batch: _Batch) -> Any:
        outputs, garment = self.network(batch.low.to(self.device, memory_format=torch.channels_last))
        blocks, logits = outputs["article"]
        types, classes = logits[:, : self._types], logits[:, self._types :]
        losses = {
            "article": candidate_loss(types, batch.types.to(self.device)),
            "class": candidate_loss(classes, batch.classes.to(self.device)),
        }
        for task in ("colour", "gender", "usage"):
            losses[task] = cross_entropy(outputs[task][1], batch.labels[task].to(self.device))
        if self._recipe.loss == "contrastive":
            either = torch.cat([batch.types, batch.classes], 1).float()
            losses["article"] = losses["article"] + supervised_contrastive(blocks, either @ either.T > 0)
            for task in ("colour", "gender", "usage"):
                label = batch.labels[task]
                same = (label[:, None] == label) & (label >= 0)
                losses[task] = losses[task] + supervised_contrastive(outputs[task][0], same)
        loss = sum(_WEIGHTS[task] * value for task, value in losses.items())
        if garment is not None and batch.garment is not None:
            rows = batch.is_product.to(self.device)
            cells = batch.garment[:, None].to(self.device)
            wanted = functional.interpolate(cells, garment.shape[1:], mode="area")[:, 0]
            loss = loss + _GARMENT_WEIGHT * functional.binary_cross_entropy_with_logits(garment[rows], wanted[rows])
        return loss


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

    ``low`` is what the stem sees, labels are ``(n,) int64``, candidates ``(n, labels) bool``, garment cells
    ``(n, 7, 7)``.
    """

    low: Any
    labels: Mapping[str, Any]
    types: Any
    classes: Any
    is_product: Any
    garment: Any

    @classmethod
    def of(
        cls,
        examples: Sequence[Example],
        low: FloatArray,
        types: int,
        garment: NDArray[np.float32] | None = None,
    ) -> _Batch:
        return cls(
            torch.from_numpy(low),
            {task: torch.tensor([e.labels[task] for e in examples]) for task in TASKS},
            candidate_matrix([e.types for e in examples], types),
            candidate_matrix([e.classes for e in examples], len(CLASSES)),
            torch.tensor([e.is_product for e in examples]),
            None if garment is None else torch.from_numpy(garment),
        )


class _Source(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    """Batches by number; what is random in one depends on seed, epoch and number alone."""

    def __init__(
        self, batches: Sequence[Sequence[Example]], views: Views, stem: bytes, types: int, seed: tuple[int, ...]
    ) -> None:
        self._batches, self._views, self._types, self._seed = batches, views, types, seed
        self._stem = _RunStem(stem)

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, number: int) -> _Batch:
        random = np.random.default_rng([*self._seed, number])
        examples = self._batches[number]
        pixels, garment = [], []
        for example in examples:
            view, cells = self._views.view(example, random)
            pixels.append(view)
            garment.append(np.zeros((7, 7), np.float32) if cells is None else cells)
        return _Batch.of(examples, self._stem(np.stack(pixels)), self._types, np.stack(garment))


def _balanced(examples: Sequence[Example]) -> NDArray[np.float64]:
    """Draw rarer types more often: by one over the square root of how many there are."""
    kinds = [min(e.types, default=-1) if e.is_product else e.user_class for e in examples]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    weight = np.array([counts[kind] ** -0.5 for kind in kinds])
    chance: NDArray[np.float64] = weight / weight.sum()
    return chance
