"""Tables as Parquet files in memory, each with the schema that it was written by."""

import io
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from closetspace.errors import Incompatible


def written(columns: Mapping[str, Any], schema: pa.Schema) -> bytes:
    """A file with these columns."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns, schema), file, compression="zstd", write_page_checksum=True)
    return file.getvalue()


def read(data: bytes, schema: pa.Schema, what: str) -> pa.Table:
    """A file's table. Raises `Incompatible` when it is none, or of another schema."""
    try:
        table = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
    except (pa.ArrowException, OSError) as exc:
        raise Incompatible(f"{what} is not readable: {exc}") from exc
    if not table.schema.equals(schema):
        raise Incompatible(f"{what} has other columns than this release writes")
    return table
