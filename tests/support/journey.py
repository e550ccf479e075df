"""People and photos for tests of the running stack, and a look at what the server keeps."""

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx
import numpy as np
from google.cloud import firestore
from PIL import Image, ImageDraw

from closetspace.adapters.firestore.closets import FirestoreClosets
from closetspace.adapters.firestore.people import FirestorePeople
from closetspace.bootstrap import encoder_id
from closetspace.domain.encoder.vectors import mean_vector
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.settings import Settings
from closetspace_infra.local.person import Person
from closetspace_infra.local.stack import LocalStack
from tests.support.waiting import HANG_SECONDS, eventually

TEE_LEFT = ((0.5, 0.2), (0.42, 0.18), (0.36, 0.13), (0.08, 0.28), (0.17, 0.43), (0.3, 0.36))
"""The left half of a T-shirt's outline, from the collar to the armpit, in shares of width and height."""


def picture(seed: int, size: tuple[int, int] = (240, 320)) -> Image.Image:
    """Draw a T-shirt of some colour on a light background; each seed draws another."""
    random = np.random.default_rng(seed)
    background, cloth = (tuple(int(c) for c in random.integers(*span, 3)) for span in ((200, 256), (0, 200)))
    image = Image.new("RGB", size, background)
    width, height = size
    hem = random.uniform(0.75, 0.92)
    outline = [*TEE_LEFT, (0.3, hem), (0.7, hem), *((1 - x, y) for x, y in reversed(TEE_LEFT))]
    ImageDraw.Draw(image).polygon([(x * width, y * height) for x, y in outline], fill=cloth)
    return image


def photo(seed: int, kind: str = "JPEG", **options: Any) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    picture(seed).save(file, kind, **options)
    return file.getvalue()


@dataclass
class Journey:
    """The running stack with our functions; ``lines`` collects its log."""

    stack: LocalStack
    lines: list[str] = field(default_factory=list)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=HANG_SECONDS, trust_env=False))

    def person(self) -> Person:
        """Sign up a new person."""
        return Person.sign_up(self.stack.backend, f"{uuid4().hex}@closetspace.example", "a password")

    def visitor(self) -> Person:
        """Return a person without an account."""
        return Person(self.stack.backend)

    def new_id(self) -> str:
        return f"item-{uuid4().hex[:12]}"

    def path(self, person: Person, item_id: str, file: str = "photo.jpg") -> str:
        return photo_folder(person.uid, item_id) + file

    def describe(self, person: Person, item_id: str, name: str = "", file: str = "photo.jpg", **fields: Any) -> None:
        """Write the whole document of an item, as the frontend does."""
        whole = {"uid": person.uid, "name": name, "brand": "", "photo_path": self.path(person, item_id, file)}
        person.write(f"wardrobe/{item_id}", whole | fields)

    def add(self, person: Person, seed: int, name: str = "", item_id: str | None = None) -> str:
        """Upload and describe an item, and wait until it is ready."""
        item_id = item_id or self.new_id()
        person.upload(self.path(person, item_id), photo(seed))
        self.describe(person, item_id, name)
        self.wait(person, item_id)
        return item_id

    def wait(self, person: Person, item_id: str, status: str = "ready") -> dict[str, Any]:
        """Return the item's state once it has that status."""

        def look() -> dict[str, Any] | None:
            state = person.read(f"item_state/{item_id}")
            return state if state and state["status"] == status else None

        state: dict[str, Any] = eventually(look, f"{item_id} to be {status}")
        return state

    def settle(self) -> None:
        """Wait until every event is handled, moving the clock on to the retry of those that failed.

        Gives up after ten retries: an event that fails every time must not move the clock past the end of sign-ins.
        """
        retries = 0

        def settled() -> bool:
            nonlocal retries
            state = self.stack.control.functions()
            busy = state["pending"] or state["running"]
            if state["retryWaiting"] and not busy:
                assert retries < 10, f"an event fails every time: {state}"
                retries += 1
                self.stack.control.advance_clock(60)
            return not (busy or state["retryWaiting"])

        eventually(settled, "every event to be handled")

    def metadata(self, path: str) -> dict[str, Any]:
        """Return what Cloud Storage knows of an object."""
        url = f"http://{self.stack.backend.storage}/storage/v1/b/{self.stack.backend.bucket}/o/{quote(path, safe='')}"
        found: dict[str, Any] = self.visitor().http.get(url).raise_for_status().json()
        return found

    def closet(self, person: Person) -> Closet:
        return FirestoreClosets(firestore.Client()).closet(person.uid)

    def entries(self, person: Person) -> dict[str, ClosetEntry]:
        """Return the entries of the person's items by the encoder in use."""
        return self.closet(person).entries_of(encoder_id(Settings.from_env()))

    def taste(self, person: Person) -> Taste | None:
        return FirestorePeople(firestore.Client()).person(person.uid).taste

    def flush_log(self) -> None:
        """Wait until ``lines`` has everything that the functions have logged so far."""
        mark = uuid4().hex
        self.stack.log_mark(mark)
        eventually(lambda: any(mark in line for line in reversed(self.lines)), "the log")

    def embeddings_of(self, item_id: str) -> int:
        """Return how often the functions have embedded the item, according to their log."""
        self.flush_log()
        return sum(f"item {item_id}: Embed" in line for line in self.lines)

    def check_invariant(self, person: Person, ready: Iterable[str]) -> None:
        """Assert that the closet holds exactly these items, and that the taste is its mean and of its version."""
        closet = self.closet(person)
        assert set(closet.entries) == set(ready)
        taste = eventually(
            lambda: (t := self.taste(person)) and t.closet_version == closet.version and t, "the taste to follow"
        )
        vectors = closet.arrays(taste.encoder).vectors
        np.testing.assert_allclose(taste.mean, mean_vector(vectors), atol=1e-6)
        assert taste.count == len(closet.entries)
