"""What a journey through the running stack needs: people, photos, and a look at what the server keeps."""

import io
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import numpy as np
from google.cloud import firestore
from PIL import Image, ImageDraw

from closetspace.adapters.firestore.closets import FirestoreClosets
from closetspace.adapters.firestore.people import FirestorePeople
from closetspace.bootstrap import encoder_id
from closetspace.domain.encoder.vectors import mean_of
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.settings import Settings
from closetspace_infra.local.person import Person
from closetspace_infra.local.stack import LocalStack

TEE_LEFT = ((0.5, 0.2), (0.42, 0.18), (0.36, 0.13), (0.08, 0.28), (0.17, 0.43), (0.3, 0.36))
"""The left half of a T-shirt's outline from the collar to the armpit, as shares of width and height."""


def picture(seed: int, size: tuple[int, int] = (240, 320)) -> Image.Image:
    """A T-shirt of some colour on a light priors; another for every seed."""
    random = np.random.default_rng(seed)
    priors, cloth = (tuple(int(c) for c in random.integers(*span, 3)) for span in ((200, 256), (0, 200)))
    image = Image.new("RGB", size, priors)
    width, height = size
    hem = random.uniform(0.75, 0.92)
    outline = [*TEE_LEFT, (0.3, hem), (0.7, hem), *((1 - x, y) for x, y in reversed(TEE_LEFT))]
    ImageDraw.Draw(image).polygon([(x * width, y * height) for x, y in outline], fill=cloth)
    return image


def photo(seed: int, kind: str = "JPEG", **options: Any) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    picture(seed).save(file, kind, **options)
    return file.getvalue()


def eventually(look: Callable[[], Any], what: str = "", seconds: float = 30) -> Any:
    """What ``look`` gives once it is true."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return found


@dataclass
class Journey:
    """The running stack with our functions; ``lines`` is its log so far."""

    stack: LocalStack
    lines: list[str] = field(default_factory=list)

    def person(self) -> Person:
        """Somebody new."""
        return Person.sign_up(self.stack.backend, f"{uuid4().hex}@closetspace.example", "a password")

    def visitor(self) -> Person:
        """Somebody without an account."""
        return Person(self.stack.backend)

    def new_id(self) -> str:
        return f"item-{uuid4().hex[:12]}"

    def path(self, person: Person, item_id: str, file: str = "photo.jpg") -> str:
        return photo_folder(person.uid, item_id) + file

    def describe(self, person: Person, item_id: str, name: str = "", file: str = "photo.jpg", **fields: Any) -> None:
        """Write the item's document as the frontend does: whole."""
        whole = {"uid": person.uid, "name": name, "brand": "", "photo_path": self.path(person, item_id, file)}
        person.write(f"wardrobe/{item_id}", whole | fields)

    def add(self, person: Person, seed: int, name: str = "", item_id: str | None = None) -> str:
        """Upload and describe an item and see it ready."""
        item_id = item_id or self.new_id()
        person.upload(self.path(person, item_id), photo(seed))
        self.describe(person, item_id, name)
        self.wait(person, item_id)
        return item_id

    def wait(self, person: Person, item_id: str, status: str = "ready", seconds: float = 30) -> dict[str, Any]:
        """The item's state once it has that status."""

        def look() -> dict[str, Any] | None:
            state = person.read(f"item_state/{item_id}")
            return state if state and state["status"] == status else None

        found: dict[str, Any] = eventually(look, f"{item_id} {status}", seconds)
        return found

    def settle(self, seconds: float = 60) -> None:
        """Until no event is on its way, with time moved on for those to be retried.

        Ten times at most: an event that goes on failing must not carry the clock past everybody's sign-in.
        """
        deadline, advances = time.monotonic() + seconds, 0
        while True:
            state = self.stack.control.functions()
            if not (state["pending"] or state["running"] or state["retryWaiting"]):
                return
            if state["retryWaiting"] and not (state["pending"] or state["running"]):
                assert advances < 10, f"an event goes on failing: {state}"
                advances += 1
                self.stack.control.advance_clock(60)
            assert time.monotonic() < deadline, state
            time.sleep(0.05)

    def closet(self, person: Person) -> Closet:
        return FirestoreClosets(firestore.Client()).closet(person.uid)

    def entries(self, person: Person) -> dict[str, ClosetEntry]:
        """What the encoder in use made of the person's items."""
        return self.closet(person).by_encoder(encoder_id(Settings.from_env()))

    def taste(self, person: Person) -> Taste | None:
        return FirestorePeople(firestore.Client()).person(person.uid).taste

    def embeddings_of(self, item_id: str) -> int:
        """How often the functions embedded the item, by their log."""
        return sum(f"item {item_id}: Embed" in line for line in self.lines)

    def check_invariant(self, person: Person, ready: Iterable[str]) -> None:
        """The closet holds exactly these items, and the taste is its mean and of its version."""
        closet = self.closet(person)
        assert set(closet.entries) == set(ready)
        taste = eventually(
            lambda: (t := self.taste(person)) and t.closet_version == closet.version and t, "the taste to follow"
        )
        vectors = closet.encoded_by(taste.encoder).vectors
        np.testing.assert_allclose(taste.mean, mean_of(vectors), atol=1e-6)
        assert taste.count == len(closet.entries)
