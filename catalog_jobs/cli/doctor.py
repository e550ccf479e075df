"""``closetspace doctor``: check the requirements of this machine."""

import typer
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import notes, print_json
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.operations.doctor import Finding, examine


def doctor(as_json: JsonOption = False) -> None:
    """List what is missing on this machine, what needs it, and how to install it.

    Exits with 1 if something is missing that the demo and the tests need.
    """
    findings = examine()
    if as_json:
        print_json([{"name": f.name, "ok": f.ok, "found": f.found, "remedy": f.remedy} for f in findings])
    else:
        table = Table("", "what", "found", "needed for", "how to install it")
        for finding in findings:
            cells = (finding.name, finding.found, finding.purpose, "" if finding.ok else finding.remedy)
            table.add_row(_mark(finding), *map(escape, cells))
        notes.print(table)
    if any(finding.required and not finding.ok for finding in findings):
        raise typer.Exit(1)


def _mark(finding: Finding) -> str:
    if finding.ok:
        return "[green]ok[/green]"
    return "[red]missing[/red]" if finding.required else "[yellow]none[/yellow]"
