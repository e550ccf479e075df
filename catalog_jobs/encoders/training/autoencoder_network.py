"""The networks of the ResNet50 autoencoder, and the weights that training starts from."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Any

from catalog_jobs.encoders.training import train_module
from catalog_jobs.encoders.training.loop import LOAD_ERRORS
from closetspace.errors import FailedPrecondition, InvalidInput

torch = train_module("torch")
nn = torch.nn

HUB, NONE = "hub", "none"
"""Initial weights: torchvision's ImageNet weights, or random ones. Any other value is a file."""

FEATURES = 2048
FROZEN_CHILDREN = 4
"""The first children of ResNet50: convolution, batch norm, ReLU and pooling."""

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""ImageNet's mean and standard deviation by channel, with which torchvision's weights were trained."""

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
        """Keep the statistics of the frozen batch norm, too."""
        super().train(mode)
        self.frozen.eval()
        return self

    def forward(self, pixels: Any) -> Any:
        return self.layers((as_picture(pixels) - self.mean) / self.deviation).flatten(1)


class Decoder(nn.Module):  # type: ignore[misc, name-defined]
    """``(n, 2048)`` features to pictures ``(n, 3, 224, 224)`` with values from 0 to 1.

    Five transposed convolutions of kernel 4 and stride 2 turn a side of 8 into 224, because the first one has two more
    pixels of padding. Nothing is cropped or resized.
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
    """The encoder, and the decoder that only training needs."""

    def __init__(self, resnet: Any) -> None:
        super().__init__()
        self.encoder = ImageFeatures(resnet)
        self.decoder = Decoder()

    def forward(self, pixels: Any) -> Any:
        """Return the mean squared error of ``(n, 224, 224, 3) uint8`` pictures, as values from 0 to 1."""
        return nn.functional.mse_loss(self.decoder(self.encoder(pixels)), as_picture(pixels))


def as_picture(pixels: Any) -> Any:
    """Return ``(n, h, w, 3) uint8`` pixels as ``(n, 3, h, w)`` with values from 0 to 1."""
    return pixels.permute(0, 3, 1, 2).float() / 255


def initial_network(weights: str) -> Any:
    """Return a ResNet50 with the weights `HUB`, `NONE` or those of a file.

    Raises:
        FailedPrecondition: the hub cannot be reached.
        InvalidInput: the file does not exist, or contains no ResNet50.
    """
    resnet = train_module("torchvision.models").resnet50()
    if weights == HUB:
        resnet.load_state_dict(_load_from_hub())
    elif weights != NONE:
        _load_file(resnet, Path(weights))
    return resnet


def weights_identity(weights: str) -> str:
    """Return the name of the weights, or a digest of their file."""
    if weights in (HUB, NONE):
        return weights
    with _existing(Path(weights)).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _load_from_hub() -> Any:
    # V1 is what ``pretrained=True`` used to load. V2 was trained by another recipe and has other features.
    weights = train_module("torchvision.models").ResNet50_Weights.IMAGENET1K_V1
    try:
        return weights.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError) as exc:
        raise FailedPrecondition(
            f"The ImageNet weights cannot be downloaded from {weights.url} ({exc}). Download the file elsewhere and"
            f" pass it as --weights FILE, or start from random weights with --weights {NONE}."
        ) from exc


def _load_file(resnet: Any, path: Path) -> None:
    try:
        state = torch.load(_existing(path), map_location="cpu", weights_only=True)
        # The last layer is not used, so its number of classes does not matter.
        state = {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}
        result = resnet.load_state_dict(state, strict=False)
        is_complete = not result.unexpected_keys and all(name.startswith("fc.") for name in result.missing_keys)
    except LOAD_ERRORS as exc:
        raise _invalid(path) from exc
    if not is_complete:
        raise _invalid(path)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InvalidInput("weights_missing", f"{path} is not a file. --weights takes {HUB}, {NONE} or a file.")
    return path


def _invalid(path: Path) -> InvalidInput:
    return InvalidInput("weights_invalid", f"{path} does not contain the weights of torchvision's ResNet50.")
