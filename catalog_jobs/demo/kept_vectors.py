"""Keeps the vectors of a local catalog from one start of the local stack to the next."""

from collections.abc import Iterator
from contextlib import contextmanager

from catalog_jobs.refresh.embedding_store import FOLDER as VECTORS
from closetspace.ports import ObjectStore


@contextmanager
def kept_vectors(store: ObjectStore, kept: ObjectStore) -> Iterator[None]:
    """Copy the vectors in ``kept`` to the store, and after the block those that the block has added back.

    What has a vector is not embedded again, in whatever catalog it comes.
    """
    _copy_vectors(kept, store)
    yield
    _copy_vectors(store, kept)


def _copy_vectors(source: ObjectStore, target: ObjectStore) -> None:
    copied = {stat.name for stat in target.list(VECTORS)}
    # A part with keys counts as complete, and the name of its keys comes before that of its vectors.
    for name in sorted((stat.name for stat in source.list(VECTORS)), reverse=True):
        if name not in copied:
            target.write(name, source.read(name))
