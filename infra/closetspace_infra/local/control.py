"""The local Firebase's control API: faults, the virtual clock, waiting until everything has been handled.

A fault plan is a list of rules, each ``{"match": {...}, "action": {...}}``:

    match   operation   what is hit, see below; left out, an ``eventType`` alone means ``functions.deliver``
            nth         only the nth occurrence since the plan was set (of the function, if one is named);
                        every one when left out
            function    only this function (``functions.*``)
            eventType   only events of this type, ``google.cloud.firestore.document.v1.written`` for one
    action  {"type": "returnError", "code": "UNAVAILABLE"}   refuse, with this canonical code
            {"type": "timeout"}                 refuse with DEADLINE_EXCEEDED; an invocation is retried
            {"type": "dropConnection"}          cut the connection; an invocation is retried
            {"type": "transactionConflict"}     ABORTED
            {"type": "delay", "seconds": 2}     moves the virtual clock; holds an invocation until it gets there
            {"type": "crashRunner"}             the bridge dies before Python is called; delivered again at once
            {"type": "deadLetter"}              the event is given up
            {"type": "duplicate", "count": 1}   so many deliveries more, with the same event id

    firestore.commit                            returnError timeout dropConnection transactionConflict delay
    storage.upload                              the same
    firestore.read, firestore.beginTransaction  returnError timeout dropConnection delay
    storage.read, .delete, .list, .request      the same
    functions.invoke                            returnError timeout dropConnection delay crashRunner deadLetter
    functions.deliver                           duplicate

A refused commit has not happened. Google's clients repeat an UNAVAILABLE by themselves. Callables are served
by Python, which this plan does not reach; ``LocalStack.crash_functions`` kills Python in the middle of a handler.

A failed event is delivered again after about 10 s, then 20, 40 ... 600 s, on the virtual clock, which follows
real time: ``advance_clock(60)`` is a retry now. A write that changes nothing in a document is no event.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from closetspace_infra.local.ports import HANG_SECONDS

_SESSION = "/v1/sessions/default"


class Control:
    """Talks to the control API on the Auth port."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=f"http://{address}", timeout=HANG_SECONDS, trust_env=False)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def fault_plan(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Replaces the fault plan and counts occurrences from one again."""
        self._call("PUT", "/faultPlan", {"rules": list(rules)})

    def clear_faults(self) -> None:
        """Removes the fault plan."""
        self._call("DELETE", "/faultPlan")

    def faults_fired(self) -> list[dict[str, Any]]:
        """What the plan has done so far: ``operation``, ``occurrence``, ``function``, ``action``."""
        fired: list[dict[str, Any]] = self._call("GET", "/faultPlan")["fired"]
        return fired

    def advance_clock(self, seconds: float) -> None:
        """Moves the virtual clock forward: retries and schedules that become due run now."""
        self._call("POST", "/clock:advance", {"millis": round(seconds * 1000)})

    def run_schedule(self, name: str) -> None:
        """Runs a scheduled function once, now."""
        self._call("POST", f"/functions/{name}:run", {})

    def functions(self) -> dict[str, Any]:
        """The event runtime's state: ``functions``, ``pending``, ``running``, ``retryWaiting``, ``succeeded``."""
        return self._call("GET", "/functions")

    def has_loaded(self, names: set[str]) -> bool | None:
        """True once the event functions are loaded, None before that."""
        try:
            return names <= set(self.functions()["functions"]) or None
        except httpx.TransportError:
            return None

    def await_idle(self, timeout: float = HANG_SECONDS) -> None:
        """Waits until no event is waiting, running or to be retried.

        Raises:
            TimeoutError: that was not so within ``timeout`` seconds.
        """
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
