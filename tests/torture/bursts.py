"""Many photos at once: undisturbed, with the functions killed every second, and during an outage."""

import time
from collections.abc import Callable, Iterator

from tests.torture.kept import check_kept, read_kept
from tests.torture.killing import Killer
from tests.torture.trial import Context, Row, Timer, Verdict
from tests.torture.wardrobes import contents, fill, settle

PEOPLE, PHOTOS = 20, 25
KILLING_SECONDS = 60
OUTAGE_SECONDS = 10

OUTAGE = [
    {"match": {"operation": operation}, "action": {"type": "returnError", "code": "UNAVAILABLE"}}
    for operation in (
        *("firestore.commit", "firestore.read", "firestore.beginTransaction"),
        *("storage.upload", "storage.read", "storage.delete", "storage.list"),
    )
]


def burst(context: Context) -> Iterator[Row]:
    """Upload all photos at once."""
    yield Timer().row(f"{PEOPLE * PHOTOS} photos of {PEOPLE} people at once", _burst(context, lambda: None))


def killed(context: Context) -> Iterator[Row]:
    """Kill the process of the functions every second, from the first upload on."""
    timer, killer = Timer(), Killer(context.journey)

    def disturb() -> None:
        for second in range(KILLING_SECONDS):
            killer.kill()
            if second % 10 == 9:
                context.say(f"killed the functions {killer.kills} times")
            time.sleep(1)

    verdict = _burst(context, disturb)
    yield timer.row(f"the same, with kill -9 of the functions every second for {KILLING_SECONDS} s", verdict)
    assert killer.kills >= KILLING_SECONDS / 2, f"only {killer.kills} kills reached a process"


def outage(context: Context) -> Iterator[Row]:
    """Let Firestore and Storage answer UNAVAILABLE, which is 503, in the middle of the uploads."""
    control, timer = context.journey.stack.control, Timer()

    def disturb() -> None:
        time.sleep(1)
        control.fault_plan(OUTAGE)
        try:
            time.sleep(OUTAGE_SECONDS)
            fired = len(control.faults_fired())
        finally:
            control.clear_faults()
        context.say(f"{fired} requests were answered with 503")
        assert fired, "no request met the outage"

    verdict = _burst(context, disturb)
    yield timer.row(f"the same, with Firestore and Storage answering 503 for {OUTAGE_SECONDS} s", verdict)


def _burst(context: Context, disturb: Callable[[], None]) -> Verdict:
    journey = context.journey
    people = [journey.person() for _ in range(PEOPLE)]
    wait = fill(journey, people, contents(range(PHOTOS), [""]))
    disturb()
    expected = wait()
    settled = settle(journey, context.say)
    verdict = check_kept(expected, read_kept(journey.stack.bucket, {person.uid for person in people}))
    return verdict if settled else verdict.with_loss("events", "fail every time")
