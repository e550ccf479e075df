"""What ResNet50 starts from: ImageNet weights from torchvision's hub, weights from a file, or none."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

from catalog_jobs.encoders.training.extra import train_module
from closetspace.errors import FailedPrecondition, InvalidInput

HUB, NONE = "hub", "none"

_NOT_WEIGHTS = (
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    pickle.UnpicklingError,
)


def start_network(weights: str) -> Any:
    """Return a ResNet50 with the weights that `HUB`, `NONE` or a path names.

    Raises:
        FailedPrecondition: the hub cannot be reached.
        InvalidInput: there is no such file, or it holds no ResNet50.
    """
    resnet = train_module("torchvision.models").resnet50()
    if weights == HUB:
        resnet.load_state_dict(_from_hub())
    elif weights != NONE:
        _load_file(resnet, Path(weights))
    return resnet


def weights_identity(weights: str) -> str:
    """Return what tells weights from others: a file goes by its content."""
    if weights in (HUB, NONE):
        return weights
    with _existing(Path(weights)).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _from_hub() -> Any:
    # What torchvision's ``pretrained=True`` has always meant; V2 is another recipe, with other features.
    weights = train_module("torchvision.models").ResNet50_Weights.IMAGENET1K_V1
    try:
        return weights.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError) as exc:
        raise FailedPrecondition(
            f"ImageNet weights could not be had from {weights.url} ({exc}). Download that file elsewhere and pass it"
            f" as --weights FILE, or train from nothing with --weights {NONE}."
        ) from exc


def _load_file(resnet: Any, path: Path) -> None:
    try:
        state = train_module("torch").load(_existing(path), map_location="cpu", weights_only=True)
        # Whatever the last layer told apart: it is not used.
        state = {name: tensor for name, tensor in state.items() if not name.startswith("fc.")}
        result = resnet.load_state_dict(state, strict=False)
        is_whole = not result.unexpected_keys and all(name.startswith("fc.") for name in result.missing_keys)
    except _NOT_WEIGHTS as exc:
        raise _invalid(path) from exc
    if not is_whole:
        raise _invalid(path)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise InvalidInput("weights_missing", f"{path} is no file. --weights takes {HUB}, {NONE} or a file.")
    return path


def _invalid(path: Path) -> InvalidInput:
    return InvalidInput("weights_invalid", f"{path} does not hold the weights of torchvision's ResNet50.")
