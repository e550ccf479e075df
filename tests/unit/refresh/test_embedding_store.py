"""Vectors by content and encoder: kept whole, found again, written as one, and never lost on the way."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from catalog_jobs.refresh.embedding_store import KEYS, MOST_PARTS, VECTORS, EmbeddingStore
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.errors import Incompatible
from closetspace.ports import ObjectStore
from tests.support.fakes import HashEncoder
from tests.support.faulty_stores import Killed, Mortal, changes
from tests.support.refreshed_catalog import contents

ENCODER = HashEncoder()


def kept_in(store: ObjectStore, encoder: HashEncoder = ENCODER) -> EmbeddingStore:
    return EmbeddingStore(store, encoder.descriptor)


def names(first: int, count: int) -> list[str]:
    return [f"key-{number:03}" for number in range(first, first + count)]


def encoded(keys: Iterable[str], encoder: HashEncoder = ENCODER) -> EncodingBatch:
    """What the encoder makes of garments of these names."""
    return EncodingBatch.from_encodings(encoder.encode([Garment(None, key) for key in keys]), encoder.descriptor)


def keep(kept: EmbeddingStore, *parts: Sequence[str]) -> None:
    for part in parts:
        kept.add(part, encoded(part))


def holds(kept: EmbeddingStore, keys: Sequence[str]) -> bool:
    """Whether these keys are there, each with what belongs to it."""
    known = kept.known()
    if not set(keys) <= known.part_of.keys():
        return False
    found, wanted = kept.load(keys, known), encoded(keys)
    return (
        np.array_equal(found.vectors, wanted.vectors)
        and np.array_equal(found.photo_vectors, wanted.photo_vectors)
        and np.array_equal(found.attributes, wanted.attributes)
        and found.categories == wanted.categories
        and [known.categories[key] for key in keys] == list(wanted.categories)
    )


def test_what_was_kept_is_found_again_in_the_order_that_is_asked_for() -> None:
    kept = kept_in(MemoryObjects())
    keep(kept, names(0, 5), names(5, 1), names(6, 3))
    mixed = ["key-007", "key-000", "key-005", "key-004", "key-008"]
    assert holds(kept, mixed)
    assert holds(kept, mixed[::-1])
    assert sorted(kept.known().part_of) == names(0, 9)


def test_a_store_without_vectors_knows_none() -> None:
    kept = kept_in(MemoryObjects())
    known = kept.known()
    assert (dict(known.part_of), known.parts) == ({}, ())
    assert len(kept.load([], known)) == 0


def test_a_part_whose_keys_were_not_written_is_none() -> None:
    store = MemoryObjects()
    with pytest.raises(Killed):
        keep(kept_in(Mortal(store, 1, changes)), names(0, 3))
    assert [stat.name.endswith(VECTORS) for stat in store.list("")] == [True]
    assert kept_in(store).known().parts == ()
    keep(kept_in(store), names(0, 3))
    assert holds(kept_in(store), names(0, 3))


def test_the_same_part_twice_is_kept_once() -> None:
    store = MemoryObjects()
    keep(kept_in(store), names(0, 3), names(0, 3))
    assert len(list(store.list(""))) == 2
    assert holds(kept_in(store), names(0, 3))


def test_a_key_in_two_parts_is_one_key() -> None:
    kept = kept_in(MemoryObjects())
    keep(kept, names(0, 4), names(2, 4))
    assert holds(kept, names(0, 6))


def test_another_encoder_has_vectors_of_its_own() -> None:
    store, other = MemoryObjects(), HashEncoder(dim=4, id="hash-2")
    keep(kept_in(store), names(0, 3))
    assert kept_in(store, other).known().parts == ()
    kept_in(store, other).add(names(0, 2), encoded(names(0, 2), other))
    assert set(kept_in(store, other).known().part_of) == set(names(0, 2))
    assert holds(kept_in(store), names(0, 3))


def test_few_parts_are_left_as_they_are() -> None:
    store = MemoryObjects()
    kept = kept_in(store)
    keep(kept, *([name] for name in names(0, MOST_PARTS)))
    before = contents(store)
    kept.compact(names(0, MOST_PARTS), kept.known())
    kept.compact(names(0, MOST_PARTS // 2), kept.known())
    assert contents(store) == before


@pytest.mark.parametrize("first", range(0, 500, 100))
def test_many_parts_become_one(first: int) -> None:
    kept = kept_in(MemoryObjects())
    keys = names(first, MOST_PARTS + 1)
    keep(kept, *([name] for name in keys))
    kept.compact(keys, kept.known())
    assert len(kept.known().parts) == 1
    assert holds(kept, keys)


def test_what_is_needed_no_more_stays_until_there_is_more_of_it_than_of_the_rest() -> None:
    kept = kept_in(MemoryObjects())
    keep(kept, names(0, 10), names(10, 10))
    kept.compact(names(5, 10), kept.known())
    assert holds(kept, names(0, 20))
    kept.compact(names(5, 9), kept.known())
    assert sorted(kept.known().part_of) == names(5, 9)
    assert holds(kept, names(5, 9))


def test_many_parts_become_one_of_everything_while_most_of_it_is_needed() -> None:
    kept = kept_in(MemoryObjects())
    keys = names(0, MOST_PARTS + 6)
    keep(kept, *([name] for name in keys))
    kept.compact(keys[:-5], kept.known())
    assert len(kept.known().parts) == 1
    assert holds(kept, keys)


def test_what_another_run_keeps_meanwhile_stays() -> None:
    kept = kept_in(MemoryObjects())
    keep(kept, names(0, 10), names(10, 10))
    known = kept.known()
    keep(kept, names(50, 3))
    kept.compact(names(0, 5), known)
    assert holds(kept, [*names(0, 5), *names(50, 3)])


WASTE = [names(0, 30), names(20, 40), names(50, 20)]
MANY = [[name] for name in names(0, MOST_PARTS + 1)]


@pytest.mark.parametrize(
    ("parts", "needed", "last"),
    [
        *((WASTE, names(5, 20), last) for last in range(2 + 2 * len(WASTE))),
        *((MANY, names(0, len(MANY)), last) for last in (0, 1, 2, 3, 70, 2 * len(MANY) + 1)),
    ],
)
def test_a_process_that_dies_while_it_writes_parts_as_one_loses_nothing(
    parts: list[list[str]], needed: list[str], last: int
) -> None:
    store = MemoryObjects()
    keep(kept_in(store), *parts)
    dying = kept_in(Mortal(store, last, changes))
    with pytest.raises(Killed):
        dying.compact(needed, dying.known())
    assert holds(kept_in(store), needed)
    kept_in(store).compact(needed, kept_in(store).known())
    assert holds(kept_in(store), needed)


@pytest.mark.parametrize("ending", [KEYS, VECTORS])
@pytest.mark.parametrize("damage", [b"", b"PAR1", b"not a table"])
def test_a_damaged_part_is_refused_with_what_to_do(ending: str, damage: bytes) -> None:
    store = MemoryObjects()
    keep(kept_in(store), names(0, 3))
    (name,) = (stat.name for stat in store.list("") if stat.name.endswith(ending))
    store.write(name, damage)
    with pytest.raises(Incompatible, match=f"{name.removesuffix(ending)}.*delete.*refresh again"):
        kept_in(store).load(names(0, 3), kept_in(store).known())


def test_a_part_without_its_vectors_is_refused_with_what_to_do() -> None:
    store = MemoryObjects()
    keep(kept_in(store), names(0, 3))
    (name,) = (stat.name for stat in store.list("") if stat.name.endswith(VECTORS))
    store.delete(name)
    with pytest.raises(Incompatible, match=r"delete.*refresh again"):
        kept_in(store).load(names(0, 3), kept_in(store).known())


def test_keys_of_another_part_are_refused() -> None:
    store = MemoryObjects()
    keep(kept_in(store), names(0, 3), names(3, 3))
    first, second = (stat.name for stat in store.list("") if stat.name.endswith(KEYS))
    theirs = kept_in(store).known()
    keys = [key for key, part in theirs.part_of.items() if first.startswith(part)]
    store.write(second, store.read(first))
    with pytest.raises(Incompatible, match=r"keys that are not those of its vectors.*refresh again"):
        kept_in(store).load(keys, kept_in(store).known())


@pytest.mark.parametrize("ending", [KEYS, VECTORS])
def test_no_byte_of_a_part_changes_unnoticed(ending: str) -> None:
    store = MemoryObjects()
    keep(kept_in(store), names(0, 40))
    (name,) = (stat.name for stat in store.list("") if stat.name.endswith(ending))
    whole = store.read(name)
    noticed = 0
    for place in range(0, len(whole), 11):
        store.write(name, whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            assert holds(kept_in(store), names(0, 40)), place
        except Incompatible:
            noticed += 1
    assert noticed > len(whole) // 11 // 2
