"""The local Firebase's control API: faults, the virtual clock, and the state of events.

A fault plan is a list of rules, each ``{"match": {...}, "action": {...}}``:

    match   operation   what is hit, see below; without it, an ``eventType`` means ``functions.deliver``
            nth         only the nth occurrence since the plan was set (of the function, if one is named);
                        without it, every one
            function    only this function (``functions.*``)
            eventType   only events of this type, for example ``google.cloud.firestore.document.v1.written``
    action  {"type": "returnError", "code": "UNAVAILABLE"}   answer with this canonical code
            {"type": "timeout"}                 answer DEADLINE_EXCEEDED; an invocation is retried
            {"type": "dropConnection"}          cut the connection; an invocation is retried
            {"type": "transactionConflict"}     answer ABORTED
            {"type": "delay", "seconds": 2}     move the virtual clock; hold an invocation until then
            {"type": "crashRunner"}             kill the bridge before it calls Python; delivered again at once
            {"type": "deadLetter"}              give up the event
            {"type": "duplicate", "count": 1}   deliver so many times more, with the same event id

    firestore.commit                            returnError timeout dropConnection transactionConflict delay
    storage.upload                              the same
    firestore.read, firestore.beginTransaction  returnError timeout dropConnection delay
    storage.read, .delete, .list, .request      the same
    functions.invoke                            returnError timeout dropConnection delay crashRunner deadLetter
    functions.deliver                           duplicate

A refused commit has not happened. Google's clients repeat UNAVAILABLE themselves. Callables are served by Python, which
the plan does not reach; ``LocalStack.crash_functions`` kills Python in the middle of a handler.

A failed event is delivered again after about 10 s, then 20, 40 ... 600 s of the virtual clock, which follows real time:
``advance_clock(60)`` is a retry now. Moving the clock breaks off the answers to queries that are being sent, with
UNAVAILABLE. A write that changes nothing in a document is no event.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from closetspace_infra.local.ports import HANG_SECONDS

_SESSION = "/v1/sessions/default"
_TICK_SECONDS = 1.0


class Control:
    """A client of the control API, which is on the port of Auth."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=f"http://{address}", timeout=HANG_SECONDS, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def fault_plan(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replace the fault plan, and count occurrences from one again."""
        self._call("PUT", "/faultPlan", {"rules": list(rules)})

    def clear_faults(self) -> None:
        """Remove the fault plan."""
        self._call("DELETE", "/faultPlan")

    def faults_fired(self) -> list[dict[str, Any]]:
        """Return what the plan has done so far: ``operation``, ``occurrence``, ``function``, ``action``."""
        fired: list[dict[str, Any]] = self._call("GET", "/faultPlan")["fired"]
        return fired

    def advance_clock(self, seconds: float) -> None:
        """Move the virtual clock forward: retries and schedules that become due run now."""
        self._call("POST", "/clock:advance", {"millis": round(seconds * 1000)})

    def run_schedule(self, name: str) -> None:
        """Run a scheduled function once, now."""
        self._call("POST", f"/functions/{name}:run", {})

    def functions(self) -> dict[str, Any]:
        """Return the state of events: ``functions``, ``pending``, ``running``, ``retryWaiting``, ``succeeded``."""
        return self._call("GET", "/functions")

    def has_loaded(self, names: set[str]) -> bool | None:
        """Return True once these event functions are loaded, None before."""
        try:
            return names <= set(self.functions()["functions"]) or None
        except httpx.TransportError:
            return None

    def await_idle(self, timeout: float = HANG_SECONDS) -> None:
        """Wait until no event is pending, running or to be retried. Raises `TimeoutError` after ``timeout`` seconds."""
        deadline = time.monotonic() + timeout
        while any(_outstanding(state := self.functions()).values()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"events are still outstanding after {timeout:g} s: {_outstanding(state)}")
            time.sleep(0.02)

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        response = self._client.request(method, _SESSION + path, json=body)
        if response.is_error:
            raise ValueError(f"{method} {path}: {response.text}")
        answer: dict[str, Any] = response.json()
        return answer


def _outstanding(state: Mapping[str, Any]) -> dict[str, int]:
    return {key: int(state[key]) for key in ("pending", "running", "retryWaiting", "catchUpPending")}


class Ticker:
    """A thread that moves the virtual clock along with real time; by itself the clock stands still."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        last = time.monotonic()
        while not self._stopped.wait(_TICK_SECONDS):
            now = time.monotonic()
            try:
                self._control.advance_clock(now - last)
            except httpx.HTTPError:
                continue  # the next tick makes up for this one
            last = now
