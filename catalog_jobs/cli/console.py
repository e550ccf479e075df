"""The terminal: progress and notes on standard error, results on standard output, and interrupts."""

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from catalog_jobs.catalog.left_out import count_reasons
from closetspace.adapters.cloud_logging import cloud_service
from closetspace.errors import ClosetspaceError, InvalidInput

log = logging.getLogger(__name__)

notes = Console(stderr=True, highlight=False)


@contextmanager
def progress_bar(step: str) -> Iterator[Callable[[int, int], None]]:
    """Show the progress of a long step: as a bar in a terminal, elsewhere as a line per tenth."""
    if not notes.is_terminal:
        yield _progress_lines(step)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=notes) as bar:
        task = bar.add_task(step, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _progress_lines(step: str) -> Callable[[int, int], None]:
    printed = 0

    def update(done: int, total: int) -> None:
        nonlocal printed
        tenths = 10 * done // max(total, 1)
        if tenths > printed:
            printed = tenths
            notes.print(f"{step} {done}/{total}")

    return update


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Print our errors as a sentence and exit with 1. Other exceptions are bugs and keep their traceback.

    In the cloud both are logged as one line each, which alerts and Error Reporting find.
    """
    try:
        yield
    except ClosetspaceError as error:
        if cloud_service():
            log.error("%s", error)
        else:
            notes.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        if not cloud_service():
            raise
        log.exception("The command failed.")
        raise typer.Exit(1) from error


def check_writable(file: Path) -> None:
    """Raise `InvalidInput` for a file that can't be written, before a command works for minutes."""
    if file.is_dir() or not file.parent.is_dir():
        raise InvalidInput("out_invalid", f"{file} can't be written: give a file in an existing folder.")


def print_left_out(left_out: Iterable[tuple[str, str]]) -> None:
    """Print the number of skipped products or photos by reason, with an example of each."""
    print_left_out_counts(count_reasons(left_out))


def print_left_out_counts(counts: Mapping[str, int]) -> None:
    """Print the number of skipped products or photos by reason."""
    for reason, count in counts.items():
        notes.print(f"[yellow]left out {count}:[/yellow] {escape(reason)}")


def print_json(result: Any) -> None:
    """Print the result as one line."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. Not an `Exception`, so that only clean-up code handles it."""


@contextmanager
def interruptible() -> Iterator[None]:
    """End the block quietly on the first SIGINT or SIGTERM.

    Further signals are ignored, so that an impatient second Ctrl-C can't cut the clean-up short.
    """

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, signal.SIG_IGN)
        raise Interrupted

    previous = {kind: signal.signal(kind, interrupt) for kind in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Interrupted:
        return
    finally:
        for kind, handler in previous.items():
            signal.signal(kind, handler)


def wait_for_interrupt() -> None:
    """Sleep until `interruptible` ends the block."""
    threading.Event().wait()
