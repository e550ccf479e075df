"""Embeds a catalog's items: reads and embeds several pictures at a time, in bounded memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from closetspace.domain.encoder.encoding import Encoder, Encoding, Garment, Picture
from closetspace.domain.index.indexed_item import LeftOut
from closetspace.errors import InvalidInput

BATCH = 16
"""Items embedded at once: larger batches are no faster, and these images fit the processor's cache."""

READERS = 8
"""Pictures read at once: reading waits mostly for the network and for disks."""

BATCHES_AHEAD = 6
"""Batches whose pictures are in memory, at most: enough that the processor never waits."""

Progress = Callable[[int, int], None]
"""Called with the number of items that are done and the total, 0 if it is unknown."""


class Pictured(Protocol):
    """The fields of an item that are embedded; ``image`` names its image."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def brand(self) -> str: ...
    @property
    def image(self) -> str: ...


T = TypeVar("T", bound=Pictured)


@dataclass(frozen=True)
class Batch(Generic[T]):
    """Finished items: those that were embedded, and those that were left out."""

    embedded: Sequence[tuple[T, Encoding]]
    left_out: Sequence[LeftOut]

    def __len__(self) -> int:
        return len(self.embedded) + len(self.left_out)


@dataclass(frozen=True)
class EmbeddedCatalog(Generic[T]):
    """Embedded items with their encodings, and the items that were left out."""

    items: Sequence[T]
    encodings: Sequence[Encoding]
    left_out: Sequence[LeftOut]


@dataclass(frozen=True)
class CatalogEmbedder(Generic[T]):
    """``read`` returns an item's picture, or raises `InvalidInput`."""

    read: Callable[[T], Picture]
    encoder: Encoder
    workers: int

    def stream(self, items: Iterable[T]) -> Iterator[Batch[T]]:
        """Embed all items with a readable image and yield batches as they finish.

        Pictures are read while others are embedded, but only as many as fit in memory. Batches are consecutive items,
        in whatever order pictures arrive: a vector's last bits depend on the rest of its batch.
        """
        remaining = iter(items)
        with ThreadPoolExecutor(READERS) as readers, ThreadPoolExecutor(self.workers) as encoders:
            reading: list[dict[Future[Picture], T]] = []
            encoding: set[Future[Batch[T]]] = set()
            try:
                while True:
                    while len(reading) + len(encoding) < BATCHES_AHEAD and (batch := list(islice(remaining, BATCH))):
                        reading.append({readers.submit(self.read, item): item for item in batch})
                    if not reading and not encoding:
                        return
                    # Checked once: a future that finishes later ends the wait below at once.
                    finished = {future for batch in reading for future in batch if future.done()}
                    ready = [batch for batch in reading if batch.keys() <= finished]
                    if not ready:
                        pending: list[Future[Any]] = [f for batch in reading for f in batch if f not in finished]
                        wait([*pending, *encoding], return_when=FIRST_COMPLETED)
                    reading = [batch for batch in reading if batch not in ready]
                    encoding |= {encoders.submit(self._encode, batch) for batch in ready}
                    done = {future for future in encoding if future.done()}
                    encoding -= done
                    for future in done:
                        yield future.result()
            finally:
                readers.shutdown(cancel_futures=True)
                encoders.shutdown(cancel_futures=True)

    def embed(self, items: Sequence[T], progress: Progress) -> EmbeddedCatalog[T]:
        """Embed all items, whose ids are unique, and return them in their order."""
        embedded: dict[str, tuple[T, Encoding]] = {}
        left_out: dict[str, LeftOut] = {}
        for batch in self.stream(items):
            embedded |= {item.id: (item, encoding) for item, encoding in batch.embedded}
            left_out |= {item.id: item for item in batch.left_out}
            progress(len(embedded) + len(left_out), len(items))
        ordered = [embedded[item.id] for item in items if item.id in embedded]
        return EmbeddedCatalog(
            [item for item, _ in ordered],
            [encoding for _, encoding in ordered],
            [left_out[item.id] for item in items if item.id in left_out],
        )

    def _encode(self, pictures: Mapping[Future[Picture], T]) -> Batch[T]:
        readable: list[tuple[T, Garment]] = []
        failed: list[LeftOut] = []
        for picture, item in pictures.items():
            try:
                readable.append((item, Garment(picture.result(), item.name, item.brand)))
            except InvalidInput as error:
                failed.append(LeftOut(item.id, error.message))
        encodings = self.encoder.encode([garment for _, garment in readable]) if readable else []
        return Batch([(item, encoding) for (item, _), encoding in zip(readable, encodings, strict=True)], failed)
