"""Vectors by content key and encoder: storing, loading and compacting them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from catalog_jobs.catalog.item_table import count_by_value
from catalog_jobs.refresh.embedding_store import KEYS, MAX_PARTS, VECTORS, EmbeddingStore
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.errors import Incompatible
from closetspace.ports import ObjectStore
from tests.support.fakes import HashEncoder
from tests.support.faulty_stores import Killed, KillingStore, is_change
from tests.support.refreshed_catalog import contents

ENCODER = HashEncoder()


def store_in(store: ObjectStore, encoder: HashEncoder = ENCODER) -> EmbeddingStore:
    return EmbeddingStore(store, encoder.descriptor)


def names(first: int, count: int) -> list[str]:
    return [f"key-{number:03}" for number in range(first, first + count)]


def column(keys: Sequence[str]) -> pa.ChunkedArray:
    return pa.chunked_array([keys], pa.string())


def compact(embeddings: EmbeddingStore, needed: Sequence[str]) -> None:
    embeddings.compact(column(needed), embeddings.stored_keys())


def encoded(keys: Iterable[str], encoder: HashEncoder = ENCODER) -> EncodingBatch:
    """Return the encodings of garments with these names."""
    return EncodingBatch.from_encodings(encoder.encode([Garment(None, key) for key in keys]), encoder.descriptor)


def add(embeddings: EmbeddingStore, *parts: Sequence[str]) -> None:
    for part in parts:
        embeddings.add(part, encoded(part))


def sizes(embeddings: EmbeddingStore) -> list[int]:
    """Return the numbers of rows of all parts."""
    return sorted(count_by_value(embeddings.stored_keys().table["part"]).values())


def has(embeddings: EmbeddingStore, keys: Sequence[str]) -> bool:
    """Return whether the store has these keys, each with its own encoding."""
    stored = embeddings.stored_keys()
    if not set(keys) <= set(stored.keys.to_pylist()):
        return False
    found, expected = embeddings.load(column(keys), stored), encoded(keys)
    return (
        np.array_equal(found.vectors, expected.vectors)
        and np.array_equal(found.photo_vectors, expected.photo_vectors)
        and np.array_equal(found.attributes, expected.attributes)
        and found.categories == expected.categories
        and stored.categories_of(column(keys)).to_pylist() == list(expected.categories)
    )


def test_load_returns_encodings_in_the_requested_order() -> None:
    embeddings = store_in(MemoryObjects())
    add(embeddings, names(0, 5), names(5, 1), names(6, 3))
    mixed = ["key-007", "key-000", "key-005", "key-004", "key-008"]
    assert has(embeddings, mixed)
    assert has(embeddings, mixed[::-1])
    assert sorted(embeddings.stored_keys().keys.to_pylist()) == names(0, 9)


def test_empty_store_has_no_keys() -> None:
    embeddings = store_in(MemoryObjects())
    stored = embeddings.stored_keys()
    assert (len(stored.keys), stored.parts) == (0, ())
    assert len(embeddings.load(column([]), stored)) == 0


def test_part_without_keys_does_not_exist() -> None:
    store = MemoryObjects()
    with pytest.raises(Killed):
        add(store_in(KillingStore(store, 1, is_change)), names(0, 3))
    assert [stat.name.endswith(VECTORS) for stat in store.list("")] == [True]
    assert store_in(store).stored_keys().parts == ()
    add(store_in(store), names(0, 3))
    assert has(store_in(store), names(0, 3))


def test_same_part_is_stored_once() -> None:
    store = MemoryObjects()
    add(store_in(store), names(0, 3), names(0, 3))
    assert len(list(store.list(""))) == 2
    assert has(store_in(store), names(0, 3))


def test_key_in_two_parts_is_loaded_once() -> None:
    embeddings = store_in(MemoryObjects())
    add(embeddings, names(0, 4), names(2, 4))
    assert has(embeddings, names(0, 6))


def test_encoders_have_separate_vectors() -> None:
    store, other = MemoryObjects(), HashEncoder(dim=4, id="hash-2")
    add(store_in(store), names(0, 3))
    assert store_in(store, other).stored_keys().parts == ()
    store_in(store, other).add(names(0, 2), encoded(names(0, 2), other))
    assert set(store_in(store, other).stored_keys().keys.to_pylist()) == set(names(0, 2))
    assert has(store_in(store), names(0, 3))


def test_few_parts_are_not_compacted() -> None:
    store = MemoryObjects()
    embeddings = store_in(store)
    add(embeddings, *([name] for name in names(0, MAX_PARTS)))
    before = contents(store)
    compact(embeddings, names(0, MAX_PARTS))
    compact(embeddings, names(0, MAX_PARTS // 2))
    assert contents(store) == before


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_many_parts_are_compacted_into_one(first: int) -> None:
    embeddings = store_in(MemoryObjects())
    keys = names(first, MAX_PARTS + 1)
    add(embeddings, *([name] for name in keys))
    compact(embeddings, keys)
    assert len(embeddings.stored_keys().parts) == 1
    assert has(embeddings, keys)


def test_joined_parts_have_a_bounded_size_and_are_not_joined_again() -> None:
    store = MemoryObjects()
    embeddings = replace(store_in(store), full_part=20)
    keys = names(0, MAX_PARTS + 6)
    add(embeddings, *([name] for name in keys))
    compact(embeddings, keys)
    assert sizes(embeddings) == [10, 20, 20, 20]
    assert has(embeddings, keys)
    joined = contents(store)
    added = names(100, MAX_PARTS)
    add(embeddings, *([name] for name in added))
    compact(embeddings, [*keys, *added])
    assert sizes(embeddings) == [14, 20, 20, 20, 20, 20, 20]
    assert has(embeddings, [*keys, *added])
    assert len(joined.items() & contents(store).items()) == 2 * 3


def test_unneeded_rows_of_full_parts_are_dropped() -> None:
    embeddings = replace(store_in(MemoryObjects()), full_part=4)
    add(embeddings, *(names(first, 4) for first in range(0, 40, 4)))
    compact(embeddings, names(5, 9))
    assert sizes(embeddings) == [1, 4, 4]
    assert has(embeddings, names(5, 9))


def test_equal_keys_are_loaded_for_each_item() -> None:
    embeddings = store_in(MemoryObjects())
    add(embeddings, names(0, 3), names(3, 3))
    assert has(embeddings, ["key-004", "key-001", "key-004", "key-001"])


def test_unneeded_rows_are_dropped_when_they_outnumber_the_needed_ones() -> None:
    embeddings = store_in(MemoryObjects())
    add(embeddings, names(0, 10), names(10, 10))
    compact(embeddings, names(5, 10))
    assert has(embeddings, names(0, 20))
    compact(embeddings, names(5, 9))
    assert sorted(embeddings.stored_keys().keys.to_pylist()) == names(5, 9)
    assert has(embeddings, names(5, 9))


def test_compaction_keeps_unneeded_rows_while_they_are_few() -> None:
    embeddings = store_in(MemoryObjects())
    keys = names(0, MAX_PARTS + 6)
    add(embeddings, *([name] for name in keys))
    compact(embeddings, keys[:-5])
    assert len(embeddings.stored_keys().parts) == 1
    assert has(embeddings, keys)


def test_compaction_keeps_parts_that_another_run_added_meanwhile() -> None:
    embeddings = store_in(MemoryObjects())
    add(embeddings, names(0, 10), names(10, 10))
    stored = embeddings.stored_keys()
    add(embeddings, names(50, 3))
    embeddings.compact(column(names(0, 5)), stored)
    assert has(embeddings, [*names(0, 5), *names(50, 3)])


WASTE = [names(0, 30), names(20, 40), names(50, 20)]
MANY = [[name] for name in names(0, MAX_PARTS + 1)]


@pytest.mark.parametrize(
    ("parts", "needed", "last"),
    [
        *((WASTE, names(5, 20), last) for last in range(2 + 2 * len(WASTE))),
        *((MANY, names(0, len(MANY)), last) for last in (0, 1, 2, 3, 70, 2 * len(MANY) + 1)),
    ],
)
def test_compaction_that_is_killed_loses_nothing(parts: list[list[str]], needed: list[str], last: int) -> None:
    store = MemoryObjects()
    add(store_in(store), *parts)
    dying = store_in(KillingStore(store, last, is_change))
    with pytest.raises(Killed):
        compact(dying, needed)
    assert has(store_in(store), needed)
    compact(store_in(store), needed)
    assert has(store_in(store), needed)


@pytest.mark.parametrize("ending", [KEYS, VECTORS])
@pytest.mark.parametrize("damage", [b"", b"PAR1", b"not a table"])
def test_damaged_part_raises_an_error_that_says_what_to_do(ending: str, damage: bytes) -> None:
    store = MemoryObjects()
    add(store_in(store), names(0, 3))
    (name,) = (stat.name for stat in store.list("") if stat.name.endswith(ending))
    store.write(name, damage)
    with pytest.raises(Incompatible, match=f"{name.removesuffix(ending)}.*delete.*refresh again"):
        store_in(store).load(column(names(0, 3)), store_in(store).stored_keys())


def test_part_without_vectors_raises_an_error_that_says_what_to_do() -> None:
    store = MemoryObjects()
    add(store_in(store), names(0, 3))
    (name,) = (stat.name for stat in store.list("") if stat.name.endswith(VECTORS))
    store.delete(name)
    with pytest.raises(Incompatible, match=r"delete.*refresh again"):
        store_in(store).load(column(names(0, 3)), store_in(store).stored_keys())


def test_keys_of_another_part_raise_an_error() -> None:
    store = MemoryObjects()
    add(store_in(store), names(0, 3), names(3, 3))
    first, second = (stat.name for stat in store.list("") if stat.name.endswith(KEYS))
    stored = store_in(store).stored_keys()
    keys = [key for key in names(0, 6) if second.startswith(stored.parts[stored.part_numbers(column([key]))[0]])]
    store.write(first, store.read(second))
    with pytest.raises(Incompatible, match=r"its keys are not those of its vectors.*refresh again"):
        store_in(store).load(column(keys), store_in(store).stored_keys())


@pytest.mark.parametrize("ending", [KEYS, VECTORS])
def test_changed_bytes_in_a_part_are_detected_or_harmless(ending: str) -> None:
    store = MemoryObjects()
    add(store_in(store), names(0, 40))
    (name,) = (stat.name for stat in store.list("") if stat.name.endswith(ending))
    whole = store.read(name)
    noticed = 0
    for place in range(0, len(whole), 11):
        store.write(name, whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            assert has(store_in(store), names(0, 40)), place
        except Incompatible:
            noticed += 1
    assert noticed > len(whole) // 11 // 2
