"""The catalog in its store: one file of items, and their pictures by the hash of their bytes."""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from closetspace.domain.catalog import IndexedItem
from closetspace.errors import FailedPrecondition, Incompatible, NotFound
from closetspace.ports import ObjectStore

ITEMS = "catalog/items.jsonl"
UPLOADS_AT_ONCE = 8
"""Uploads wait for the network, not for the processor."""


@dataclass(frozen=True)
class CatalogStore:
    """The catalog that an index is built from."""

    store: ObjectStore

    def replace(
        self, items: Sequence[tuple[IndexedItem, Path]], progress: Callable[[int, int], None]
    ) -> list[IndexedItem]:
        """Make these items, each with its picture's file, the catalog. The items' file changes last."""
        stored: list[IndexedItem] = []
        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            for item in pool.map(lambda pair: self._with_picture(*pair), items):
                stored.append(item)
                progress(len(stored), len(items))
        lines = "".join(json.dumps(asdict(item), ensure_ascii=False) + "\n" for item in stored)
        self.store.write(ITEMS, lines.encode())
        return stored

    def load(self) -> tuple[list[IndexedItem], str]:
        """The items, and the hash that names this state of the catalog."""
        try:
            data = self.store.read(ITEMS)
        except NotFound as exc:
            raise FailedPrecondition("There is no catalog here: run `closetspace catalog import` first.") from exc
        try:
            items = [IndexedItem(**json.loads(line)) for line in data.decode().splitlines()]
        except (ValueError, TypeError) as exc:
            raise Incompatible(f"{ITEMS} is not readable: {exc}") from exc
        return items, hashlib.sha256(data).hexdigest()

    def _with_picture(self, item: IndexedItem, picture: Path) -> IndexedItem:
        data = picture.read_bytes()
        name = f"catalog/images/{hashlib.sha256(data).hexdigest()[:32]}{picture.suffix.lower()}"
        self.store.write(name, data)
        return replace(item, image=name, src=item.src or self.store.url(name))
