"""A thousand hostile calls of each callable: each gets a result or an error of the protocol, and nobody else's data."""

import json
import time
from collections.abc import Collection, Iterator

import httpx

from closetspace_infra.local.functions import fetch_manifest
from closetspace_infra.local.person import Person
from tests.support.journey import Journey
from tests.torture.fuzzing import OWNER, Call, call, forged_token
from tests.torture.plausible import Texts
from tests.torture.trial import Context, Cost, Row, Timer, Verdict

CALLS = 1_000
CALLERS_FAULTS = {
    *("INVALID_ARGUMENT", "UNAUTHENTICATED", "FAILED_PRECONDITION"),
    *("RESOURCE_EXHAUSTED", "PERMISSION_DENIED", "NOT_FOUND"),
}
"""Codes that blame the request. Nothing fails inside while everything runs, so any other code is a fault of ours."""
NAMES = ("Topwear", "Shoes", "Men", "Women", "Casual", "Red", "Stussy")
"""Texts that some field accepts: they lead further into the code."""
INSIDES = (".py", "Traceback (most recent call last)", "site-packages")
"""What an answer would have if it came from inside of the server."""


def calls(context: Context) -> Iterator[Row]:
    """Call every callable of the manifest."""
    journey = context.journey
    victim = journey.person()
    secret = f"secret {victim.uid}"
    victims = journey.add(victim, 1, secret)
    for name in _callables(journey):
        context.say(f"calling {name}")
        timer = Timer()
        verdict = _call_often(context, name, {secret, victim.uid, victims})
        yield timer.row(f"{CALLS:,} hostile calls of `{name}`", verdict)


def judge(sent: Call, answer: str, secrets: Collection[str]) -> tuple[str, str] | None:
    """Return ``lost`` or ``leaked`` and why, or None if the answer is as it should be."""
    body = sent.body.decode(errors="replace")
    if any(text in answer and text not in body for text in (*secrets, *INSIDES)):
        return "leaked", f"the answer shows what it must not: {answer[:200].strip()}"
    try:
        parsed = json.loads(answer)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or len(parsed.keys() & {"result", "error"}) != 1:
        return "lost", f"the answer is not of the protocol: {answer[:200].strip()}"
    if "result" in parsed:
        return None if sent.sign_in == OWNER else ("leaked", f"answers {sent.sign_in}")
    error = parsed["error"]
    if error.get("status") not in CALLERS_FAULTS or not error.get("message"):
        return "lost", f"fails inside: {answer[:200].strip()}"
    return None


def _call_often(context: Context, name: str, secrets: Collection[str]) -> Verdict:
    journey, draw = context.journey, context.random(name)
    found: dict[str, dict[str, str]] = {"lost": {}, "leaked": {}}
    (caller, texts), results = _caller(journey), 0
    _send(journey.http, _url(journey, name), Call("", b'{"data":{}}'), None)  # loads what the first call needs
    for number in range(CALLS):
        sign_ins = _sign_ins(journey.stack.project, caller)
        sent = call(draw, name, texts, list(sign_ins))
        began = time.perf_counter()
        answer = _send(journey.http, _url(journey, name), sent, sign_ins[sent.sign_in])
        context.costs.append(Cost(f"call {name} with {sent.label}", (time.perf_counter() - began) * 1000))
        if fault := judge(sent, answer, secrets):
            kind, why = fault
            found[kind][f"call {number}, {sent.label}"] = why
        results += '"result"' in answer
        if name == "deleteAccount" and '"result"' in answer:
            caller = journey.person()
    context.say(f"{results} calls of {name} were answered with a result")
    return Verdict(CALLS, found["lost"], found["leaked"])


def _callables(journey: Journey) -> list[str]:
    """Return the names of all callables, with the one last that ends the caller's account."""
    manifest = fetch_manifest(journey.stack.addresses.functions) or {}
    names = [name for name, endpoint in manifest.items() if "callableTrigger" in endpoint]
    return sorted(names, key=lambda name: (name == "deleteAccount", name))


def _caller(journey: Journey) -> tuple[Person, Texts]:
    """Return a person with an item, and texts for their requests: among them a list's cursor and items."""
    person = journey.person()
    journey.add(person, 2, "Shirt")
    page = person.call("recommend", {"count": 5})
    return person, {"": NAMES, "cursor": [page["cursor"]], "itemId": [item["id"] for item in page["items"]]}


def _sign_ins(project: str, caller: Person) -> dict[str, str | None]:
    """Return the header of each way to sign in; only the owner's is valid."""
    return {
        OWNER: f"Bearer {caller.token}",
        "nobody": None,
        "an empty token": "Bearer",
        "no token": "Bearer nonsense",
        "a password": "Basic YTpi",
        "a token of another project": f"Bearer {forged_token('another', sub=caller.uid)}",
        "a token of nobody": f"Bearer {forged_token(project, sub='')}",
        "a token of a long name": f"Bearer {forged_token(project, sub='x' * 129)}",
    }


def _url(journey: Journey, name: str) -> str:
    stack = journey.stack
    return f"http://{stack.addresses.functions}/{stack.project}/{stack.region}/{name}"


def _send(http: httpx.Client, url: str, sent: Call, authorization: str | None) -> str:
    headers = {"Authorization": authorization, "Content-Type": sent.content_type}
    given = {name: text for name, text in headers.items() if text is not None}
    try:
        return http.request(sent.method, url, content=sent.body, headers=given).text
    except httpx.TransportError as error:
        return f"no answer: {error}"
