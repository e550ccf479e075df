"""A folder that drawings are written to, and that knows whether they are complete."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from closetspace.errors import InvalidInput

_DRAWINGS = 1
"""Raise it when a garment is drawn differently, so that folders drawn before are drawn again."""


class DrawnFolder:
    """Files below one directory; a marker, written last, says what was drawn and that all of it is there."""

    def __init__(self, directory: Path, table: str, parameters: Mapping[str, int]) -> None:
        self._directory, self._table = directory, table
        self._marker = directory / ".drawn.json"
        self._parameters = {"drawings": _DRAWINGS, **parameters}

    def is_finished(self) -> bool:
        """Whether exactly this was drawn here before, to the end."""
        return self._marked() == {**self._parameters, "finished": True}

    def begin(self) -> None:
        """Claim the folder. Raises `InvalidInput` when it holds somebody else's table."""
        if (self._directory / self._table).exists() and not self._marker.exists():
            raise InvalidInput(
                "folder_in_use",
                f"{self._directory} holds a {self._table} that was not drawn. Choose another folder.",
            )
        self._mark(finished=False)

    def write(self, name: str, content: bytes) -> None:
        """Write one file so that it is there completely or not at all."""
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.part")
        partial.write_bytes(content)
        os.replace(partial, path)

    def finish(self) -> None:
        """Say that everything is there."""
        self._mark(finished=True)

    def _mark(self, *, finished: bool) -> None:
        self.write(self._marker.name, json.dumps({**self._parameters, "finished": finished}).encode())

    def _marked(self) -> object:
        try:
            return json.loads(self._marker.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
