"""Stores the vectors of the catalog's content by content key and encoder.

Vectors are stored in parts: a file of vectors, and a file of their keys, which is written last. A part with keys is
complete, so a killed run keeps all parts that it finished.
"""

import hashlib
from collections.abc import Mapping, Sequence
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

FULL_PART = 16_384
"""Rows of a part that compaction writes: 22 MB, of which `READERS` are in memory at once, each twice."""

MAX_PARTS = 64
"""Beyond this number of smaller parts, joining them is faster than reading them."""

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

    def part_numbers(self, keys: pa.ChunkedArray) -> NDArray[np.int64]:
        """Return the place in ``parts`` of each key's part. Raises `KeyError` if a key has no vector."""
        numbers = self.table["part"].take(pc.index_in(keys, value_set=self.keys))
        if numbers.null_count:
            raise KeyError("a key has no vector")
        return np.asarray(numbers.to_numpy())


@dataclass(frozen=True)
class EmbeddingStore:
    """The vectors of one encoder in one store. Compaction writes parts of ``full_part`` rows."""

    store: ObjectStore
    encoder: EncoderDescriptor
    full_part: int = FULL_PART

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
        rows = {name: _as_column(array) for name, array in _arrays(encodings).items()}
        self.store.write(part + VECTORS, write_table({"content_key": list(keys), **rows}, self._schema))
        columns = {"content_key": list(keys), "category": list(encodings.categories)}
        self.store.write(part + KEYS, write_table(columns, KEY_SCHEMA))
        return part

    def load(self, keys: pa.ChunkedArray, stored: StoredKeys) -> EncodingBatch:
        """Return the encodings of these keys, in order. Raises `Incompatible` if a part is damaged.

        Beside them, only the parts that are being read are in memory.
        """
        numbers = stored.part_numbers(keys)
        batch = EncodingBatch.zeros(_texts(stored.categories_of(keys)), self.encoder)

        def load_part(number: int) -> None:
            rows = np.flatnonzero(numbers == number)
            part_keys, part = self._read_part(stored.parts[number])
            places = pc.index_in(keys.take(pa.array(rows)), value_set=part_keys).to_numpy()
            for name, array in _arrays(batch).items():
                array[rows] = part[name][places]

        with ThreadPoolExecutor(READERS) as pool:
            list(pool.map(load_part, np.unique(numbers).tolist()))
        return batch

    def compact(self, needed: pa.ChunkedArray, stored: StoredKeys) -> None:
        """Join small parts if they are too many, and drop rows that are not needed if they are too many."""
        every, part_of = pc.unique(stored.keys), stored.table["part"]
        kept = every.filter(pc.is_in(every, value_set=needed))
        small = np.flatnonzero(np.bincount(part_of.to_numpy(), minlength=len(stored.parts)) < self.full_part)
        if len(every) > MAX_WASTE * len(kept):
            old, keys = stored.parts, kept
        elif len(small) > MAX_PARTS:
            old = tuple(stored.parts[number] for number in small)
            keys = pc.unique(stored.keys.filter(pc.is_in(part_of, value_set=pa.array(small))))
        else:
            return
        # In the order of the parts, so that few are read for each part that is written.
        slices = [keys.slice(start, self.full_part) for start in range(0, len(keys), self.full_part)]
        new = {self.add(part.to_pylist(), self.load(pa.chunked_array([part]), stored)) for part in slices}
        for part in set(old) - new:
            # The keys go first: a part without keys does not exist.
            self.store.delete(part + KEYS)
            self.store.delete(part + VECTORS)

    def _read_keys(self, part: str) -> pa.Table:
        return self._read_table(part, KEYS, KEY_SCHEMA)

    def _read_part(self, part: str) -> tuple[pa.Array, Mapping[str, NDArray[Any]]]:
        """Return the keys of a part, and its arrays by column."""
        keys = self._read_keys(part)["content_key"].combine_chunks()
        table = self._read_table(part, VECTORS, self._schema)
        if table["content_key"].combine_chunks() != keys:
            raise _damaged(part, "its keys are not those of its vectors")
        arrays = {}
        for name, like in _arrays(EncodingBatch.zeros((), self.encoder)).items():
            data = table[name].combine_chunks().buffers()[1]
            arrays[name] = np.frombuffer(data, like.dtype).reshape(len(keys), like.shape[1])
        return keys, arrays

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


def _arrays(encodings: EncodingBatch) -> dict[str, NDArray[Any]]:
    """Return the arrays that a part stores, by the names of its columns."""
    return {
        "vector": encodings.vectors,
        "photo_vector": encodings.photo_vectors,
        "attributes": encodings.attributes,
    }


def _as_column(array: NDArray[Any]) -> pa.Array:
    """Return the rows of an array as bytes, without a copy of each."""
    kind = pa.binary(array.shape[1] * array.itemsize)
    return pa.Array.from_buffers(kind, len(array), [None, pa.py_buffer(np.ascontiguousarray(array))])


def _texts(values: pa.ChunkedArray) -> tuple[str, ...]:
    """Return values that repeat as texts that share their memory."""
    encoded = values.combine_chunks().dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    return tuple([texts[place] for place in encoded.indices.to_pylist()])
