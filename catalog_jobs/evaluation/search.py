"""Search by text, as far as it depends on the encoder: products known by their photos alone, found for queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catalog_jobs.evaluation.datasets.json_records import as_text, read_records
from catalog_jobs.evaluation.encoders.embedding import embed_texts
from catalog_jobs.evaluation.inventory import MATCHES, EmbeddedInventory, Lists
from catalog_jobs.evaluation.metrics.encoders import Estimate, mean_estimate
from closetspace.bootstrap import load_encoder
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from closetspace.settings import Settings

ASKED: Mapping[str, tuple[str, ...]] = {
    "type": ("baseColour", "articleType"),
    "all": ("gender", "baseColour", "articleType"),
}
"""The columns that a query ``KIND:VALUE/VALUE...`` asks for, by its kind."""

PRODUCT_LABELS = ASKED["all"]
"""The columns of a dataset's table that the metrics need."""

_NAME = "name:"
"""Queries that ask for a product by its own name have this before the product's id."""


@dataclass(frozen=True)
class Query:
    """What someone types into a search box."""

    id: str
    text: str


def read_queries(path: Path) -> list[Query]:
    """Read a JSON list of ``{id, text}``.

    Raises `InvalidInput` for anything else, for an id that occurs twice, and for a query without a word.
    """
    return read_records(path, _query, noun="query", shape="{id, text}", code="queries_invalid")


def search(queries: Sequence[Query], found: EmbeddedInventory, settings: Settings, progress: Progress) -> Lists:
    """Return the `MATCHES` products nearest to each query by cosine, best first, by the query's id."""
    texts = [query.text for query in queries]
    vectors = embed_texts(load_encoder(settings), texts, progress)
    ids = [query.id for query in queries]
    return Lists(found.nearest(dict(zip(ids, vectors, strict=True))), MATCHES, found.left_out)


def measure(lists: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, str]]) -> dict[str, Estimate]:
    """Return the metrics of lists of product ids by query id; ``rows`` are the products' labels.

    ``p10`` is the share of the ten that have every attribute asked for, of as many as exist if these are fewer; under
    each attribute's name is the share that have it. ``r1`` and ``r10`` are the shares of names whose product, or one of
    the same name, comes first or is among the ten. Raises `InvalidInput` if no query's id says what it asks for.
    """
    by_id, asked = {row["id"]: row for row in rows}, _asked(rows)
    values: dict[str, list[float]] = {}
    for query, ids in lists.items():
        listed = [by_id[product_id] for product_id in ids]
        if query in asked:
            measured = _precision(listed, asked[query], rows)
        elif query.startswith(_NAME) and (named := by_id.get(query.removeprefix(_NAME))):
            measured = _recall(listed, named["productDisplayName"])
        else:
            continue
        for metric, value in measured.items():
            values.setdefault(metric, []).append(value)
    if not values:
        raise InvalidInput("queries_unlabelled", "--compare needs queries whose ids say what they ask for.")
    return {metric: mean_estimate(np.array(each)) for metric, each in values.items()}


def _query(fields: Any) -> Query:
    query = Query(as_text(str(fields["id"]), "id"), as_text(fields["text"], "text"))
    if not query.text.strip():
        raise ValueError(f"the text of {query.id} is empty")
    return query


def _asked(rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the attributes that each query about the products' attributes asks for, by the query's id."""
    return {
        f"{kind}:{'/'.join(row[column] for column in columns)}": {column: row[column] for column in columns}
        for kind, columns in ASKED.items()
        for row in rows
    }


def _precision(
    listed: Sequence[Mapping[str, str]], asked: Mapping[str, str], rows: Sequence[Mapping[str, str]]
) -> dict[str, float]:
    available = min(MATCHES, sum(_fits(row, asked) for row in rows))
    each = {column: sum(row[column] == value for row in listed) / MATCHES for column, value in asked.items()}
    return {"p10": sum(_fits(row, asked) for row in listed) / available, **each}


def _recall(listed: Sequence[Mapping[str, str]], name: str) -> dict[str, float]:
    same = [row["productDisplayName"] == name for row in listed]
    return {"r1": float(any(same[:1])), "r10": float(any(same))}


def _fits(row: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    return all(row[column] == value for column, value in asked.items())
