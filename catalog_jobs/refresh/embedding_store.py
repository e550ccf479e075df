"""Stores the vectors of the catalog's content by content key and encoder.

Vectors are stored in parts: a file of vectors, and a file of their keys, which is written last. A part with keys is
complete, so a killed run keeps all parts that it finished.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from catalog_jobs.catalog.parquet import read_table, write_table
from closetspace.domain.encoder.attributes import row_length
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.errors import Incompatible, NotFound
from closetspace.ports import ObjectStore

FOLDER = "catalog/vectors/"
KEYS, VECTORS = ".keys.parquet", ".vectors.parquet"
KEY_SCHEMA = pa.schema([("content_key", pa.string()), ("category", pa.string())])
READERS = 8
"""Parts read at once: reading waits for the network, not for the processor."""

MAX_PARTS = 64
"""Beyond this number, rewriting all parts as one is faster than reading them."""

MAX_WASTE = 2.0
"""Stored rows for each needed row. Beyond it, rows that are not needed are dropped."""


@dataclass(frozen=True)
class StoredKeys:
    """The stored content keys: the part of each, and the category that the encoder predicted."""

    part_of: Mapping[str, str]
    categories: Mapping[str, str]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class EmbeddingStore:
    """The vectors of one encoder in one store."""

    store: ObjectStore
    encoder: EncoderDescriptor

    def stored_keys(self) -> StoredKeys:
        """Return all content keys with a vector, without reading the vectors."""
        parts = sorted(s.name.removesuffix(KEYS) for s in self.store.list(self._folder) if s.name.endswith(KEYS))
        part_of: dict[str, str] = {}
        categories: dict[str, str] = {}
        with ThreadPoolExecutor(READERS) as pool:
            for part, (keys, predicted) in zip(parts, pool.map(self._read_keys, parts), strict=True):
                part_of |= dict.fromkeys(keys, part)
                categories |= dict(zip(keys, predicted, strict=True))
        return StoredKeys(part_of, categories, tuple(parts))

    def add(self, keys: Sequence[str], encodings: EncodingBatch) -> str:
        """Store encodings as a part and return its name, which depends on the keys alone."""
        part = self._folder + hashlib.sha256("\0".join(keys).encode()).hexdigest()[:32]
        vectors = write_table(
            {
                "content_key": list(keys),
                "vector": _rows(encodings.vectors),
                "photo_vector": _rows(encodings.photo_vectors),
                "attributes": _rows(encodings.attributes),
            },
            self._schema,
        )
        self.store.write(part + VECTORS, vectors)
        columns = {"content_key": list(keys), "category": list(encodings.categories)}
        self.store.write(part + KEYS, write_table(columns, KEY_SCHEMA))
        return part

    def load(self, keys: Sequence[str], stored: StoredKeys) -> EncodingBatch:
        """Return the encodings of these keys, in order. Raises `Incompatible` if a part is damaged."""
        needed = sorted({stored.part_of[key] for key in keys})
        with ThreadPoolExecutor(READERS) as pool:
            parts = list(pool.map(self._read_part, needed))
        row_of = {key: row for row, key in enumerate(key for part_keys, _ in parts for key in part_keys)}
        return EncodingBatch.concat([batch for _, batch in parts], self.encoder).select([row_of[key] for key in keys])

    def compact(self, needed: Iterable[str], stored: StoredKeys) -> None:
        """Rewrite too many parts as one, and drop rows that are not needed if they are too many."""
        kept = sorted(set(needed) & stored.part_of.keys())
        wasteful = len(stored.part_of) > MAX_WASTE * len(kept)
        if len(stored.parts) <= MAX_PARTS and not wasteful:
            return
        keys = kept if wasteful else sorted(stored.part_of)
        compacted = self.add(keys, self.load(keys, stored))
        for part in set(stored.parts) - {compacted}:
            # The keys go first: a part without keys does not exist.
            self.store.delete(part + KEYS)
            self.store.delete(part + VECTORS)

    def _read_keys(self, part: str) -> tuple[list[str], list[str]]:
        table = self._read_table(part, KEYS, KEY_SCHEMA)
        return table["content_key"].to_pylist(), table["category"].to_pylist()

    def _read_part(self, part: str) -> tuple[list[str], EncodingBatch]:
        keys, categories = self._read_keys(part)
        table = self._read_table(part, VECTORS, self._schema)
        if table["content_key"].to_pylist() != keys:
            raise _damaged(part, "its keys are not those of its vectors")
        rows = {name: table[name].combine_chunks().buffers()[1] for name in ("vector", "photo_vector", "attributes")}
        return keys, EncodingBatch(
            np.frombuffer(rows["vector"], np.float32).reshape(len(keys), -1),
            np.frombuffer(rows["photo_vector"], np.int8).reshape(len(keys), -1),
            np.frombuffer(rows["attributes"], np.uint8).reshape(len(keys), -1),
            tuple(categories),
        )

    def _read_table(self, part: str, ending: str, schema: pa.Schema) -> pa.Table:
        try:
            return read_table(self.store.read(part + ending), schema, part + ending)
        except (Incompatible, NotFound) as exc:
            raise _damaged(part, str(exc)) from exc

    @property
    def _folder(self) -> str:
        return f"{FOLDER}{self.encoder.id}/"

    @property
    def _schema(self) -> pa.Schema:
        dim = self.encoder.dim
        return pa.schema(
            [
                ("content_key", pa.string()),
                ("vector", pa.binary(4 * dim)),
                ("photo_vector", pa.binary(dim)),
                ("attributes", pa.binary(row_length(self.encoder.heads))),
            ]
        )


def _damaged(part: str, problem: str) -> Incompatible:
    return Incompatible(f"{part} is damaged ({problem}): delete its files {KEYS} and {VECTORS}, then refresh again")


def _rows(array: NDArray[Any]) -> list[bytes]:
    return [row.tobytes() for row in array]
