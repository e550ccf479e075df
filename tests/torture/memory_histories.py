"""Ten thousand random histories over the in-memory ports: the state machine of the unit tests, with more examples."""

from collections.abc import Iterator

from hypothesis import HealthCheck, Verbosity, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.torture.trial import Context, Row, Timer, Verdict
from tests.unit.services.test_reconcile_histories import WardrobeHistories

HISTORIES = 10_000
STEPS = 20


def histories_in_memory(context: Context) -> Iterator[Row]:
    """Run the histories; Hypothesis stops at the first that breaks an invariant, and shortens it."""
    timer, lived = Timer(), 0

    class Counted(WardrobeHistories):
        def __init__(self) -> None:
            nonlocal lived
            lived += 1
            if lived % 1_000 == 0:
                context.say(f"{lived:,} histories in memory")
            super().__init__()

    limits = settings(
        max_examples=HISTORIES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    lost = {}
    try:
        run_state_machine_as_test(seed(context.seed)(Counted), settings=limits)
    except Exception as error:
        lost[f"history {lived}"] = repr(error)
    yield timer.row(f"{lived:,} random histories over the ports in memory", Verdict(lived, lost))
