"""What the fashion encoder makes of its networks' features: one vector of blocks, and the attribute heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.training.calibration import fit_temperature
from catalog_jobs.training.extra import train_module
from catalog_jobs.training.fashion_data import CLASSES, TASKS
from catalog_jobs.training.fashion_network import FEATURES, CosineHead, candidate_loss, cross_entropy
from closetspace.domain.encoding import CATEGORY, COLOUR, GENDER, USAGE, FloatArray

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

HEADS = (CATEGORY, COLOUR, GENDER, USAGE)
BLOCK_DIMS = {"article": 96, "colour": 48, "gender": 24, "usage": 24, "look": 64}
"""In the order that they have in the vector."""
DIM = sum(BLOCK_DIMS.values())
SHARES = {"article": 0.30, "colour": 0.25, "gender": 0.20, "usage": 0.20, "look": 0.05}
"""Of the cosine between two garments: more of the kind finds products for photos better (.36: .868 of ten instead of
.860), more of the rest recommends better (.651 instead of .643 of twenty)."""

_TRUNK = 384
_EPOCHS, _BATCH, _RATE, _FORGET = 30, 256, 2e-3, 0.05
_SCALE = 8.0  # of a unit vector on its way in: its numbers are small
_TEXT_HIDDEN, _IMAGE_HIDDEN = 0.4, 0.15
"""Shares of products that are learnt from without their name, or without their photo: names tell colour and gender."""


@dataclass(frozen=True)
class Garments:
    """Features and labels of ``n`` garments.

    ``image`` is ``(views, n, i)``; ``text`` is ``(variants, n, t)``, zeros where there is none. ``labels`` are
    ``(n,)`` by task and for the category, ``-1`` unknown; ``types`` and ``classes`` ``(n, labels) bool``.
    """

    image: FloatArray
    text: FloatArray
    labels: Mapping[str, NDArray[np.int64]]
    types: Any
    classes: Any

    def __len__(self) -> int:
        return int(self.image.shape[1])


class FashionFusion(nn.Module):  # type: ignore[misc, name-defined]
    """Features to vectors and probabilities: the ``fusion.onnx`` of the encoder.

    Each block has unit length and is a label's proxy's neighbour; ``look`` is the image network's principal
    directions, for what no label names. A block's share of the cosine is the square of its scale.
    """

    def __init__(self, labels: Mapping[str, int], mean: Any, look: Any, text: int) -> None:
        super().__init__()
        image = len(mean)
        self.register_buffer("mean", mean)
        self.register_buffer("look", look)
        self.image = nn.Linear(FEATURES, _TRUNK)
        self.palette = nn.Linear(image - FEATURES, _TRUNK)
        self.text = nn.Linear(text, _TRUNK)
        self.known = nn.Linear(2, _TRUNK)
        self.trunk = nn.Sequential(nn.LayerNorm(_TRUNK), nn.GELU(), nn.Dropout(0.3))
        sizes = {"article": labels["article"] + len(CLASSES)} | {task: labels[task] for task in TASKS[1:]}
        self.blocks = nn.ModuleDict({t: CosineHead(_TRUNK, BLOCK_DIMS[t], n) for t, n in sizes.items()})
        self.heads = nn.ModuleDict({head: nn.Linear(_TRUNK, labels[head]) for head in HEADS})
        self.average = nn.Parameter(torch.randn(BLOCK_DIMS["look"]), requires_grad=False)
        # A temperature each for what is seen: photo alone, text alone, both.
        self.temperatures = nn.ParameterDict({h: nn.Parameter(torch.ones(3), requires_grad=False) for h in HEADS})

    def hidden(self, image: Any, has_image: Any, text: Any, has_text: Any) -> Any:
        centred = image - self.mean
        features = functional.normalize(centred[:, :FEATURES], dim=1)
        palette = functional.normalize(centred[:, FEATURES:], dim=1)
        seen = (self.image(_SCALE * features) + self.palette(_SCALE * palette)) * has_image
        read = self.text(_SCALE * text[:, 0]) * has_text
        return self.trunk(seen + read + self.known(torch.cat([has_image, has_text], 1)))

    def learn(self, image: Any, has_image: Any, text: Any, has_text: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the logits of blocks and of heads."""
        hidden = self.hidden(image, has_image, text, has_text)
        return {t: b(hidden)[1] for t, b in self.blocks.items()}, {h: head(hidden) for h, head in self.heads.items()}

    def forward(self, image: Any, has_image: Any, text: Any, has_text: Any) -> tuple[Any, ...]:
        hidden = self.hidden(image, has_image, text, has_text)
        look = functional.normalize((image - self.mean)[:, :FEATURES] @ self.look, dim=1) * has_image
        look = look + functional.normalize(self.average, dim=0) * (1 - has_image)
        blocks = {t: block(hidden)[0] for t, block in self.blocks.items()} | {"look": look}
        vector = torch.cat([blocks[name] * SHARES[name] ** 0.5 for name in BLOCK_DIMS], 1)
        seen = torch.cat([has_image * (1 - has_text), has_text * (1 - has_image), has_image * has_text], 1)
        shares = []
        for name, head in self.heads.items():
            temperature = 1 + seen @ (self.temperatures[name][:, None] - 1)
            shares.append(torch.softmax(head(hidden) / temperature, dim=1))
        return functional.normalize(vector, dim=1), *shares


def fit_fusion(train: Garments, labels: Mapping[str, int], seed: int) -> FashionFusion:
    """Fit blocks and heads; `calibrate` follows."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    views = torch.from_numpy(train.image)
    mean = views.mean((0, 1))
    directions = torch.linalg.eigh(torch.cov((views[0] - mean)[:, :FEATURES].T))[1][:, -BLOCK_DIMS["look"] :].flip(1)
    fusion = FashionFusion(labels, mean, directions.contiguous(), train.text.shape[2])
    optimiser = torch.optim.AdamW([p for p in fusion.parameters() if p.requires_grad], _RATE, weight_decay=_FORGET)
    steps = _EPOCHS * (len(train) // _BATCH)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    chance = _balanced(train)
    for _ in range(steps):
        fusion.train()
        rows = random.choice(len(train), _BATCH, p=chance)
        loss = _loss(fusion, train, rows, _what_is_seen(train, rows, random))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    fusion.eval()
    return fusion


def calibrate(fusion: FashionFusion, held_out: Garments) -> None:
    """Set the heads' temperatures on garments that they have not learnt from."""
    images, texts = torch.from_numpy(held_out.image[0]), torch.from_numpy(held_out.text[0])
    named = texts.abs().sum(1) > 0
    one, none = torch.ones(len(held_out), 1), torch.zeros(len(held_out), 1)
    cases = ((one, none, torch.ones_like(named)), (none, one, named), (one, one, named))
    with torch.no_grad():
        for case, (has_image, has_text, rows) in enumerate(cases):
            _, heads = fusion.learn(images * has_image, has_image, (texts * has_text)[:, None], has_text)
            for head in HEADS:
                label = torch.from_numpy(held_out.labels[head])
                use = rows & (label >= 0)
                if bool(use.any()):
                    temperature = fit_temperature(heads[head][use].numpy(), label[use].numpy())
                    fusion.temperatures[head][case] = temperature


@dataclass(frozen=True)
class _Seen:
    image: Any
    has_image: Any
    text: Any
    has_text: Any


def _what_is_seen(garments: Garments, rows: NDArray[np.int64], random: np.random.Generator) -> _Seen:
    n = len(rows)
    image = garments.image[random.integers(len(garments.image), size=n), rows]
    text = garments.text[random.integers(len(garments.text), size=n), rows]
    has_text = text.any(axis=1) & (random.random(n) >= _TEXT_HIDDEN)
    has_image = ~has_text | (random.random(n) >= _IMAGE_HIDDEN)
    shown, named = (torch.from_numpy(known.astype(np.float32)[:, None]) for known in (has_image, has_text))
    return _Seen(torch.from_numpy(image) * shown, shown, (torch.from_numpy(text) * named)[:, None], named)


def _loss(fusion: FashionFusion, garments: Garments, rows: NDArray[np.int64], seen: _Seen) -> Any:
    blocks, heads = fusion.learn(seen.image, seen.has_image, seen.text, seen.has_text)
    types = garments.types.shape[1]
    loss = candidate_loss(blocks["article"][:, :types], garments.types[rows])
    loss = loss + candidate_loss(blocks["article"][:, types:], garments.classes[rows])
    for task in TASKS[1:]:
        loss = loss + cross_entropy(blocks[task], torch.from_numpy(garments.labels[task][rows]))
    for head in HEADS:
        loss = loss + cross_entropy(heads[head], torch.from_numpy(garments.labels[head][rows]))
    return loss


def _balanced(garments: Garments) -> NDArray[np.float64]:
    kinds = np.concatenate([garments.types.numpy(), garments.classes.numpy()], axis=1)
    _, kind, counts = np.unique(kinds, axis=0, return_inverse=True, return_counts=True)
    weight = counts[kind.reshape(-1)] ** -0.5
    chance: NDArray[np.float64] = weight / weight.sum()
    return chance
