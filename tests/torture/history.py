"""One random history of a few items of two people, which remembers how each item must end."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import httpx

from closetspace_infra.local.person import Person, Refused
from tests.support.events import deliver, item_event
from tests.support.journey import Journey
from tests.torture.kept import Expected
from tests.torture.wardrobes import Content, stubborn

MOST_ITEMS = 3
PATIENCE_SECONDS = 2.0
"""For the functions to handle a change before the next one; without a pause most changes would overtake each other."""

BAD = Content(b"not a photo", "", "failed", None)
"""Its name makes no difference."""

Known = Mapping[tuple[bytes, str], Content]


@dataclass
class Life:
    """An item as its owner sees it. ``given_away`` says that another person has taken its id."""

    owner: Person
    name: str = ""
    data: bytes | None = None
    exists: bool = False
    given_away: bool = False


@dataclass
class History:
    """Lives a history of steps that ``draw`` chooses; with ``leaves``, the first person deletes their account."""

    journey: Journey
    people: Sequence[Person]
    draw: random.Random
    known: Known
    leaves: bool = False
    items: dict[str, Life] = field(default_factory=dict)

    def live(self) -> None:
        """Live to the end. Clients try again while the server is unavailable."""
        steps: list[Callable[[], None]] = [
            *(self.create, self.rename, self.replace, self.delete_photo, self.delete, self.take_over),
            *(self.repeat_an_event, self.wait),
        ]
        self.create()
        for _ in range(self.draw.randrange(2, 8)):
            self.draw.choice(steps)()
        if self.leaves:
            stubborn(lambda: self.people[0].call("deleteAccount", {}))

    def expected(self) -> Iterator[tuple[str, Expected]]:
        """Yield how each item must end."""
        for item_id, item in self.items.items():
            uid = item.owner.uid
            if not item.exists or (self.leaves and item.owner is self.people[0]):
                yield item_id, Expected(uid, None)
            elif item.data is None:
                yield item_id, Expected(uid, "waiting_for_photo")
            else:
                content = self.known.get((item.data, item.name), BAD)
                yield item_id, Expected(uid, content.status, self.journey.path(item.owner, item_id), content.vector)

    def create(self) -> None:
        """Write an item and upload its photo, in either order."""
        if len(self.items) < MOST_ITEMS:
            self._fill(self.journey.new_id(), Life(self.people[0]))

    def take_over(self) -> None:
        """Let the other person use the id of an item that was just deleted."""
        for item_id in self._chosen(lambda item: not item.exists and not item.given_away):
            self._fill(item_id, Life(self.people[1], given_away=True))

    def rename(self) -> None:
        """Write the item with another name."""
        for item_id in self._chosen(lambda item: item.exists):
            self._describe(item_id, self.items[item_id])

    def replace(self) -> None:
        """Upload another photo in place of the item's."""
        for item_id in self._chosen(lambda item: item.exists):
            self._upload(item_id, self.items[item_id])

    def delete_photo(self) -> None:
        """Delete the item's photo."""
        for item_id in self._chosen(lambda item: item.exists and item.data is not None):
            item = self.items[item_id]
            stubborn(lambda: item.owner.delete_photo(self.journey.path(item.owner, item_id)))  # noqa: B023
            item.data = None

    def delete(self) -> None:
        """Delete the item; the functions delete its photo."""
        for item_id in self._chosen(lambda item: item.exists):
            item = self.items[item_id]
            stubborn(lambda: item.owner.delete(f"wardrobe/{item_id}"))  # noqa: B023
            item.exists, item.data = False, None

    def repeat_an_event(self) -> None:
        """Deliver an old event of the item: a creation, or the deletion that it had if it was deleted."""
        for item_id in self._chosen(lambda _: True):
            item = self.items[item_id]
            old = {"uid": self.people[0].uid, "name": "An old name"}
            event = item_event(self.journey, item_id, None, old)
            if not item.exists or item.given_away:
                event = item_event(self.journey, item_id, old, None)
            with suppress(httpx.TransportError):  # the process was killed: the event is lost, as it was a duplicate
                deliver(self.journey, event)

    def wait(self) -> None:
        """Give the functions time to settle what has happened so far."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        wanted = {item_id: expected.status for item_id, expected in self.expected()}
        while time.monotonic() < deadline and any(self._status(item) != status for item, status in wanted.items()):
            time.sleep(0.1)

    def _status(self, item_id: str) -> str | None:
        try:
            state = stubborn(lambda: self.items[item_id].owner.read(f"item_state/{item_id}"))
        except Refused:  # it is still that of the owner before
            return None
        return state["status"] if state else None

    def _chosen(self, suits: Callable[[Life], bool]) -> list[str]:
        """Return one of the items that suit, or none."""
        suitable = [item_id for item_id, item in self.items.items() if suits(item)]
        return [self.draw.choice(suitable)] if suitable else []

    def _fill(self, item_id: str, item: Life) -> None:
        self.items[item_id] = item
        steps = [self._upload, self._describe]
        self.draw.shuffle(steps)
        for step in steps:
            step(item_id, item)

    def _upload(self, item_id: str, item: Life) -> None:
        data = self.draw.choice([BAD.data, *{data for data, _ in self.known}])
        stubborn(lambda: item.owner.upload(self.journey.path(item.owner, item_id), data))
        item.data = data

    def _describe(self, item_id: str, item: Life) -> None:
        name = self.draw.choice(sorted({name for _, name in self.known}))
        stubborn(lambda: self.journey.describe(item.owner, item_id, name))
        item.name, item.exists = name, True
