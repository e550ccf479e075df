"""``closetspace doctor``."""

import typer
from rich.markup import escape
from rich.table import Table

from catalog_jobs.cli.console import notes, print_json
from catalog_jobs.cli.options import JsonOption
from catalog_jobs.operations.doctor import Finding, examine


def doctor(as_json: JsonOption = False) -> None:
    """Say what is missing on this machine, what it is needed for, and how to get it.

    Exits with 1 when something that the demo and the tests need is missing.
    """
    findings = examine()
    if as_json:
        print_json([{"name": f.name, "ok": f.ok, "found": f.found, "remedy": f.remedy} for f in findings])
    else:
        table = Table("", "what", "found", "needed for", "how to get it")
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
