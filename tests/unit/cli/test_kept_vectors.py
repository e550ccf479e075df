"""The vectors that the local stack keeps between two starts."""

import pytest

from catalog_jobs.demo.kept_vectors import kept_vectors
from closetspace.adapters.memory import MemoryObjects
from tests.support.faulty_stores import Killed, KillingStore

FIRST, SECOND = "catalog/vectors/encoder/1", "catalog/vectors/encoder/2"


def add_part(store: MemoryObjects, part: str) -> None:
    store.write(f"{part}.vectors.parquet", b"vectors")
    store.write(f"{part}.keys.parquet", b"keys")


def names(store: MemoryObjects) -> list[str]:
    return [stat.name for stat in store.list("")]


def test_vectors_of_an_earlier_start_are_there_and_new_ones_are_kept() -> None:
    store, kept = MemoryObjects(), MemoryObjects()
    add_part(kept, FIRST)
    with kept_vectors(store, kept):
        assert names(store) == names(kept)
        add_part(store, SECOND)
        store.write("catalog/images/1.jpg", b"picture")
    assert names(kept) == [f"{part}.{kind}.parquet" for part in (FIRST, SECOND) for kind in ("keys", "vectors")]


@pytest.mark.parametrize("writes", range(4))
def test_killed_copy_keeps_no_keys_without_their_vectors(writes: int) -> None:
    store, kept = MemoryObjects(), MemoryObjects()
    add_part(store, FIRST)
    add_part(store, SECOND)
    dying = KillingStore(kept, writes, counts=lambda operation, _: operation == "write")
    with pytest.raises(Killed), kept_vectors(store, dying):
        pass
    parts = {name.removesuffix(".keys.parquet") for name in names(kept) if ".keys." in name}
    assert {f"{part}.vectors.parquet" for part in parts} <= set(names(kept))
