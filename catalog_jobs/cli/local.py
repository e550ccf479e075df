"""``closetspace local``: the local stack."""

import json
import os
import re
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error, interruptible, notes, wait_for_interrupt

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The local stack: an emulated Firebase with our functions."""


def seconds_of(text: str) -> float:
    """Return an interval such as ``90s``, ``10m`` or ``1.5h`` in seconds."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    seconds = float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]] if match else 0.0
    if seconds <= 0:
        raise typer.BadParameter(f"{text!r} is not an interval, such as 90s, 10m or 1h.")
    return seconds


@app.command()
def up(
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Use any free ports, not the default ones.")] = False,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The file for the log. Default: the terminal.")
    ] = None,
    refresh_every: Annotated[
        float | None,
        typer.Option(
            metavar="INTERVAL", parser=seconds_of, help="Refresh the catalog at this interval, for example 10m or 90s."
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(metavar="DIR_OR_FEED", help="The source of --refresh-every. Default: the configured shops."),
    ] = None,
) -> None:
    """Run Firebase and the functions on this machine until Ctrl-C.

    Prints the addresses of the emulators and the configuration for a frontend's initializeApp(). With --refresh-every
    the catalog is refreshed at once and then at each interval, as the scheduler does in the cloud.
    """
    from catalog_jobs.processes.logs import Log
    from closetspace_infra.local.ports import Ports
    from closetspace_infra.local.stack import LocalStack, Recurring

    def print_line(line: str) -> None:
        notes.print(line, markup=False, soft_wrap=True)

    if refresh_every is None and source is not None:
        raise typer.BadParameter("it needs --refresh-every", param_hint="--source")
    with (
        exit_on_error(),
        interruptible(),
        LocalStack(ports=None if free_ports else Ports(), log=log or print_line) as stack,
        ExitStack() as recurring,
    ):
        addresses = stack.addresses
        for service in ("auth", "firestore", "storage", "functions", "ui"):
            notes.print(f"{service:>10}  http://{getattr(addresses, service)}")
        host, port = addresses.firestore.split(":")
        typer.echo(f"\nconst firebaseConfig = {json.dumps(stack.firebase_config, indent=2)};")
        typer.echo(f'connectAuthEmulator(auth, "http://{addresses.auth}");')
        typer.echo(f'connectFirestoreEmulator(db, "{host}", {port});')
        typer.echo(f'connectStorageEmulator(storage, "{host}", {stack.ports.storage});')
        typer.echo(f'connectFunctionsEmulator(functions, "{host}", {stack.ports.functions});')
        notes.print(f"\nReady in {stack.ready_ms / 1000:.1f} s. Ctrl-C stops everything.")
        if refresh_every is not None:
            command = [sys.executable, "-m", "catalog_jobs", "catalog", "refresh", "--store", f"gs://{stack.bucket}"]
            given = ["--source", source] if source else []
            environment = os.environ | stack.environment
            refresh = Recurring("refresh", [*command, *given], refresh_every, environment, Log(log or print_line))
            recurring.enter_context(refresh)
        wait_for_interrupt()
