"""Random histories of many people at once on the real stack, with kills, duplicates and late events in between."""

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from closetspace.adapters.authentication import FirebaseUsers
from closetspace.bootstrap import Services
from closetspace.settings import Settings
from tests.support.events import deliver, item_event
from tests.support.journey import Journey
from tests.torture.history import History, Known
from tests.torture.kept import Expected, check_kept, read_kept
from tests.torture.killing import Killer
from tests.torture.trial import Context, Row, Timer, Verdict
from tests.torture.wardrobes import CLIENTS, contents, settle

MOST = 10_000
ROUND = 20
"""Histories of the same two people, at once; two others live one more, and the first of them leaves."""
SECONDS_BETWEEN_KILLS = 20
MOST_EVENTS = 200
"""Events that may be outstanding when the next round begins: the functions handle a hundred a second."""
EMBEDDED = re.compile(r"item (\S+): Embed")
EVERYTHING = 1_000_000
"""More than a stack has: one audit looks at all of it."""
PHOTOS, NAMES = range(4), ("", "Shirt", "Jeans")


def histories(context: Context) -> Iterator[Row]:
    """Live histories for as long as the time allows, and then deliver an event of every item once more."""
    timer = Timer()
    lived = _live(context, {(content.data, content.name): content for content in contents(PHOTOS, NAMES)})
    settled = settle(context.journey, context.say)
    expected = {item_id: item for history in lived for item_id, item in history.expected()}
    people = {person.uid for history in lived for person in history.people}
    gone = {history.people[0].uid for history in lived if history.leaves}
    verdict = by_history(lived, _check(context.journey, expected, people, gone))
    what = f"{len(lived):,} random histories on the stack, {len(gone):,} of which end with the account"
    yield timer.row(what, verdict if settled else verdict.with_loss("events", "fail every time"))
    yield timer.row("late duplicates of an event of each item, which embed nothing", _repeat(context.journey, expected))


def _check(
    journey: Journey, expected: Mapping[str, Expected], people: Collection[str], gone: Collection[str]
) -> Verdict:
    """Check what is kept, and again after the audit.

    An attempt that was killed may leave thumbnails of a photo that was replaced; the audit removes them after a day.
    """
    found = check_kept(expected, read_kept(journey.stack.bucket, people), gone)
    services = Services(replace(Settings.from_env(), orphan_hours=0, audited_per_sweep=EVERYTHING))
    for _ in range(2):  # the first goes on where the last sweep of the stack has ended
        services.sweeper.sweep(datetime.now(UTC))
    audited = check_kept(expected, read_kept(journey.stack.bucket, people), gone)
    at_once = {subject: why for subject, why in found.leaked.items() if "/thumbs/" not in why}
    accounts = FirebaseUsers()
    in_use = {uid: "is still in Firebase Authentication" for uid in gone if accounts.delete(uid)}
    return Verdict(found.tried, {**found.lost, **audited.lost}, {**audited.leaked, **at_once, **in_use})


def by_history(lived: Sequence[History], verdict: Verdict) -> Verdict:
    """Return the verdict with histories as its subjects, instead of items and accounts."""
    numbers = {item_id: f"history {number}" for number, history in enumerate(lived) for item_id in history.items}

    def renamed(found: Mapping[str, str]) -> dict[str, str]:
        return {numbers.get(subject, subject): f"{subject} {why}" for subject, why in found.items()}

    return Verdict(len(lived), renamed(verdict.lost), renamed(verdict.leaked))


def _live(context: Context, known: Known) -> list[History]:
    """Live rounds of histories until the time is over; kill the functions now and then."""
    journey, killer = context.journey, Killer(context.journey)
    deadline, next_kill = time.monotonic() + context.seconds, time.monotonic() + SECONDS_BETWEEN_KILLS
    lived: list[History] = []
    with ThreadPoolExecutor(CLIENTS) as threads:
        while time.monotonic() < deadline and len(lived) < MOST:
            begun = _round(context, known, len(lived))
            list(threads.map(History.live, begun))
            lived += begun
            if time.monotonic() > next_kill:
                killer.kill()
                next_kill = time.monotonic() + SECONDS_BETWEEN_KILLS
                context.say(f"{len(lived):,} histories, {killer.kills} kills")
            _wait_for_room(journey)
    return lived


def _round(context: Context, known: Known, first: int) -> list[History]:
    journey = context.journey
    staying, leaving = ([journey.person(), journey.person()] for _ in range(2))
    draws = [context.random(f"history {first + number}") for number in range(ROUND + 1)]
    return [
        *(History(journey, staying, draw, known) for draw in draws[:-1]),
        History(journey, leaving, draws[-1], known, leaves=True),
    ]


def _wait_for_room(journey: Journey) -> None:
    while True:
        state = journey.stack.control.functions()
        if state["pending"] + state["running"] <= MOST_EVENTS:
            return
        time.sleep(0.1)


def _repeat(journey: Journey, expected: Mapping[str, Expected]) -> Verdict:
    """Deliver an event of each item again; return which items the functions have embedded again, by their log."""
    journey.flush_log()
    before = len(journey.lines)
    there = [item_id for item_id, item in expected.items() if item.status]
    with ThreadPoolExecutor(CLIENTS) as threads:
        answers = threads.map(
            lambda item_id: deliver(journey, item_event(journey, item_id, None, {"uid": expected[item_id].uid})), there
        )
        lost = {item_id: answer.text for item_id, answer in zip(there, answers, strict=True) if answer.is_error}
    journey.flush_log()
    again = {match[1] for line in journey.lines[before:] if (match := EMBEDDED.search(line))}
    return Verdict(len(there), lost | dict.fromkeys(again & set(there), "was embedded again"))
