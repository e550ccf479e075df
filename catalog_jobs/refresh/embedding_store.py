"""Vectors of a catalog's content, kept by what was embedded and by which encoder.

They lie in parts: a file of vectors and one of their keys, which is written last, so that a part which has keys is
whole. A run that was killed has kept all parts that it finished.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from catalog_jobs.catalog import parquet
from closetspace.domain.encoder.attributes import row_length
from closetspace.domain.encoder.descriptor import EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.errors import Incompatible, NotFound
from closetspace.ports import ObjectStore

FOLDER = "catalog/vectors/"
KEYS, VECTORS = ".keys.parquet", ".vectors.parquet"
KEY_SCHEMA = pa.schema([("content_key", pa.string()), ("category", pa.string())])
READERS = 8
"""Parts read at once: that waits for the network, not for the processor."""

MOST_PARTS = 64
"""Parts that are left as they are; reading more of them takes longer than writing them as one."""

MOST_WASTE = 2.0
"""Times the rows that are needed; with more of them kept, those not needed any more are dropped."""


@dataclass(frozen=True)
class Known:
    """What is kept: for each content key its part, and the category that the encoder gave it."""

    part_of: Mapping[str, str]
    categories: Mapping[str, str]
    parts: tuple[str, ...]


@dataclass(frozen=True)
class EmbeddingStore:
    """The vectors of one encoder in one store."""

    store: ObjectStore
    encoder: EncoderDescriptor

    def known(self) -> Known:
        """Every content key that has a vector; the vectors themselves are not read."""
        parts = sorted(s.name.removesuffix(KEYS) for s in self.store.list(self._folder) if s.name.endswith(KEYS))
        part_of: dict[str, str] = {}
        categories: dict[str, str] = {}
        with ThreadPoolExecutor(READERS) as pool:
            for part, (keys, found) in zip(parts, pool.map(self._keys, parts), strict=True):
                part_of |= dict.fromkeys(keys, part)
                categories |= dict(zip(keys, found, strict=True))
        return Known(part_of, categories, tuple(parts))

    def add(self, keys: Sequence[str], encodings: EncodingBatch) -> str:
        """Keep a part; returns its name. The same keys and vectors twice are kept once."""
        part = self._folder + hashlib.sha256("\0".join(keys).encode()).hexdigest()[:32]
        data = parquet.written(
            {
                "content_key": list(keys),
                "vector": _rows(encodings.vectors),
                "photo_vector": _rows(encodings.photo_vectors),
                "attributes": _rows(encodings.attributes),
            },
            self._schema,
        )
        self.store.write(part + VECTORS, data)
        told = {"content_key": list(keys), "category": list(encodings.categories)}
        self.store.write(part + KEYS, parquet.written(told, KEY_SCHEMA))
        return part

    def load(self, keys: Sequence[str], known: Known) -> EncodingBatch:
        """The rows of these keys, in order. Raises `Incompatible` for a part that is damaged."""
        needed = sorted({known.part_of[key] for key in keys})
        with ThreadPoolExecutor(READERS) as pool:
            parts = list(pool.map(self._part, needed))
        place = {key: at for at, key in enumerate(key for part_keys, _ in parts for key in part_keys)}
        return EncodingBatch.concat([rows for _, rows in parts], self.encoder).select([place[key] for key in keys])

    def compact(self, needed: Iterable[str], known: Known) -> None:
        """Write many parts as one, and drop what is not needed once there is more of it than of what is."""
        wanted = sorted(set(needed) & known.part_of.keys())
        wasteful = len(known.part_of) > MOST_WASTE * len(wanted)
        if len(known.parts) <= MOST_PARTS and not wasteful:
            return
        kept = wanted if wasteful else sorted(known.part_of)
        whole = self.add(kept, self.load(kept, known))
        for part in set(known.parts) - {whole}:
            # The keys go first: a part without keys is none.
            self.store.delete(part + KEYS)
            self.store.delete(part + VECTORS)

    def _keys(self, part: str) -> tuple[list[str], list[str]]:
        table = self._table(part, KEYS, KEY_SCHEMA)
        return table["content_key"].to_pylist(), table["category"].to_pylist()

    def _part(self, part: str) -> tuple[list[str], EncodingBatch]:
        keys, categories = self._keys(part)
        table = self._table(part, VECTORS, self._schema)
        if table["content_key"].to_pylist() != keys:
            raise _damaged(part, "it has keys that are not those of its vectors")
        rows = {name: table[name].combine_chunks().buffers()[1] for name in ("vector", "photo_vector", "attributes")}
        return keys, EncodingBatch(
            np.frombuffer(rows["vector"], np.float32).reshape(len(keys), -1),
            np.frombuffer(rows["photo_vector"], np.int8).reshape(len(keys), -1),
            np.frombuffer(rows["attributes"], np.uint8).reshape(len(keys), -1),
            tuple(categories),
        )

    def _table(self, part: str, ending: str, schema: pa.Schema) -> pa.Table:
        try:
            return parquet.read(self.store.read(part + ending), schema, part + ending)
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


def _damaged(part: str, why: str) -> Incompatible:
    return Incompatible(f"{part} is damaged ({why}): delete its files {KEYS} and {VECTORS}, then refresh again")


def _rows(array: NDArray[Any]) -> list[bytes]:
    return [row.tobytes() for row in array]
