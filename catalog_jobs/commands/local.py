"""``closetspace local``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.console import errors_told, notes
from catalog_jobs.interrupts import interruptible, wait_for_interrupt

app = typer.Typer(no_args_is_help=True)


@app.callback()
def group() -> None:
    """The local stack: Firebase emulated, our functions for real."""


@app.command()
def up(
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Use free ports, not the usual ones.")] = False,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the log goes; the terminal, if not said.")
    ] = None,
) -> None:
    """Start Firebase and the functions on this machine and keep them running until Ctrl-C.

    Prints the addresses of the emulators and the configuration that a frontend passes to initializeApp().
    """
    from infra.local.ports import Ports
    from infra.local.stack import LocalStack

    ports = Ports.free() if free_ports else Ports()

    def print_line(line: str) -> None:
        notes.print(line, markup=False, soft_wrap=True)

    with errors_told(), interruptible(), LocalStack(ports=ports, log=log or print_line) as stack:
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
        wait_for_interrupt()
