"""Search by text or photo: the products nearest to a query. Products are known by their photos alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from catalog_jobs.encoders.embedding import embed_photos
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.datasets.records import as_text, read_json_list
from catalog_jobs.evaluation.embedded_products import (
    MATCHES,
    EmbeddedProducts,
    NameVisibility,
    ProductLists,
    embed_dataset,
)
from catalog_jobs.evaluation.encoders.dataset import encode_texts
from catalog_jobs.evaluation.metrics.estimates import Estimate, mean_estimate
from closetspace.bootstrap import load_encoder
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import Progress
from closetspace.settings import Settings

REQUESTED_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "type": ("baseColour", "articleType"),
    "all": ("gender", "baseColour", "articleType"),
}
"""The columns that a query ``KIND:VALUE/VALUE...`` requests, by kind."""

LABEL_COLUMNS = REQUESTED_COLUMNS["all"]
"""The columns of a dataset's table that the metrics need."""

_NAME = "name:"
"""Prefix of the ids of queries that search for a product by its name. The product's id follows."""


@dataclass(frozen=True)
class Query:
    """A search text."""

    id: str
    text: str


def read_queries(path: Path) -> list[Query]:
    """Read a JSON list of ``{id, text}``.

    Raises `InvalidInput` if the file is not such a list, if an id occurs twice, and if a text is empty.
    """
    return read_json_list(path, _parse, noun="query", shape="{id, text}", code="queries_invalid")


def search(
    queries: Sequence[Query], embedded: EmbeddedProducts, settings: Settings, progress: Progress
) -> ProductLists:
    """Return the `MATCHES` products with the largest cosine to each query, best first, by the query's id."""
    vectors = encode_texts(load_encoder(settings), [query.text for query in queries], progress)
    ids = [query.id for query in queries]
    return ProductLists(embedded.nearest(dict(zip(ids, vectors, strict=True))), MATCHES, embedded.left_out)


def match_photos(dataset: Path, photos: Path, split: Split, settings: Settings, progress: Progress) -> ProductLists:
    """Return the `MATCHES` products nearest to each photo ``CLASS/FILE`` of a folder, best first.

    Raises `InvalidInput` if no photo can be read.
    """
    files = {f"{path.parent.name}/{path.name}": path for path in sorted(photos.glob("*/*")) if path.is_file()}
    if not files:
        raise InvalidInput("photos_empty", f"{photos} contains no photos CLASS/FILE.")
    embedded = embed_dataset(dataset, NameVisibility.NONE, split, settings, progress)
    results = embed_photos(files, load_encoder(settings), settings, progress)
    vectors = {name: result.encoding.vector for name, result in results.items() if result.encoding}
    if not vectors:
        raise InvalidInput("photos_empty", f"None of the {len(files)} files in {photos} is a readable photo.")
    unreadable = [(name, result.rejection) for name, result in results.items() if not result.encoding]
    return ProductLists(embedded.nearest(vectors), MATCHES, [*embedded.left_out, *unreadable])


def search_metrics(lists: Mapping[str, Sequence[str]], rows: Sequence[Mapping[str, str]]) -> dict[str, Estimate]:
    """Return the metrics of lists of product ids by query id. ``rows`` are the rows of the products' table.

    ``p10`` is the share of the ten products that have every requested attribute, of the existing ones if fewer than ten
    exist. The metric with an attribute's name is the share that has this attribute. ``r1`` and ``r10`` are the shares
    of name queries whose product, or one with the same name, is the first or among the ten.

    Raises `InvalidInput` if no query's id says what the query requests.
    """
    by_id, requested = {row["id"]: row for row in rows}, _requested_labels(rows)
    values: dict[str, list[float]] = {}
    for query, ids in lists.items():
        listed = [by_id[product_id] for product_id in ids]
        if query in requested:
            metrics = _precision(listed, requested[query], rows)
        elif query.startswith(_NAME) and (named := by_id.get(query.removeprefix(_NAME))):
            metrics = _recall(listed, named["productDisplayName"])
        else:
            continue
        for metric, value in metrics.items():
            values.setdefault(metric, []).append(value)
    if not values:
        raise InvalidInput("queries_unlabelled", "--compare needs queries whose ids say what they request.")
    return {metric: mean_estimate(np.array(each)) for metric, each in values.items()}


def _parse(fields: Any) -> Query:
    query = Query(as_text(str(fields["id"]), "id"), as_text(fields["text"], "text"))
    if not query.text.strip():
        raise ValueError(f"the text of {query.id} is empty")
    return query


def _requested_labels(rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the labels that each possible attribute query requests, by the query's id."""
    return {
        f"{kind}:{'/'.join(row[column] for column in columns)}": {column: row[column] for column in columns}
        for kind, columns in REQUESTED_COLUMNS.items()
        for row in rows
    }


def _precision(
    listed: Sequence[Mapping[str, str]], requested: Mapping[str, str], rows: Sequence[Mapping[str, str]]
) -> dict[str, float]:
    available = min(MATCHES, sum(_has_labels(row, requested) for row in rows))
    shares = {column: sum(row[column] == value for row in listed) / MATCHES for column, value in requested.items()}
    return {"p10": sum(_has_labels(row, requested) for row in listed) / available, **shares}


def _recall(listed: Sequence[Mapping[str, str]], name: str) -> dict[str, float]:
    same_name = [row["productDisplayName"] == name for row in listed]
    return {"r1": float(any(same_name[:1])), "r10": float(any(same_name))}


def _has_labels(row: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return all(row[column] == value for column, value in labels.items())
