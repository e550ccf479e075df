"""Who has to be able to call which function. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalog_jobs.operations.cloud_status.deployed import DeployedFunction
from catalog_jobs.operations.cloud_status.expected import Expected
from catalog_jobs.operations.cloud_status.services import Callers

ANYONE = "anyone"


@dataclass(frozen=True)
class Lack:
    """A function that ``member`` can't call, but has to: `ANYONE`, or the account that its events arrive as."""

    function: str
    service: str
    member: str


def missing_callers(
    expected: Expected, functions: Iterable[DeployedFunction], callers: Mapping[str, Callers]
) -> Iterator[Lack]:
    """Yield what is missing for browsers to call the callables, and for events to reach the other functions.

    ``callers`` are those of each service. Browsers have no account of Google Cloud: the callables check Firebase's
    tokens themselves.
    """
    for found in functions:
        name, allowed = found.function.name, callers.get(found.service)
        member = ANYONE if name in expected.callables else f"serviceAccount:{found.function.account}"
        if allowed and not allowed.anyone and member not in allowed.members:
            yield Lack(name, found.service, member)
