"""Stores the vectors of the catalog's content by content key and encoder.

Vectors are stored in parts: a file of vectors, and a file of their keys, which is written last. A part with keys is
complete, so a killed run keeps all parts that it finished.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
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
STORED_SCHEMA = KEY_SCHEMA.append(pa.field("part", pa.int64()))
READERS = 8
"""Parts read at once: reading waits for the network, not for the processor."""

MAX_PARTS = 64
"""Beyond this number, rewriting all parts as one is faster than reading them."""

MAX_WASTE = 2.0
"""Stored rows for each needed row. Beyond it, rows that are not needed are dropped."""


@dataclass(frozen=True)
class StoredKeys:
    """The stored content keys: a table with the category that the encoder predicted for each, and its part's number."""

    table: pa.Table
    parts: tuple[str, ...] = ()

    @property
    def keys(self) -> pa.ChunkedArray:
        return self.table["content_key"]

    def has(self, keys: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return for each key whether it has a vector."""
        return pc.is_in(keys, value_set=self.keys)

    def categories_of(self, keys: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return the predicted categories of keys, null for those without a vector."""
        return self.table["category"].take(pc.index_in(keys, value_set=self.keys))

    def parts_of(self, keys: pa.ChunkedArray) -> list[str]:
        """Return the parts that have these keys. Raises `KeyError` if one has no vector."""
        numbers = pc.unique(self.table["part"].take(pc.index_in(keys, value_set=self.keys)))
        if numbers.null_count:
            raise KeyError("a key has no vector")
        return sorted(self.parts[number] for number in numbers.to_pylist())


@dataclass(frozen=True)
class EmbeddingStore:
    """The vectors of one encoder in one store."""

    store: ObjectStore
    encoder: EncoderDescriptor

    def stored_keys(self) -> StoredKeys:
        """Return all content keys with a vector, without reading the vectors."""
        parts = sorted(s.name.removesuffix(KEYS) for s in self.store.list(self._folder) if s.name.endswith(KEYS))
        with ThreadPoolExecutor(READERS) as pool:
            tables = [
                table.append_column("part", pa.repeat(pa.scalar(number), len(table)))
                for number, table in enumerate(pool.map(self._read_keys, parts))
            ]
        return StoredKeys(pa.concat_tables([STORED_SCHEMA.empty_table(), *tables]), tuple(parts))

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

    def load(self, keys: pa.ChunkedArray, stored: StoredKeys) -> EncodingBatch:
        """Return the encodings of these keys, in order. Raises `Incompatible` if a part is damaged."""
        with ThreadPoolExecutor(READERS) as pool:
            parts = list(pool.map(self._read_part, stored.parts_of(keys)))
        loaded = pa.chunked_array([part_keys for part_keys, _ in parts], pa.string())
        rows = pc.index_in(keys, value_set=loaded).to_numpy()
        return EncodingBatch.concat([batch for _, batch in parts], self.encoder).select(rows)

    def compact(self, needed: pa.ChunkedArray, stored: StoredKeys) -> None:
        """Rewrite too many parts as one, and drop rows that are not needed if they are too many."""
        every = pc.unique(stored.keys)
        kept = every.filter(pc.is_in(every, value_set=needed))
        wasteful = len(every) > MAX_WASTE * len(kept)
        if len(stored.parts) <= MAX_PARTS and not wasteful:
            return
        keys = (kept if wasteful else every).sort()
        compacted = self.add(keys.to_pylist(), self.load(keys, stored))
        for part in set(stored.parts) - {compacted}:
            # The keys go first: a part without keys does not exist.
            self.store.delete(part + KEYS)
            self.store.delete(part + VECTORS)

    def _read_keys(self, part: str) -> pa.Table:
        return self._read_table(part, KEYS, KEY_SCHEMA)

    def _read_part(self, part: str) -> tuple[pa.Array, EncodingBatch]:
        stored = self._read_keys(part)
        table = self._read_table(part, VECTORS, self._schema)
        keys = stored["content_key"].combine_chunks()
        if table["content_key"].combine_chunks() != keys:
            raise _damaged(part, "its keys are not those of its vectors")
        rows = {name: table[name].combine_chunks().buffers()[1] for name in ("vector", "photo_vector", "attributes")}
        return keys, EncodingBatch(
            np.frombuffer(rows["vector"], np.float32).reshape(len(keys), -1),
            np.frombuffer(rows["photo_vector"], np.int8).reshape(len(keys), -1),
            np.frombuffer(rows["attributes"], np.uint8).reshape(len(keys), -1),
            tuple(stored["category"].to_pylist()),
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
