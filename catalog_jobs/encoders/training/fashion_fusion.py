"""The fusion network of the fashion encoder: features to a vector of blocks, and attribute heads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.calibration import fit_temperature
from catalog_jobs.encoders.training.fashion_network import (
    FEATURES,
    TASK_BLOCK_DIMS,
    TASKS_OF_BLOCK,
    block_heads,
    candidate_loss,
    logits_by_task,
    share_loss,
)
from catalog_jobs.encoders.training.fashion_palette import PaletteColour, fit_palette_colour, mixing_weights
from catalog_jobs.encoders.training.optimising import fit_in_steps, minimise
from catalog_jobs.evaluation.datasets.fashion_labels import GENDERS
from closetspace.domain.encoder.descriptor import CATEGORY, COLOUR, GENDER, PATTERN, UNISEX, USAGE
from closetspace.domain.encoder.vectors import FloatArray

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

HEADS = (CATEGORY, COLOUR, GENDER, USAGE, PATTERN)
GENDER_LABELS = (*GENDERS, "Boys", "Girls")
"""The labels of the gender head. For children's garments it distinguishes boys and girls."""

SHARE_HEADS = (CATEGORY, COLOUR, GENDER, "age", USAGE)
"""Tasks with shares of labels. The encoder's gender head combines gender and age."""

BLOCK_DIMS = {**TASK_BLOCK_DIMS, "look": 48}
"""The blocks in the order of the vector."""
DIM = sum(BLOCK_DIMS.values())
SHARES = {"article": 0.40, "colour": 0.22, "gender": 0.13, "usage": 0.10, "pattern": 0.05, "look": 0.10}
"""The blocks' shares of the cosine between two garments."""

_TRUNK = 512
_EPOCHS, _BATCH, _LEARNING_RATE = 40, 256, 2e-3
_SCALE = 8.0  # factor of unit vectors as inputs, whose components are small
_HIDE_TEXT, _HIDE_IMAGE = 0.4, 0.15
"""Shares of training products without name or without photo. Names often state colour and gender."""

_TEMPERATURE = 0.07  # of both contrastive losses
_CONTRAST, _BRIDGE = 0.5, 1.0  # weights of the contrastive losses beside the sum of all tasks
_LEAST_SHARE = 0.5  # share from which on a label counts as the true one in calibration


@dataclass(frozen=True)
class FeatureData:
    """Features and labels of ``n`` pictures.

    ``image`` is ``(views, n, i)``. ``text`` is ``(variants, n, t)``, zeros without a name. By task, ``shares`` are
    ``(n, labels) float32`` with rows of zeros if unknown, ``candidates`` ``(n, labels) bool``. ``garment (n,)`` is 1
    for garments, ``photo (n,)`` marks people's photos.
    """

    image: FloatArray
    text: FloatArray
    shares: Mapping[str, Any]
    candidates: Mapping[str, Any]
    garment: Any
    photo: NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.image.shape[1])


class FashionFusion(nn.Module):  # type: ignore[misc, name-defined]
    """Features to vectors and probabilities: the encoder's ``fusion.onnx``.

    Each block has unit length and is near the proxy of its label. The block ``look`` has no labels and is trained by
    matching photos with names. A block's share of the cosine is the square of its scale.
    """

    def __init__(self, labels: Mapping[str, int], mean: Any, deviation: Any, text: int) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.image = nn.Linear(FEATURES, _TRUNK)
        self.palette = nn.Linear(len(mean) - FEATURES, _TRUNK)
        self.text = nn.Linear(text, _TRUNK)
        self.known = nn.Linear(2, _TRUNK)
        self.trunk = nn.Sequential(nn.LayerNorm(_TRUNK), nn.GELU(), nn.Dropout(0.3))
        self.blocks = block_heads(_TRUNK, labels)
        self.look = nn.Linear(_TRUNK, BLOCK_DIMS["look"])
        self.heads = nn.ModuleDict({head: nn.Linear(_TRUNK, labels[head]) for head in (*SHARE_HEADS, PATTERN)})
        self.garment = nn.Linear(FEATURES, 1)
        # A temperature for photo alone, text alone, and both.
        tasks = (*SHARE_HEADS, PATTERN)
        self.temperatures = nn.ParameterDict({t: nn.Parameter(torch.ones(3), requires_grad=False) for t in tasks})
        # For photos alone: added to the gender logits; the weights of the head's and of the palettes' colour logits.
        self.gender_offsets = nn.Parameter(torch.zeros(1, labels[GENDER]), requires_grad=False)
        self.palette_colour = PaletteColour(mean[FEATURES:], deviation[FEATURES:], labels[COLOUR])
        self.colour_weights = nn.Parameter(torch.tensor([1.0, 0.0]), requires_grad=False)
        self._labels = dict(labels)

    def hidden(self, image: Any, has_image: Any, text: Any, has_text: Any) -> Any:
        centred = image - self.mean
        features = functional.normalize(centred[:, :FEATURES], dim=1)
        palette = functional.normalize(centred[:, FEATURES:], dim=1)
        seen = (self.image(_SCALE * features) + self.palette(_SCALE * palette)) * has_image
        read = self.text(_SCALE * text[:, 0]) * has_text
        return self.trunk(seen + read + self.known(torch.cat([has_image, has_text], 1)))

    def task_logits(self, hidden: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the logits of the blocks and of the heads, by task."""
        blocks = {name: block(hidden)[1] for name, block in self.blocks.items()}
        return logits_by_task(blocks, self._labels), {task: head(hidden) for task, head in self.heads.items()}

    def vector(self, hidden: Any, attracted: Any) -> Any:
        """Return vectors ``(n, 256)`` of unit length. Where ``attracted (n, 1)`` is 1, blocks are near their labels."""
        blocks = {}
        for name, head in self.blocks.items():
            block, logits = head(hidden)
            blocks[name] = torch.where(attracted > 0, self._attracted(name, block, logits), block)
        blocks["look"] = functional.normalize(self.look(hidden), dim=1)
        joined = torch.cat([blocks[name] * SHARES[name] ** 0.5 for name in BLOCK_DIMS], 1)
        return functional.normalize(joined, dim=1)

    def _attracted(self, name: str, block: Any, logits: Any) -> Any:
        """Return blocks moved halfway to the mean proxy of their labels, weighted by probability.

        A photo or a name alone leaves a garment's block between labels, where its nearest garments have any of these.
        """
        labels = self._labels[TASKS_OF_BLOCK[name][0]]
        proxies = functional.normalize(self.blocks[name].proxies[:labels], dim=1)
        expected = torch.softmax(logits[:, :labels], dim=1) @ proxies
        return functional.normalize(block + functional.normalize(expected, dim=1), dim=1)

    def garment_logits(self, image: Any) -> Any:
        """Return the logits ``(n, 1)`` of showing a garment."""
        return self.garment(_SCALE * functional.normalize((image - self.mean)[:, :FEATURES], dim=1))

    def photo_logits(self, task: str, logits: Any, image: Any) -> Any:
        """Return the logits ``(n, labels)`` of photos alone, from those of the task's head."""
        if task == GENDER:
            return logits + self.gender_offsets
        if task == COLOUR:
            return self.colour_weights[0] * logits + self.colour_weights[1] * self.palette_colour(image)
        return logits

    def forward(self, image: Any, has_image: Any, text: Any, has_text: Any) -> tuple[Any, ...]:
        hidden = self.hidden(image, has_image, text, has_text)
        seen = torch.cat([has_image * (1 - has_text), has_text * (1 - has_image), has_image * has_text], 1)
        probabilities = {}
        for name, head in self.heads.items():
            logits = head(hidden)
            logits = torch.where(seen[:, :1] > 0, self.photo_logits(name, logits, image), logits)
            temperature = 1 + seen @ (self.temperatures[name][:, None] - 1)
            probabilities[name] = torch.softmax(logits / temperature, dim=1)
        probabilities[GENDER] = _with_age(probabilities[GENDER], probabilities["age"])
        vector = self.vector(hidden, attracted=1 - has_image * has_text)
        return vector, *(probabilities[name] for name in HEADS), torch.sigmoid(self.garment_logits(image))


def _with_age(gender: Any, age: Any) -> Any:
    """Combine the probabilities of gender ``(n, 3)`` and age ``(n, 2)`` to those of `GENDER_LABELS`."""
    unisex = GENDERS.index(UNISEX)
    halves = gender[:, unisex : unisex + 1] / 2
    by_sex = torch.cat([gender[:, i : i + 1] + halves for i in range(len(GENDERS)) if i != unisex], 1)
    return torch.cat([gender * age[:, :1], by_sex * age[:, 1:]], 1)


def fit_fusion(train: FeatureData, labels: Mapping[str, int], seed: int) -> FashionFusion:
    """Fit blocks and heads. `calibrate` has to follow."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    shown = torch.from_numpy(train.image[:, train.garment.numpy() > 0])
    fusion = FashionFusion(labels, shown.mean((0, 1)), shown.std((0, 1)), train.text.shape[2])
    chance = _balanced(train)

    def draw_loss() -> Any:
        rows = random.choice(len(train), min(_BATCH, len(train)), p=chance)
        return _task_loss(fusion, train, rows, random) + _CONTRAST * _contrast(fusion, train, rows, random)

    fit_in_steps(fusion, _EPOCHS * max(1, len(train) // _BATCH), _LEARNING_RATE, draw_loss)
    fit_palette_colour(fusion.palette_colour, train, seed)
    fusion.eval()
    return fusion


def calibrate(fusion: FashionFusion, held_out: FeatureData) -> None:
    """Set the heads' temperatures on held-out garments.

    If there are any people's photos, the temperatures for a photo alone are fitted on these only.
    """
    images, texts = torch.from_numpy(held_out.image[0]), torch.from_numpy(held_out.text[0])
    named = texts.abs().sum(1) > 0
    photos = torch.from_numpy(held_out.photo)
    alone = photos if bool(photos.any()) else torch.ones_like(named)
    one, none = torch.ones(len(held_out), 1), torch.zeros(len(held_out), 1)
    cases = ((one, none, alone), (none, one, named), (one, one, named))
    with torch.no_grad():
        for case, (has_image, has_text, rows) in enumerate(cases):
            hidden = fusion.hidden(images * has_image, has_image, (texts * has_text)[:, None], has_text)
            _, heads = fusion.task_logits(hidden)
            for task, logits in heads.items():
                share = _certain(held_out, task)
                use = rows & (share.max(1).values >= _LEAST_SHARE)
                if bool(use.any()):
                    label = share[use].argmax(1)
                    if case == 0:
                        _fit_photo_logits(fusion, task, logits[use], images[use], label)
                        logits = fusion.photo_logits(task, logits, images)
                    fusion.temperatures[task][case] = fit_temperature(logits[use].numpy(), label.numpy())


def _fit_photo_logits(fusion: FashionFusion, task: str, logits: Any, images: Any, label: Any) -> None:
    if task == GENDER:
        fusion.gender_offsets[:] = _even_offsets(logits, label)
    elif task == COLOUR:
        fusion.colour_weights[:] = mixing_weights(logits, fusion.palette_colour(images), label)


def _even_offsets(logits: Any, label: Any) -> Any:
    """Return offsets of logits ``(n, labels)``: those that maximise the likelihood if all labels have equal weight.

    For photos of unseen rooms, the network predicts women, the most frequent label of its training data, too often.
    """
    counts = torch.bincount(label, minlength=logits.shape[1]).float()
    weight = (1 / counts[label]) / (counts > 0).sum()

    def loss(offsets: Any) -> Any:
        return (weight * functional.cross_entropy(logits + offsets, label, reduction="none")).sum()

    return minimise(loss, start=torch.zeros(logits.shape[1]))


def _certain(garments: FeatureData, task: str) -> Any:
    """Return a task's labels as shares. A candidate counts if it is the only one."""
    if task in garments.shares:
        return garments.shares[task]
    candidates = garments.candidates[task].float()
    return candidates * (candidates.sum(1, keepdim=True) == 1)


@dataclass(frozen=True)
class _Inputs:
    image: Any
    has_image: Any
    text: Any
    has_text: Any


def _draw(features: FloatArray, rows: NDArray[np.int64], random: np.random.Generator) -> FloatArray:
    """Return a random view or variant of each row."""
    return features[random.integers(len(features), size=len(rows)), rows]


def _draw_inputs(garments: FeatureData, rows: NDArray[np.int64], random: np.random.Generator) -> _Inputs:
    n = len(rows)
    image, text = _draw(garments.image, rows, random), _draw(garments.text, rows, random)
    has_text = text.any(axis=1) & (random.random(n) >= _HIDE_TEXT)
    has_image = ~has_text | (random.random(n) >= _HIDE_IMAGE)
    shown, named = (torch.from_numpy(known.astype(np.float32)[:, None]) for known in (has_image, has_text))
    return _Inputs(torch.from_numpy(image) * shown, shown, (torch.from_numpy(text) * named)[:, None], named)


def _task_loss(
    fusion: FashionFusion, garments: FeatureData, rows: NDArray[np.int64], random: np.random.Generator
) -> Any:
    inputs = _draw_inputs(garments, rows, random)
    hidden = fusion.hidden(inputs.image, inputs.has_image, inputs.text, inputs.has_text)
    blocks, heads = fusion.task_logits(hidden)
    loss = _BRIDGE * _bridge(fusion.blocks["article"](hidden)[0], garments, rows)
    for logits in (blocks, heads):
        for task in logits:
            if task in garments.shares:
                loss = loss + share_loss(logits[task], garments.shares[task][rows])
            else:
                loss = loss + candidate_loss(logits[task], garments.candidates[task][rows])
    image = inputs.has_image[:, 0] > 0
    garment = fusion.garment_logits(inputs.image)[image, 0]
    return loss + functional.binary_cross_entropy_with_logits(garment, garments.garment[rows][image])


def _bridge(article: Any, garments: FeatureData, rows: NDArray[np.int64]) -> Any:
    """Return the loss that pulls the article blocks ``(n, d)`` of photos to those of products of a fitting type.

    Source: Khosla et al., "Supervised Contrastive Learning" (2020), over pairs of a photo and a product.
    """
    photo = torch.from_numpy(garments.photo[rows])
    types = garments.candidates["article"][rows].float()
    product = ~photo & (types.sum(1) > 0)
    fits = types[photo] @ types[product].T > 0
    known = fits.any(1)
    if not bool(known.any()):
        return article.sum() * 0.0
    shares = torch.log_softmax(article[photo][known] @ article[product].T / _TEMPERATURE, dim=1)
    return -shares.masked_fill(~fits[known], -torch.inf).logsumexp(1).mean()


def _contrast(
    fusion: FashionFusion, garments: FeatureData, rows: NDArray[np.int64], random: np.random.Generator
) -> Any:
    """Return the loss that pulls the vectors of a photo and of its name together, and apart from all others.

    Source: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021), fig. 3.
    """
    rows = rows[garments.text[0, rows].any(axis=1)]
    if len(rows) < 2:
        return torch.zeros(())
    image = torch.from_numpy(_draw(garments.image, rows, random))
    text = torch.from_numpy(_draw(garments.text[:1], rows, random))
    one, none = torch.ones(len(rows), 1), torch.zeros(len(rows), 1)
    # Without attraction. With it, garments with a photo and a name got blocks that separate genders less well.
    seen = fusion.vector(fusion.hidden(image, one, torch.zeros_like(text)[:, None], none), attracted=none)
    read = fusion.vector(fusion.hidden(torch.zeros_like(image), none, text[:, None], one), attracted=none)
    logits = seen @ read.T / _TEMPERATURE
    same = (text @ text.T > 0.9999).float()
    target = same / same.sum(1, keepdim=True)
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def _balanced(garments: FeatureData) -> NDArray[np.float64]:
    """Return the chance of each row to be drawn: rare labels more often, and each source with a fixed share.

    Photos of women's, men's and children's garments are equally likely, so that the heads' answers about photos have no
    prior: closets are classified by them.
    """
    kinds = np.concatenate([garments.candidates[task].numpy() for task in TASKS_OF_BLOCK["article"]], axis=1)
    people = np.concatenate([garments.shares[task].numpy() for task in (GENDER, "age")], axis=1)
    other = garments.garment.numpy() == 0
    product = ~garments.photo & ~other
    weight = _rarity(kinds, 0.5) * _rarity(people, np.where(product, 0.5, 1.0))
    for rows, share in ((garments.photo, 0.47), (other, 0.05), (product, 0.48)):
        if rows.any():
            weight[rows] *= share / weight[rows].sum()
    chance: NDArray[np.float64] = weight / weight.sum()
    return chance


def _rarity(rows: NDArray[Any], power: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the frequency of each row ``(n, d)`` to the power of ``-power``, which may be one value per row."""
    _, group, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    rarity: NDArray[np.float64] = counts[group.reshape(-1)].astype(np.float64) ** -power
    return rarity
