"""A restore drill: the database is lost, comes back as it was some time ago, and is repaired.

What production does with `gcloud firestore export` and `import` is done here with the documents themselves. As there,
the functions get no events of an import: those of the local Firebase are dropped meanwhile.

The sweeper runs before and after the loss, and takes no photo for too young to remove: it must keep every one until the
repair.
"""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud import firestore

from closetspace.adapters.firestore.queries import paged
from closetspace.bootstrap import Services, open_store
from closetspace.settings import Settings
from closetspace_infra.local.person import Person
from tests.support.journey import Journey
from tests.torture.histories import EVERYTHING
from tests.torture.kept import Expected, check_kept, read_kept
from tests.torture.trial import Context, Row, Timer, Verdict
from tests.torture.wardrobes import Content, add, contents, expect, settle

PEOPLE, PHOTOS = 6, 5
DROP_EVENTS = [{"match": {"operation": "functions.invoke"}, "action": {"type": "deadLetter"}}]

Backup = Mapping[str, Mapping[str, Any]]


def restore(context: Context, count: int = PEOPLE, photos: int = PHOTOS) -> Iterator[Row]:
    """Back up, let people go on, lose the whole database, restore it, and repair what is stored of everyone."""
    timer, journey = Timer(), context.journey
    drill = Drill(journey, contents(range(photos), [""]))
    people = [journey.person() for _ in range(count)]
    for person in people:
        drill.fill(person)
    settle(journey, context.say)
    sweep()
    backup, restored_to = back_up(), time_of_photos(journey)
    yield timer.row(f"a backup of {count * photos} items of {count} people", drill.check(people))
    drill.go_on(people)
    settle(journey, context.say)
    sweep(timedelta(hours=3))
    yield timer.row("what they have after changes that the backup lacks", drill.check(people))
    before = stored(journey)
    with events_dropped(journey):
        lose_everything()
        sweep()
        yield timer.row("photos that the sweeper finds without items after the loss", kept(before, stored(journey)))
        bring_back(backup)
        sweep()
        yield timer.row("photos that it finds without items after the restore", kept(before, stored(journey)))
    damaged = drill.check(people)
    context.say(f"the restored database has {len(damaged.lost)} losses and {len(damaged.leaked)} leaks")
    repaired = repair(restored_to)
    settle(journey, context.say)
    yield timer.row("the same after losing the database, the restore and `account repair`", drill.check(people))
    context.say(f"repaired: {repaired}")
    stray = journey.path(people[0], "no-item")
    people[0].upload(stray, drill.given[0].data)
    sweep()
    removed = {} if stray not in stored(journey) else {stray: "is still there"}
    verdict = drill.check(people)
    yield timer.row(
        "the same after a sweep, which removes photos again", replace(verdict, leaked={**verdict.leaked, **removed})
    )
    again = repair(restored_to)
    idle = again.keys() <= {"people", "people removed", "items reconciled"} and not again["people removed"]
    yield timer.row("a second repair, which changes nothing", Verdict(1, {} if idle else {"repair": str(again)}))


class Drill:
    """What people have, and what must be left of it."""

    def __init__(self, journey: Journey, given: list[Content]) -> None:
        self._journey, self.given = journey, given
        self._expected: dict[str, Expected] = {}
        self._left: set[str] = set()

    def fill(self, person: Person) -> None:
        """Add an item of every content."""
        for content in self.given:
            self._add(person, content)

    def go_on(self, people: list[Person]) -> None:
        """Let one person delete an item, one replace a photo, one add an item, and one leave."""
        deleting, replacing, adding, leaving, *_ = people
        self._delete(deleting, self._items(deleting)[0])
        self._replace(replacing, self._items(replacing)[0], self.given[1])
        self._add(adding, self.given[0])
        leaving.call("deleteAccount", {})
        self._expected |= {item_id: Expected(leaving.uid, None) for item_id in self._items(leaving)}
        self._left.add(leaving.uid)

    def check(self, people: Collection[Person]) -> Verdict:
        """Compare what is kept with what must be."""
        uids = {person.uid for person in people}
        return check_kept(self._expected, read_kept(self._journey.stack.bucket, uids), self._left)

    def _items(self, person: Person) -> list[str]:
        return [item_id for item_id, item in self._expected.items() if item.uid == person.uid and item.status]

    def _add(self, person: Person, content: Content) -> None:
        item_id = self._journey.new_id()
        add(self._journey, person, item_id, content)
        self._expected[item_id] = expect(self._journey, person, item_id, content)

    def _replace(self, person: Person, item_id: str, content: Content) -> None:
        person.upload(self._journey.path(person, item_id), content.data)
        self._expected[item_id] = expect(self._journey, person, item_id, content)

    def _delete(self, person: Person, item_id: str) -> None:
        person.delete(f"wardrobe/{item_id}")
        self._expected[item_id] = Expected(person.uid, None)


def back_up() -> Backup:
    """Return every document by its path."""
    return {found.reference.path: found.to_dict() or {} for found in _documents()}


def lose_everything() -> None:
    """Delete every document."""
    for found in _documents():
        found.reference.delete()


def bring_back(backup: Backup) -> None:
    """Write the documents of a backup."""
    client = firestore.Client()
    for path, fields in backup.items():
        client.document(path).set(dict(fields))


def _documents() -> Iterator[Any]:
    for collection in firestore.Client().collections():
        for found in paged(collection.order_by("__name__")):
            for inner in found.reference.collections():
                yield from paged(inner.order_by("__name__"))
            yield found


@contextmanager
def events_dropped(journey: Journey) -> Iterator[None]:
    """Give up every event of the block."""
    journey.stack.control.fault_plan(DROP_EVENTS)
    try:
        yield
        journey.stack.control.await_idle()
    finally:
        journey.stack.control.clear_faults()


def sweep(after: timedelta = timedelta(hours=1)) -> None:
    """Run the sweeper over everything as it would run some time from now.

    It leaves photos no day until they are removed; the local Firebase may date some later than this clock.
    """
    services = Services(replace(Settings.from_env(), orphan_hours=0, audited_per_sweep=EVERYTHING))
    for _ in range(2):  # the first goes on where the last one has ended
        services.sweeper.sweep(datetime.now(UTC) + after)


def time_of_photos(journey: Journey) -> datetime:
    """Return a time that is not after those by which the local Firebase will date photos.

    Its clock may be a second behind this one, and minutes ahead where a test has moved it.
    """
    return min(open_store(f"gs://{journey.stack.bucket}").write("drill/time.txt", b"").created, datetime.now(UTC))


def stored(journey: Journey) -> set[str]:
    """Return the names of all photos and thumbnails."""
    return {stat.name for stat in open_store(f"gs://{journey.stack.bucket}").list("users/")}


def kept(before: Collection[str], after: Collection[str]) -> Verdict:
    """Compare the photos before and after a sweep that must remove none."""
    return Verdict(len(before), {name: "was removed" for name in before if name not in after})


def repair(restored_to: datetime) -> dict[str, int]:
    """Run the operator's command, and return what it has changed."""
    command = [sys.executable, "-m", "catalog_jobs", "account", "repair", "--restored-to", restored_to.isoformat()]
    # Whatever other tests have left in the same stack: photos without items, and people without accounts.
    options = ("--at-most", "1000", "--yes", "--json")
    done = subprocess.run([*command, *options], check=True, stdout=subprocess.PIPE, text=True)
    changed: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return changed
