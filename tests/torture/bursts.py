"""Many photos at once: undisturbed, with the functions killed every second, and during an outage."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from closetspace_infra.local.functions import GROUP_PATH
from tests.support.journey import Journey
from tests.torture.kept import check_kept, read_kept
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
    timer, kills = Timer(), 0

    def disturb() -> None:
        nonlocal kills
        group = _group(context.journey)
        for second in range(KILLING_SECONDS):
            kills += _kill_workers(group)
            if second % 10 == 9:
                context.say(f"killed the functions {kills} times")
            time.sleep(1)

    verdict = _burst(context, disturb)
    yield timer.row(f"the same, with kill -9 of the functions every second for {KILLING_SECONDS} s", verdict)
    assert kills >= KILLING_SECONDS / 2, f"only {kills} kills reached a process"


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
    return verdict if settled else Verdict(verdict.tried, {**verdict.lost, "events": "fail every time"}, verdict.leaked)


def _group(journey: Journey) -> int:
    """Return the process group of the functions."""
    return int(httpx.get(f"http://{journey.stack.addresses.functions}{GROUP_PATH}", trust_env=False).text)


def _kill_workers(group: int) -> int:
    """Kill the processes in the group that serve requests; return their number.

    The group's leader guards gunicorn, whose children are the workers.
    """
    masters = _children(group)
    workers = [worker for master in masters for worker in _children(master)]
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    return len(workers)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
