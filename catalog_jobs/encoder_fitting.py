"""What the first encoder learns on top of its networks: block means, a projection and a category head."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.encoder_networks import train_module
from closetspace.domain.encoding import FloatArray
from closetspace.domain.fusion import BlockMeans, Blocks, Fusion

DIM = 128
_DECAY = 1e-6
_STEPS = 150


def fit_fusion(
    products: Sequence[Blocks],
    labels: NDArray[np.int64],
    photos: Sequence[Blocks],
    photo_labels: NDArray[np.int64],
    categories: int,
    *,
    seed: int,
) -> Fusion:
    """Fit means and projection on products of which everything is known, the head on user photos too.

    ``labels`` and ``photo_labels`` are ``(n,)`` indices of categories.
    """
    means = _block_means(products)
    joined = _joined(means, products)
    projection = _principal_directions(joined)
    average = (joined @ projection).mean(axis=0)
    # The head meets products without their photo and without their name, as people's garments will come.
    rows = [joined, _joined(means, [without_text(b) for b in products])]
    rows += [_joined(means, [Blocks(text=b.text) for b in products]), _joined(means, photos)]
    targets = np.concatenate([labels, labels, labels, photo_labels])
    head, bias = _fit_head(np.concatenate(rows), targets, categories, seed)
    return Fusion(means, projection, average / np.linalg.norm(average), head, bias)


def without_text(blocks: Blocks) -> Blocks:
    """Forget the name: what is left of a garment of which there is only a photo."""
    return replace(blocks, text=None)


def accuracy(fusion: Fusion, blocks: Sequence[Blocks], labels: NDArray[np.int64]) -> float | None:
    """Return the share of garments whose likeliest category is the labelled one; of no garments, ``None``."""
    if not blocks:
        return None
    hits = [fusion.category(fusion.means.join(b))[0] == label for b, label in zip(blocks, labels, strict=True)]
    return float(np.mean(hits))


def write_fusion(fusion: Fusion, out: Path) -> None:
    """Store a fusion as plain float16 arrays, which is finer than what the int8 networks deliver."""
    arrays = {
        "image_mean": fusion.means.image,
        "text_mean": fusion.means.text,
        "colour_mean": fusion.means.colour,
        "projection": fusion.projection,
        "unknown": fusion.unknown,
        "head": fusion.head,
        "head_bias": fusion.head_bias,
    }
    np.savez(out, allow_pickle=False, **{name: array.astype(np.float16) for name, array in arrays.items()})


def _block_means(products: Sequence[Blocks]) -> BlockMeans:
    return BlockMeans(
        np.mean([b.image for b in products if b.image is not None], axis=0, dtype=np.float32),
        np.mean([b.text for b in products if b.text is not None], axis=0, dtype=np.float32),
        np.mean([b.colour for b in products if b.colour is not None], axis=0, dtype=np.float32),
    )


def _joined(means: BlockMeans, garments: Sequence[Blocks]) -> FloatArray:
    size = sum(part.size for part in (means.image, means.text, means.colour))
    return np.array([means.join(blocks) for blocks in garments], np.float32).reshape(-1, size)


def _principal_directions(joined: FloatArray) -> FloatArray:
    """Return ``(features, DIM)``, uncentred, because the blocks are centred already."""
    _, directions = np.linalg.eigh(joined.T.astype(np.float64) @ joined)
    return np.ascontiguousarray(directions[:, ::-1][:, :DIM], dtype=np.float32)


def _fit_head(
    joined: FloatArray, labels: NDArray[np.int64], categories: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Fit a softmax regression with L-BFGS; returns ``(features, categories)`` and ``(categories,)``."""
    torch = train_module("torch")
    torch.manual_seed(seed)
    inputs, targets = torch.from_numpy(joined), torch.from_numpy(labels)
    layer = torch.nn.Linear(joined.shape[1], categories)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> object:
        optimiser.zero_grad()
        value = torch.nn.functional.cross_entropy(layer(inputs), targets) + _DECAY * layer.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy().copy()
