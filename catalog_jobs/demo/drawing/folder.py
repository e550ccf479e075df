"""A folder of drawings that records whether it is complete."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from closetspace.errors import InvalidInput

_DRAWINGS = 2
"""The version of the drawings. A higher one makes existing folders be drawn again."""


class DrawnFolder:
    """Files in a directory, with a marker of what was drawn that is written last."""

    def __init__(self, directory: Path, table: str, parameters: Mapping[str, int]) -> None:
        self._directory, self._table = directory, table
        self._marker = directory / ".drawn.json"
        self._parameters = {"drawings": _DRAWINGS, **parameters}

    def is_finished(self) -> bool:
        """Return whether the same drawings are here and complete."""
        return self._marked() == {**self._parameters, "finished": True}

    def begin(self) -> None:
        """Mark the folder as incomplete. Raises `InvalidInput` if it has a table that was not drawn."""
        if (self._directory / self._table).exists() and not self._marker.exists():
            raise InvalidInput(
                "folder_in_use",
                f"{self._directory} has a {self._table} that was not drawn. Choose another folder.",
            )
        self._mark(finished=False)

    def write(self, name: str, content: bytes) -> None:
        """Write one file atomically."""
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.part")
        partial.write_bytes(content)
        os.replace(partial, path)

    def finish(self) -> None:
        """Mark the folder as complete."""
        self._mark(finished=True)

    def _mark(self, *, finished: bool) -> None:
        self.write(self._marker.name, json.dumps({**self._parameters, "finished": finished}).encode())

    def _marked(self) -> object:
        try:
            return json.loads(self._marker.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
