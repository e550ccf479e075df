"""Tables as Parquet files in memory, with a fixed schema."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from closetspace.errors import Incompatible

BATCH = 65_536
"""Rows that are decompressed at once."""


def write_table(columns: Mapping[str, Any], schema: pa.Schema) -> bytes:
    """Return a Parquet file with these columns."""
    return write_parts([pa.table(columns, schema)], schema)


def write_parts(parts: Iterable[pa.Table], schema: pa.Schema) -> bytes:
    """Return a Parquet file with the rows of tables, of which only one has to be in memory."""
    file = io.BytesIO()
    with pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer:
        for part in parts:
            writer.write_table(part.cast(schema))
    return file.getvalue()


def read_table(data: bytes, schema: pa.Schema, name: str) -> pa.Table:
    """Return the table in a file. Raises `Incompatible` if it is damaged or has another schema."""
    return StoredTable(data, schema, name).select(schema.names)


class StoredTable:
    """A table in a Parquet file in memory. Columns are decompressed when they are read.

    All methods raise `Incompatible` if the file is damaged or has another schema. ``added`` are columns that it may
    lack, the last ones of the schema, with the value that they have then.
    """

    def __init__(
        self, data: bytes, schema: pa.Schema, name: str, added: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self._schema, self._name, self._added = schema, name, added
        with self._translate_errors():
            self._file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
        self._names = self._file.schema_arrow.names
        expected = pa.schema(field for field in schema if field.name in self._names or field.name not in added)
        if not self._file.schema_arrow.equals(expected):
            raise Incompatible(f"{name} does not have the columns that this release writes")

    def __len__(self) -> int:
        rows: int = self._file.metadata.num_rows
        return rows

    def select(self, columns: Sequence[str]) -> pa.Table:
        """Return some columns."""
        names = [name for name in columns if name in self._names]
        with self._translate_errors():
            return self._complete(self._file.read(names or self._names[:1]), columns)

    def batches(self) -> Iterator[pa.Table]:
        """Yield all rows, a few at a time."""
        with self._translate_errors():
            for batch in self._file.iter_batches(BATCH):
                yield self._complete(pa.table(batch), self._schema.names)

    def filter(self, mask: pa.ChunkedArray) -> pa.Table:
        """Return some rows. Of the others, only a few are in memory at once."""
        parts, start = [self._schema.empty_table()], 0
        for batch in self.batches():
            parts.append(batch.filter(mask.slice(start, len(batch))))
            start += len(batch)
        return pa.concat_tables(parts)

    def _complete(self, table: pa.Table, columns: Sequence[str]) -> pa.Table:
        for name in set(columns) - set(self._names):
            field = self._schema.field(name)
            table = table.append_column(field, pa.array([self._added[name]] * len(table), field.type))
        return table.select(columns)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as exc:
            raise Incompatible(f"{self._name} is not readable: {exc}") from exc
