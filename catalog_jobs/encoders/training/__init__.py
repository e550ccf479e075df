"""Training of encoders with torch. Its packages are in the extras ``train`` and ``train-autoencoder``."""

import importlib
from typing import Any

from closetspace.errors import FailedPrecondition

_EXTRAS = {"torchvision": "train-autoencoder"}
"""The extras of packages that ``train`` does not have."""


def train_module(name: str) -> Any:
    """Import a module of a training extra. Raise `FailedPrecondition` that says how to install it."""
    try:
        return importlib.import_module(name)
    except (ImportError, RuntimeError) as exc:  # torchvision raises RuntimeError if torch has another version
        extra = _EXTRAS.get(name.partition(".")[0], "train")
        raise FailedPrecondition(f"Training needs {name}. Install it with: pip install -e '.[{extra}]'") from exc
