"""Embedding a catalog while its images are fetched: in bounded memory, and independent of the order of arrival."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from closetspace.domain.encoder.encoding import Encoding, Garment
from closetspace.errors import InvalidInput
from closetspace.services.embed_catalog import BATCH, BATCHES_AHEAD, READERS, Batch, CatalogEmbedder
from tests.conftest import ignore_progress
from tests.support.fakes import HashEncoder, decode_anything
from tests.support.waiting import HANG_SECONDS, eventually


@dataclass(frozen=True)
class Item:
    """The fields of a catalog item that are embedded."""

    id: str
    name: str
    brand: str = ""
    image: str = ""


ITEMS = [Item(f"{number:03}", f"Shirt {number}") for number in range(10 * BATCH + 3)]


def image_of(item: Item) -> bytes:
    return item.id.encode()


def embedder(
    read: Callable[[Item], bytes] = image_of, encoder: HashEncoder | None = None, workers: int = 2
) -> CatalogEmbedder[Item]:
    return CatalogEmbedder(lambda item: decode_anything(read(item)), encoder or HashEncoder(), workers)


def ids(batch: Batch[Item]) -> list[str]:
    return [item.id for item, _ in batch.embedded]


@dataclass
class Gate:
    """Blocks its callers until it is opened."""

    opened: threading.Event = field(default_factory=threading.Event)

    def __call__(self, garment: Garment) -> None:
        assert self.opened.wait(HANG_SECONDS)


def settles(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, and check that it still does after a while."""
    eventually(condition)
    threading.Event().wait(0.1)
    assert condition()


def all_batches(embedder: CatalogEmbedder[Item], items: Sequence[Item] = ITEMS) -> list[Batch[Item]]:
    return list(embedder.stream(items))


def test_batches_are_consecutive_items_and_have_each_item_once() -> None:
    batches = all_batches(embedder())
    assert sorted(tuple(ids(batch)) for batch in batches) == [
        tuple(item.id for item in ITEMS[first : first + BATCH]) for first in range(0, len(ITEMS), BATCH)
    ]
    assert sum(len(batch) for batch in batches) == len(ITEMS)


def test_no_items_make_no_batch() -> None:
    assert all_batches(embedder(), []) == []


def test_batches_do_not_depend_on_the_order_in_which_images_arrive() -> None:
    gates = {item.id: threading.Event() for item in ITEMS[: 3 * BATCH]}

    def read(item: Item) -> bytes:
        assert gates[item.id].wait(HANG_SECONDS)
        return image_of(item)

    def batches_of(order: Sequence[str]) -> set[tuple[str, ...]]:
        for gate in gates.values():
            gate.clear()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(all_batches, embedder(read), ITEMS[: 3 * BATCH])
            for name in order:
                gates[name].set()
            return {tuple(ids(batch)) for batch in running.result(HANG_SECONDS)}

    names = list(gates)
    assert batches_of(names) == batches_of(names[::-1]) == batches_of(names[1::2] + names[::2])


def test_slow_encoder_limits_the_images_in_memory() -> None:
    gate, fetched = Gate(), list[str]()

    def read(item: Item) -> bytes:
        fetched.append(item.id)
        return image_of(item)

    slow = HashEncoder(before=gate)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(all_batches, embedder(read, slow))
        settles(lambda: len(fetched) == BATCHES_AHEAD * BATCH)
        gate.opened.set()
        batches = running.result(HANG_SECONDS)
    assert sum(len(batch) for batch in batches) == len(ITEMS) == len(fetched)


def test_slow_consumer_limits_the_images_in_memory() -> None:
    fetched: list[str] = []

    def read(item: Item) -> bytes:
        fetched.append(item.id)
        return image_of(item)

    stream = embedder(read).stream(ITEMS)
    next(stream)
    settles(lambda: len(fetched) <= (BATCHES_AHEAD + 1) * BATCH)
    assert sum(len(batch) for batch in stream) == len(ITEMS) - BATCH


def test_several_images_are_fetched_at_once() -> None:
    together = threading.Barrier(READERS, timeout=HANG_SECONDS)

    def read(item: Item) -> bytes:
        together.wait()
        return image_of(item)

    assert sum(len(batch) for batch in all_batches(embedder(read), ITEMS[: 4 * READERS])) == 4 * READERS


def test_images_are_fetched_while_others_are_embedded() -> None:
    fetching, embedding = threading.Event(), threading.Event()

    def read(item: Item) -> bytes:
        if item.id >= ITEMS[BATCH].id:
            assert embedding.wait(HANG_SECONDS)
            fetching.set()
        return image_of(item)

    def before(garment: Garment) -> None:
        embedding.set()
        assert fetching.wait(HANG_SECONDS)

    assert len(all_batches(embedder(read, HashEncoder(before=before)), ITEMS[: 2 * BATCH])) == 2


def test_batches_are_embedded_by_several_workers_at_once() -> None:
    together = threading.Barrier(2, timeout=HANG_SECONDS)
    first_of_each = {ITEMS[0].name, ITEMS[BATCH].name}

    def before(garment: Garment) -> None:
        if garment.name in first_of_each:
            together.wait()

    assert len(all_batches(embedder(encoder=HashEncoder(before=before)), ITEMS[: 2 * BATCH])) == 2


def test_item_without_a_readable_image_is_left_out_with_the_reason() -> None:
    def read(item: Item) -> bytes:
        if item.id == "001":
            raise InvalidInput("picture_not_found", "The image's server answered 404.")
        return b"bad" if item.id == "002" else image_of(item)

    (batch,) = all_batches(embedder(read), ITEMS[:4])
    assert ids(batch) == ["000", "003"]
    assert dict(batch.left_out) == {
        "001": "The image's server answered 404.",
        "002": "The photo can't be read. Upload another.",
    }
    assert len(batch) == 4


class UnusedEncoder(HashEncoder):
    """An encoder that must not be called."""

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        raise AssertionError("there is nothing to embed")


def test_batch_without_readable_images_does_not_call_the_encoder() -> None:
    (batch,) = all_batches(embedder(lambda _: b"bad", UnusedEncoder()), ITEMS[:4])
    assert (len(batch), list(batch.embedded)) == (4, [])


class UnexpectedError(Exception):
    """An error that no code expects."""


def read_failing_at(place: int) -> Callable[[Item], bytes]:
    def read(item: Item) -> bytes:
        if item.id == ITEMS[place].id:
            raise UnexpectedError
        return image_of(item)

    return read


def fail(garment: Garment) -> None:
    if garment.name == ITEMS[3 * BATCH].name:
        raise UnexpectedError


@pytest.mark.parametrize("failing", [embedder(read_failing_at(3 * BATCH)), embedder(encoder=HashEncoder(before=fail))])
def test_unexpected_error_is_raised_and_leaves_no_thread(failing: CatalogEmbedder[Item]) -> None:
    before = set(threading.enumerate())
    with pytest.raises(UnexpectedError):
        all_batches(failing)
    eventually(lambda: set(threading.enumerate()) <= before)


def test_closing_the_stream_leaves_no_thread_and_fetches_no_more() -> None:
    before, stopped, fetched = set(threading.enumerate()), threading.Event(), list[str]()

    def read(item: Item) -> bytes:
        fetched.append(item.id)
        if item.id >= ITEMS[BATCH].id:
            assert stopped.wait(HANG_SECONDS)
        return image_of(item)

    stream = embedder(read).stream(ITEMS)
    next(stream)
    # Closing waits for the fetches that have started.
    threading.Timer(0.1, stopped.set).start()
    stream.close()  # type: ignore[attr-defined]
    eventually(lambda: set(threading.enumerate()) <= before)
    assert len(fetched) <= BATCH + READERS


def test_embedded_items_are_in_order_and_progress_reaches_the_total() -> None:
    progress: list[tuple[int, int]] = []
    embedded = embedder().embed(ITEMS, lambda *counts: progress.append(counts))
    assert list(embedded.items) == ITEMS
    expected = HashEncoder().encode([Garment(decode_anything(image_of(t)), t.name, t.brand) for t in ITEMS])
    assert [e.vector.tobytes() for e in embedded.encodings] == [e.vector.tobytes() for e in expected]
    assert progress[-1] == (len(ITEMS), len(ITEMS))
    assert progress == sorted(progress)


def test_left_out_items_are_in_order() -> None:
    def read(item: Item) -> bytes:
        return b"bad" if int(item.id) % 50 == 0 else image_of(item)

    embedded = embedder(read).embed(ITEMS, ignore_progress)
    assert [item_id for item_id, _ in embedded.left_out] == ["000", "050", "100", "150"]
    assert len(embedded.items) == len(embedded.encodings) == len(ITEMS) - 4
