"""Embedding a catalog while its pictures come in: bounded, overlapping, and the same whatever comes first."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from closetspace.domain.encoder.encoding import Encoding, Garment
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import BATCH, BATCHES_AHEAD, FETCHERS, Batch, CatalogEmbedder
from tests.conftest import ignore_progress
from tests.support.fakes import HashEncoder, decode_anything
from tests.support.journey import eventually

LONG = 10.0
"""Seconds after which what a test waits for does not come any more."""


@dataclass(frozen=True)
class Thing:
    """An item as far as it is embedded."""

    id: str
    name: str
    brand: str = ""
    image: str = ""


THINGS = [Thing(f"{number:03}", f"Shirt {number}") for number in range(10 * BATCH + 3)]


def picture_of(thing: Thing) -> bytes:
    return thing.id.encode()


def embedder(
    read: Callable[[Thing], bytes] = picture_of, encoder: HashEncoder | None = None, workers: int = 2
) -> CatalogEmbedder[Thing]:
    return CatalogEmbedder(read, decode_anything, encoder or HashEncoder(), workers)


def ids(batch: Batch[Thing]) -> list[str]:
    return [thing.id for thing, _ in batch.embedded]


@dataclass
class Gate:
    """Holds whoever comes until it is opened, and counts who came."""

    opened: threading.Event = field(default_factory=threading.Event)
    came: list[str] = field(default_factory=list)

    def __call__(self, who: str) -> None:
        self.came.append(who)
        assert self.opened.wait(LONG)


def steadily(holds: Callable[[], bool]) -> None:
    """It holds, and goes on to while everything that could change it has had time to."""
    eventually(holds)
    threading.Event().wait(0.1)
    assert holds()


def all_of(stream: CatalogEmbedder[Thing], things: Sequence[Thing] = THINGS) -> list[Batch[Thing]]:
    return list(stream.stream(things))


def test_batches_are_of_neighbours_and_each_item_is_in_one() -> None:
    batches = all_of(embedder())
    assert sorted(tuple(ids(batch)) for batch in batches) == [
        tuple(thing.id for thing in THINGS[first : first + BATCH]) for first in range(0, len(THINGS), BATCH)
    ]
    assert sum(len(batch) for batch in batches) == len(THINGS)


def test_nothing_makes_no_batch() -> None:
    assert all_of(embedder(), []) == []


def test_batches_are_the_same_whatever_is_fetched_first() -> None:
    gates = {thing.id: threading.Event() for thing in THINGS[: 3 * BATCH]}

    def read(thing: Thing) -> bytes:
        assert gates[thing.id].wait(LONG)
        return picture_of(thing)

    def in_turn(order: Sequence[str]) -> set[tuple[str, ...]]:
        for gate in gates.values():
            gate.clear()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(all_of, embedder(read), THINGS[: 3 * BATCH])
            for name in order:
                gates[name].set()
            return {tuple(ids(batch)) for batch in running.result(LONG)}

    names = list(gates)
    assert in_turn(names) == in_turn(names[::-1]) == in_turn(names[1::2] + names[::2])


def test_no_more_pictures_than_fit_are_in_memory_while_the_encoder_is_slow() -> None:
    gate, fetched = Gate(), list[str]()

    def read(thing: Thing) -> bytes:
        fetched.append(thing.id)
        return picture_of(thing)

    slow = HashEncoder(before=lambda garment: gate(garment.name))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(all_of, embedder(read, slow))
        steadily(lambda: len(fetched) == BATCHES_AHEAD * BATCH)
        gate.opened.set()
        batches = running.result(LONG)
    assert sum(len(batch) for batch in batches) == len(THINGS) == len(fetched)


def test_pictures_wait_for_whoever_takes_the_batches() -> None:
    fetched: list[str] = []

    def read(thing: Thing) -> bytes:
        fetched.append(thing.id)
        return picture_of(thing)

    stream = embedder(read).stream(THINGS)
    next(stream)
    steadily(lambda: len(fetched) <= (BATCHES_AHEAD + 1) * BATCH)
    assert sum(len(batch) for batch in stream) == len(THINGS) - BATCH


def test_several_pictures_are_fetched_at_once() -> None:
    together = threading.Barrier(FETCHERS, timeout=LONG)

    def read(thing: Thing) -> bytes:
        together.wait()
        return picture_of(thing)

    assert sum(len(batch) for batch in all_of(embedder(read), THINGS[: 4 * FETCHERS])) == 4 * FETCHERS


def test_pictures_are_fetched_while_others_are_embedded() -> None:
    later, embedding = threading.Event(), threading.Event()

    def read(thing: Thing) -> bytes:
        if thing.id >= THINGS[BATCH].id:
            assert embedding.wait(LONG)
            later.set()
        return picture_of(thing)

    def before(garment: Garment) -> None:
        embedding.set()
        assert later.wait(LONG)

    assert len(all_of(embedder(read, HashEncoder(before=before)), THINGS[: 2 * BATCH])) == 2


def test_batches_are_embedded_by_several_workers_at_once() -> None:
    together = threading.Barrier(2, timeout=LONG)
    first_of_each = {THINGS[0].name, THINGS[BATCH].name}

    def before(garment: Garment) -> None:
        if garment.name in first_of_each:
            together.wait()

    assert len(all_of(embedder(encoder=HashEncoder(before=before)), THINGS[: 2 * BATCH])) == 2


def test_an_item_whose_picture_can_not_be_had_or_read_is_left_out_with_the_reason() -> None:
    def read(thing: Thing) -> bytes:
        if thing.id == "001":
            raise InvalidInput("picture_not_found", "The picture's server answered 404.")
        return b"bad" if thing.id == "002" else picture_of(thing)

    (batch,) = all_of(embedder(read), THINGS[:4])
    assert ids(batch) == ["000", "003"]
    assert dict(batch.left_out) == {
        "001": "The picture's server answered 404.",
        "002": "The photo can't be read. Upload another.",
    }
    assert len(batch) == 4


class Unasked(HashEncoder):
    """An encoder that nobody is to ask for anything."""

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        raise AssertionError("nothing is to be embedded")


def test_a_batch_of_which_nothing_can_be_read_asks_no_encoder() -> None:
    (batch,) = all_of(embedder(lambda _: b"bad", Unasked()), THINGS[:4])
    assert (len(batch), list(batch.embedded)) == (4, [])


class Broken(Exception):
    """Something that nobody expects."""


def fails_at(place: int) -> Callable[[Thing], bytes]:
    def read(thing: Thing) -> bytes:
        if thing.id == THINGS[place].id:
            raise Broken
        return picture_of(thing)

    return read


def breaks(garment: Garment) -> None:
    if garment.name == THINGS[3 * BATCH].name:
        raise Broken


@pytest.mark.parametrize("broken", [embedder(fails_at(3 * BATCH)), embedder(encoder=HashEncoder(before=breaks))])
def test_an_unexpected_fault_is_raised_and_leaves_no_thread(broken: CatalogEmbedder[Thing]) -> None:
    before = set(threading.enumerate())
    with pytest.raises(Broken):
        all_of(broken)
    eventually(lambda: set(threading.enumerate()) <= before)


def test_whoever_stops_early_leaves_no_thread_and_fetches_no_more() -> None:
    before, stopped, fetched = set(threading.enumerate()), threading.Event(), list[str]()

    def read(thing: Thing) -> bytes:
        fetched.append(thing.id)
        if thing.id >= THINGS[BATCH].id:
            assert stopped.wait(LONG)
        return picture_of(thing)

    stream = embedder(read).stream(THINGS)
    next(stream)
    # What is under way goes on until it is done, and whoever closes waits for that.
    threading.Timer(0.1, stopped.set).start()
    stream.close()  # type: ignore[attr-defined]
    eventually(lambda: set(threading.enumerate()) <= before)
    assert len(fetched) <= BATCH + FETCHERS


def test_all_at_once_are_in_order_with_progress_to_the_end() -> None:
    told: list[tuple[int, int]] = []
    done = embedder().embed(THINGS, lambda *seen: told.append(seen))
    assert list(done.items) == THINGS
    wanted = HashEncoder().encode([Garment(decode_anything(picture_of(t)), t.name, t.brand) for t in THINGS])
    assert [e.vector.tobytes() for e in done.encodings] == [e.vector.tobytes() for e in wanted]
    assert told[-1] == (len(THINGS), len(THINGS))
    assert told == sorted(told)


def test_what_is_left_out_of_all_is_told_in_order() -> None:
    def read(thing: Thing) -> bytes:
        return b"bad" if int(thing.id) % 50 == 0 else picture_of(thing)

    done = embedder(read).embed(THINGS, ignore_progress)
    assert [item_id for item_id, _ in done.left_out] == ["000", "050", "100", "150"]
    assert len(done.items) == len(done.encodings) == len(THINGS) - 4
