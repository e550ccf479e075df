"""Who may publish: the run that took the lease last.

A lease does not expire: a run that was killed holds up nobody, since the next one simply takes it, and the one that
lost it finds out when it asks, at the latest before it would publish.
"""

import json
from dataclasses import dataclass
from datetime import datetime

from closetspace.errors import Conflict, Incompatible, NotFound
from closetspace.ports import ObjectStore

LEASE = "catalog/lease.json"


@dataclass(frozen=True)
class Lease:
    """One run's claim."""

    store: ObjectStore
    run: str

    def take(self, now: datetime) -> None:
        """Take it from whoever has it."""
        self.store.write(LEASE, json.dumps({"run": self.run, "since": now.isoformat()}).encode())

    def check(self) -> None:
        """Raise `Conflict` when another run has taken it since."""
        try:
            holder = json.loads(self.store.read(LEASE))
            run, since = holder["run"], holder["since"]
        except NotFound:
            raise Conflict(f"The lease {LEASE} is gone: run the refresh again.") from None
        except (ValueError, KeyError, TypeError) as exc:
            raise Incompatible(f"{LEASE} is not readable: {exc}") from exc
        if run != self.run:
            raise Conflict(
                f"Run {run} took the lease at {since}, so this run ({self.run}) has stopped and published nothing. What"
                " it embedded is kept for the other one."
            )
