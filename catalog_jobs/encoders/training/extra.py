"""The packages of the extras for training, which a base install lacks."""

import importlib
from typing import Any

from closetspace.errors import FailedPrecondition

_EXTRAS = {"torchvision": "train-autoencoder"}
"""Of packages that the extra ``[train]`` has not."""


def train_module(name: str) -> Any:
    """Import a module of an extra for training, or say how to get it."""
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as exc:  # torchvision raises the latter beside a torch that is not its own
        extra = _EXTRAS.get(name.partition(".")[0], "train")
        raise FailedPrecondition(f"Encoders need {name} here. Install it with: pip install -e '.[{extra}]'") from exc
