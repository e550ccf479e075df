"""The colours of people's photos by their palettes, a second opinion beside that of the image network's features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.fashion_network import FEATURES, share_loss
from catalog_jobs.encoders.training.optimising import fit_in_steps, minimise
from closetspace.domain.encoder.descriptor import COLOUR

if TYPE_CHECKING:
    from catalog_jobs.encoders.training.fashion_fusion import FeatureData

torch = train_module("torch")
nn, functional = torch.nn, torch.nn.functional

_HIDDEN = 512
_EPOCHS, _BATCH, _LEARNING_RATE = 50, 192, 2e-3
_LEAST_DEVIATION = 1e-3  # of a colour's share, for colours that no picture has
_PHOTO_SHARE = 0.7  # of a batch, the rest are products


class PaletteColour(nn.Module):  # type: ignore[misc, name-defined]
    """Features ``(n, i)`` to logits of colours ``(n, labels)``, which depend on the two palettes alone.

    The image network was trained on the same photos as the heads and knows their colours by heart, so a head that sees
    its features learns little from the palettes, and errs in rooms that the network has not seen.
    """

    def __init__(self, mean: Any, deviation: Any, labels: int) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation + _LEAST_DEVIATION)
        self.layers = nn.Sequential(
            nn.Linear(len(mean), _HIDDEN), nn.LayerNorm(_HIDDEN), nn.GELU(), nn.Dropout(0.3), nn.Linear(_HIDDEN, labels)
        )

    def forward(self, image: Any) -> Any:
        return self.layers((image[:, FEATURES:] - self.mean) / self.deviation)


def fit_palette_colour(network: PaletteColour, train: FeatureData, seed: int) -> None:
    """Fit on the first view of each picture, which has its own light."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    image, shares = torch.from_numpy(train.image[0]), train.shares[COLOUR]
    chance = _chance(train)
    known = int(np.count_nonzero(chance))
    batch = min(_BATCH, known)
    steps = _EPOCHS * (known // batch)

    def draw_loss() -> Any:
        rows = random.choice(len(train), batch, p=chance)
        return share_loss(network(image[rows]), shares[rows])

    fit_in_steps(network, steps, _LEARNING_RATE, draw_loss)


def mixing_weights(heads: Any, palettes: Any, label: Any) -> Any:
    """Return the weights ``(2,)`` of two sets of logits ``(n, labels)`` whose sum makes labels ``(n,)`` likeliest."""

    def loss(weights: Any) -> Any:
        return functional.cross_entropy(weights[0] * heads + weights[1] * palettes, label)

    return minimise(loss, start=torch.tensor([1.0, 0.0]))


def _chance(train: FeatureData) -> NDArray[np.float64]:
    """Return the chance of each row to be drawn; rows without a colour have none."""
    known = (train.shares[COLOUR].sum(1) > 0).numpy()
    weight = np.zeros(len(train))
    for rows, share in ((known & train.photo, _PHOTO_SHARE), (known & ~train.photo, 1 - _PHOTO_SHARE)):
        if rows.any():
            weight[rows] = share / rows.sum()
    chance: NDArray[np.float64] = weight / weight.sum()
    return chance
