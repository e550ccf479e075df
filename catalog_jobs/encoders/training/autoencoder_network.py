"""The networks of the ResNet50 autoencoder: an encoder that is kept, and a decoder that only training needs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from catalog_jobs.encoders.training.extra import train_module

torch = train_module("torch")
nn = torch.nn

FEATURES = 2048
FROZEN_CHILDREN = 4
"""Of ResNet50, from the first on: convolution, batch norm, ReLU and pooling."""

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, by channel: what torchvision's weights were trained with."""

_CHANNELS, _CELLS = 256, 8


class ImageFeatures(nn.Module):  # type: ignore[misc, name-defined]
    """``(n, 224, 224, 3) uint8`` pixels to ``(n, 2048)`` features: torchvision's ResNet50 without its last layer."""

    def __init__(self, resnet: Any) -> None:
        super().__init__()
        self.layers = nn.Sequential(*list(resnet.children())[:-1])
        self.frozen.requires_grad_(False)
        self.register_buffer("mean", torch.tensor(_MEAN).view(3, 1, 1))
        self.register_buffer("deviation", torch.tensor(_DEVIATION).view(3, 1, 1))

    @property
    def frozen(self) -> Any:
        return self.layers[:FROZEN_CHILDREN]

    def train(self, mode: bool = True) -> Any:
        """Keep the frozen batch norm's statistics too: they belong to weights that stay."""
        super().train(mode)
        self.frozen.eval()
        return self

    def forward(self, pixels: Any) -> Any:
        return self.layers((as_picture(pixels) - self.mean) / self.deviation).flatten(1)


class Decoder(nn.Module):  # type: ignore[misc, name-defined]
    """``(n, 2048)`` features to pictures ``(n, 3, 224, 224)`` of values from 0 to 1.

    Five transposed convolutions of kernel 4 and stride 2 double 8 to 256; two more pixels of padding in the first
    make it 14, and so the last 224: nothing is cut off or resized.
    """

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(FEATURES, _CHANNELS * _CELLS * _CELLS)
        self.norm = nn.BatchNorm2d(_CHANNELS)
        channels = (_CHANNELS, 128, 64, 32, 16, 3)
        self.layers = nn.Sequential()
        for layer, (before, after) in enumerate(pairwise(channels)):
            self.layers.append(nn.ReLU())
            self.layers.append(nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1 if layer else 2))

    def forward(self, features: Any) -> Any:
        cells = self.linear(features).view(-1, _CHANNELS, _CELLS, _CELLS)
        return torch.sigmoid(self.layers(self.norm(cells)))


class Autoencoder(nn.Module):  # type: ignore[misc, name-defined]
    """An encoder and a decoder, and how far what comes out of them is from what went in."""

    def __init__(self, resnet: Any) -> None:
        super().__init__()
        self.encoder = ImageFeatures(resnet)
        self.decoder = Decoder()

    def forward(self, pixels: Any) -> Any:
        """Return the mean squared error over all values of ``(n, 224, 224, 3) uint8`` pictures, taken as 0 to 1."""
        return nn.functional.mse_loss(self.decoder(self.encoder(pixels)), as_picture(pixels))


def as_picture(pixels: Any) -> Any:
    """``(n, h, w, 3) uint8`` to ``(n, 3, h, w)`` of values from 0 to 1."""
    return pixels.permute(0, 3, 1, 2).float() / 255
