"""How commands talk to people: progress and notes on standard error, results on standard output."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from catalog_jobs.catalog.source_result import by_reason
from closetspace.errors import ClosetspaceError, InvalidInput

notes = Console(stderr=True, highlight=False)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for a long step; where nobody watches, a line at each tenth."""
    if not notes.is_terminal:
        yield _lines(what)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=notes) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _lines(what: str) -> Callable[[int, int], None]:
    told = 0

    def tell(done: int, total: int) -> None:
        nonlocal told
        tenth = 10 * done // max(total, 1)
        if tenth > told:
            told = tenth
            notes.print(f"{what} {done}/{total}")

    return tell


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Our errors are sentences for the person at the terminal; everything else is a bug and keeps its traceback."""
    try:
        yield
    except ClosetspaceError as error:
        notes.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error


def check_writable(file: Path) -> None:
    """Refuse a file that can't be written before minutes of work; raises `InvalidInput`."""
    if file.is_dir() or not file.parent.is_dir():
        raise InvalidInput("out_invalid", f"{file} can't be written: its folder must be there, and it must be a file.")


def tell_left_out(left_out: Iterable[tuple[str, str]]) -> None:
    """Say how many products or photos were left out, why, and an example of each reason."""
    tell_reasons(by_reason(left_out))


def tell_reasons(left_out: Mapping[str, int]) -> None:
    """Say how many products or photos were left out for each reason."""
    for reason, count in left_out.items():
        notes.print(f"[yellow]left out {count}:[/yellow] {escape(reason)}")


def print_json(result: Any) -> None:
    """The result as one line, the last that is printed."""
    sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()
