"""Embed a catalog's items: their pictures are fetched, decoded and embedded several at a time, within bounds."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from closetspace.domain.encoder.encoding import Encoder, Encoding, Garment, Picture
from closetspace.errors import InvalidInput

BATCH = 16
"""Items embedded at once: the network is as fast as it gets, and a dozen pictures fit the processor's cache."""

FETCHERS = 8
"""Pictures fetched at once: that waits for the network, not for the processor."""

BATCHES_AHEAD = 6
"""Batches whose pictures are in memory, at most: enough for the processor never to wait."""

Progress = Callable[[int, int], None]
"""Told how many are done, of how many."""


class Pictured(Protocol):
    """An item as far as it is embedded; ``image`` names its picture."""

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
    """Some items that are done: those that were embedded, and the ids of those that were not, each with why."""

    embedded: Sequence[tuple[T, Encoding]]
    left_out: Sequence[tuple[str, str]]

    def __len__(self) -> int:
        return len(self.embedded) + len(self.left_out)


@dataclass(frozen=True)
class EmbeddedCatalog(Generic[T]):
    """Items with what the encoder says of each, and what was left out and why."""

    items: Sequence[T]
    encodings: Sequence[Encoding]
    left_out: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class CatalogEmbedder(Generic[T]):
    """``read`` gives an item's picture's bytes, or raises `InvalidInput`."""

    read: Callable[[T], bytes]
    decode: Callable[[bytes], Picture]
    encoder: Encoder
    workers: int

    def stream(self, items: Sequence[T]) -> Iterator[Batch[T]]:
        """Embed all items whose picture can be read, in batches of neighbours, each as it gets done.

        Fetching goes on while others are embedded, and waits when too much is in memory. The same items make the same
        batches whatever is fetched first: a vector's last bits depend on what it was embedded beside.
        """
        coming = iter(items)
        with ThreadPoolExecutor(FETCHERS) as fetchers, ThreadPoolExecutor(self.workers) as encoders:
            fetching: list[dict[Future[bytes], T]] = []
            encoding: set[Future[Batch[T]]] = set()
            try:
                while True:
                    while len(fetching) + len(encoding) < BATCHES_AHEAD and (batch := list(islice(coming, BATCH))):
                        fetching.append({fetchers.submit(self.read, item): item for item in batch})
                    if not fetching and not encoding:
                        return
                    # Looked at once: what gets done after that ends the wait below at once.
                    here = {future for fetched in fetching for future in fetched if future.done()}
                    ready = [fetched for fetched in fetching if fetched.keys() <= here]
                    if not ready:
                        pending: list[Future[Any]] = [f for fetched in fetching for f in fetched if f not in here]
                        wait([*pending, *encoding], return_when=FIRST_COMPLETED)
                    fetching = [fetched for fetched in fetching if fetched not in ready]
                    encoding |= {encoders.submit(self._encode, fetched) for fetched in ready}
                    done = {future for future in encoding if future.done()}
                    encoding -= done
                    for future in done:
                        yield future.result()
            finally:
                fetchers.shutdown(cancel_futures=True)
                encoders.shutdown(cancel_futures=True)

    def embed(self, items: Sequence[T], progress: Progress) -> EmbeddedCatalog[T]:
        """Embed all items, whose ids are unique, and keep their order; those left out are reported, none is guessed."""
        made: dict[str, tuple[T, Encoding]] = {}
        left_out: dict[str, str] = {}
        for batch in self.stream(items):
            made |= {item.id: (item, encoding) for item, encoding in batch.embedded}
            left_out |= dict(batch.left_out)
            progress(len(made) + len(left_out), len(items))
        ordered = [made[item.id] for item in items if item.id in made]
        return EmbeddedCatalog(
            [item for item, _ in ordered],
            [encoding for _, encoding in ordered],
            [(item.id, left_out[item.id]) for item in items if item.id in left_out],
        )

    def _encode(self, fetched: Mapping[Future[bytes], T]) -> Batch[T]:
        readable: list[tuple[T, Garment]] = []
        failed: list[tuple[str, str]] = []
        for data, item in fetched.items():
            try:
                picture = self.decode(data.result())
            except InvalidInput as error:
                failed.append((item.id, error.message))
            else:
                readable.append((item, Garment(picture, item.name, item.brand)))
        encodings = self.encoder.encode([garment for _, garment in readable]) if readable else []
        return Batch([(item, encoding) for (item, _), encoding in zip(readable, encodings, strict=True)], failed)
