"""The events of a crawl: lines of JSON in a file, written by the child process and read by its parent."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from catalog_jobs.catalog.item import CatalogItem


class EventWriter:
    """Appends events; each is written as a whole line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def item(self, item: CatalogItem) -> None:
        self._write({"item": item.model_dump(mode="json")})

    def left_out(self, reason: str, count: int = 1) -> None:
        self._write({"left_out": reason, "count": count})

    def pages(self, done: int, known: int) -> None:
        self._write({"pages": [done, known]})

    def end(self, failure: str) -> None:
        self._write({"end": failure})

    def _write(self, event: dict[str, Any]) -> None:
        self._file.write(json.dumps(event) + "\n")


class EventReader:
    """Reads the events that were written so far. ``end`` is the failure message of the last event, None before it."""

    def __init__(self, path: Path) -> None:
        path.touch()
        self._file = path.open(encoding="utf-8")
        self._unfinished = ""
        self.items: list[CatalogItem] = []
        self.left_out: Counter[str] = Counter()
        self.pages = (0, 0)
        self.end: str | None = None

    def read(self) -> None:
        """Read all complete new lines. A killed process leaves an incomplete line, which is ignored."""
        while line := self._file.readline():
            self._unfinished += line
            if not line.endswith("\n"):
                return
            self._add(json.loads(self._unfinished))
            self._unfinished = ""

    def close(self) -> None:
        self._file.close()

    def _add(self, event: dict[str, Any]) -> None:
        if "item" in event:
            self.items.append(CatalogItem.model_validate(event["item"]))
        elif "left_out" in event:
            self.left_out[event["left_out"]] += event["count"]
        elif "pages" in event:
            self.pages = (event["pages"][0], event["pages"][1])
        else:
            self.end = event["end"]
