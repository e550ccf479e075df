"""Run the trials and print their table.

The exit status is 0 if nothing was lost and nothing leaked, else 1.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.support.paths import REPOSITORY
from tests.torture import bursts, calls, histories, memory_histories, photos, report, restoring, rights, wardrobes
from tests.torture.stack import torture_stack
from tests.torture.trial import Context, Row, Timer, Trial, Verdict

DOCUMENT = REPOSITORY / "docs" / "reliability.md"

TRIALS: Mapping[str, Trial] = {
    "rights": rights.rights,
    "calls": calls.calls,
    "photos": photos.photos,
    "burst": bursts.burst,
    "kills": bursts.killed,
    "outage": bursts.outage,
    "restore": restoring.restore,
    "memory": memory_histories.histories_in_memory,
    "histories": histories.histories,
}


def main(arguments: list[str] | None = None) -> int:
    """Run what the command line asks for; return the exit status."""
    options = _options(arguments)
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", file=sys.stderr, flush=True)

    rows: list[Row] = []
    with torture_stack() as journey:
        context = Context(journey, options.seed, options.minutes * 60, say, options.cases)
        for name in options.only or TRIALS:
            say(f"trial {name}")
            for row in _rows(name, TRIALS[name], context):
                say(report.table([row]).splitlines()[-1])
                for fault in report.faults(row):
                    say(fault)
                rows.append(row)
            wardrobes.settle(journey, say)  # a trial leaves no events to the next one
    text = report.summary(rows, context.costs, seed=options.seed, day=datetime.now(UTC).date())
    print(text)
    if options.write:
        report.write(DOCUMENT, text)
    return 0 if all(row.verdict.holds for row in rows) else 1


def _rows(name: str, trial: Trial, context: Context) -> Iterator[Row]:
    """Yield the trial's rows, and one more if it comes to no end: the other trials still run."""
    timer = Timer()
    try:
        yield from trial(context)
    except Exception as error:
        traceback.print_exc()
        yield timer.row(f"the trial `{name}`, which broke off", Verdict(1, {name: repr(error)}))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("torture", description="Attack the local stack; count what is lost or leaked.")
    parser.add_argument("--only", action="append", choices=sorted(TRIALS), help="run this trial alone; may be repeated")
    parser.add_argument("--seed", type=int, default=1, help="of everything random (default: 1)")
    parser.add_argument("--minutes", type=float, default=5, help="for random histories on the stack (default: 5)")
    parser.add_argument("--cases", type=Path, metavar="DIR", help="a folder of more photos to upload and mutate")
    parser.add_argument("--write", action="store_true", help=f"write the table to {DOCUMENT.relative_to(REPOSITORY)}")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
