"""People who fill their wardrobes at once, and stubborn clients: they try again while the server is unavailable."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import httpx

from closetspace.bootstrap import load_encoder, photo_decoder
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.wardrobe.item import Fault
from closetspace.services.embed_photo import PhotoEmbedder
from closetspace.settings import Settings
from closetspace_infra.local.person import Person, Unavailable
from tests.support.journey import Journey, photo
from tests.support.waiting import HANG_SECONDS, eventually
from tests.torture.kept import Expected

T = TypeVar("T")

CLIENTS = 16
"""Clients at once: more would only wait for two cores."""

RETRIES = 40
"""Moves of the clock by a minute before events that still fail count as lost; sign-ins are valid for an hour."""


def stubborn(action: Callable[[], T]) -> T:
    """Return what an action returns, repeated for as long as the server is unavailable."""
    result: list[T] = []

    def attempt() -> bool:
        try:
            result.append(action())
        except (Unavailable, httpx.TransportError):
            return False
        return True

    eventually(attempt, "the server to be available")
    return result[0]


def settle(journey: Journey, say: Callable[[str], None]) -> bool:
    """Wait until every event is handled, moving the clock to each retry; return False if events never end."""
    moves, said, deadline = 0, time.monotonic(), time.monotonic() + HANG_SECONDS
    while time.monotonic() < deadline and moves <= RETRIES:
        state = journey.stack.control.functions()
        busy = state["pending"] + state["running"]
        if not busy and not state["retryWaiting"]:
            return True
        if not busy:
            moves += 1
            journey.stack.control.advance_clock(60)
        if time.monotonic() - said > 10:
            say(f"{busy} events to go, {state['retryWaiting']} wait for a retry")
            said = time.monotonic()
        time.sleep(0.05)
    return False


@dataclass(frozen=True)
class Content:
    """A photo and a name, and the state and vector that they lead to."""

    data: bytes
    name: str
    status: str
    vector: FloatArray | None


def contents(seeds: Sequence[int], names: Sequence[str]) -> list[Content]:
    """Return each photo with each name; their vectors are computed here, by the same encoder."""
    settings = Settings.from_env()
    embedder = PhotoEmbedder(photo_decoder(settings), load_encoder(settings), settings)
    found = []
    for seed in seeds:
        data = photo(seed)
        for name in names:
            embedded = embedder.embed(data, name)
            failed = isinstance(embedded.verdict, Fault)
            found.append(Content(data, name, "failed" if failed else "ready", embedded.encoding.vector))
    return found


def fill(journey: Journey, people: Sequence[Person], given: Sequence[Content]) -> Callable[[], Mapping[str, Expected]]:
    """Upload every content as an item of every person, all at once; return a function that waits for the clients."""
    jobs = [(person, journey.new_id(), content) for content in given for person in people]
    pool = ThreadPoolExecutor(CLIENTS)
    sent = [pool.submit(add, journey, person, item_id, content) for person, item_id, content in jobs]

    def wait() -> Mapping[str, Expected]:
        for each in sent:
            each.result()
        pool.shutdown()
        return {item_id: expect(journey, person, item_id, content) for person, item_id, content in jobs}

    return wait


def add(journey: Journey, person: Person, item_id: str, content: Content) -> None:
    """Upload a photo and write its item; every other one the other way round."""
    steps: list[Callable[[], None]] = [
        lambda: person.upload(journey.path(person, item_id), content.data),
        lambda: journey.describe(person, item_id, content.name),
    ]
    for step in steps if int(item_id[-1], 16) % 2 else reversed(steps):
        stubborn(step)


def expect(journey: Journey, person: Person, item_id: str, content: Content) -> Expected:
    """Return how an item with this content must end."""
    return Expected(person.uid, content.status, journey.path(person, item_id), content.vector)
