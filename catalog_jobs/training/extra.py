"""The packages of the extra ``[train]``, which a base install lacks."""

import importlib
from typing import Any

from closetspace.errors import FailedPrecondition


def train_module(name: str) -> Any:
    """Import a module of the extra ``[train]``, or say how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        raise FailedPrecondition(f"Encoders need {name} here. Install it with: pip install -e '.[train]'") from exc
