"""Tables as Parquet files in memory, with a fixed schema."""

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from closetspace.errors import Incompatible


def write_table(columns: Mapping[str, Any], schema: pa.Schema) -> bytes:
    """Return a Parquet file with these columns."""
    file = io.BytesIO()
    pq.write_table(pa.table(columns, schema), file, compression="zstd", write_page_checksum=True)
    return file.getvalue()


def read_table(data: bytes, schema: pa.Schema, name: str, added: Mapping[str, Any] = MappingProxyType({})) -> pa.Table:
    """Return the table in a file. Raises `Incompatible` if it is damaged or has another schema.

    ``added`` are columns that the file may lack, the last ones of the schema, with the value that they have then.
    """
    try:
        table = pq.read_table(pa.BufferReader(data), page_checksum_verification=True)
    except (pa.ArrowException, OSError) as exc:
        raise Incompatible(f"{name} is not readable: {exc}") from exc
    for column, value in added.items():
        if column not in table.column_names:
            field = schema.field(column)
            table = table.append_column(field, pa.array([value] * len(table), field.type))
    if not table.schema.equals(schema):
        raise Incompatible(f"{name} does not have the columns that this release writes")
    return table
