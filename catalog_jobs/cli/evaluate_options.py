"""The options of ``closetspace evaluate``, and which of them belong together."""

from dataclasses import dataclass
from pathlib import Path

import typer

from catalog_jobs.cli.console import check_writable
from catalog_jobs.evaluation.datasets.personas import Half
from catalog_jobs.evaluation.datasets.products import Side
from catalog_jobs.evaluation.inventory import Names
from closetspace.settings import Settings


@dataclass(frozen=True)
class EvaluateOptions:
    """What the command line says; see ``closetspace evaluate --help``."""

    dataset: Path
    settings: Settings
    names: Names
    side: Side
    personas: Path | None
    closets: Path | None
    queries: Path | None
    photos: Path | None
    out: Path | None
    told: Path | None
    half: Half | None
    compare: bool
    ablate: bool
    report: Path | None
    as_json: bool

    def check(self) -> None:
        """Raise `typer.BadParameter` for options that contradict each other, `InvalidInput` for unwritable files."""
        self._check_source()
        self._check_belonging()
        if not (self.compare or self.out or self.told):
            raise typer.BadParameter("Say with --out where the lists go, or --compare methods.")
        for file in (self.out, self.told, self.report):
            if file:
                check_writable(file)

    def _check_source(self) -> None:
        named = [file for file in (self.personas, self.closets, self.queries) if file]
        if self.closets and not self.photos:
            raise typer.BadParameter("--closets needs the folder of the photos: --photos ROOT.")
        if len(named) > 1 or not (named or self.photos) or (self.photos and named and not self.closets):
            raise typer.BadParameter(
                "Give either --personas, --closets with --photos, --queries, or --photos alone.",
            )

    def _check_belonging(self) -> None:
        if self.told and not self.closets:
            raise typer.BadParameter("--told belongs to --closets.")
        if self.half and not self.personas:
            raise typer.BadParameter("--half belongs to --personas.")
        if self.compare and not (self.personas or self.closets or self.queries):
            raise typer.BadParameter("--compare belongs to --personas, --closets or --queries.")
        if (self.ablate or self.report or self.as_json) and not self.compare:
            raise typer.BadParameter("--ablate, --report and --json belong to --compare.")
        if (self.ablate or self.report) and self.queries:
            raise typer.BadParameter("--ablate and --report belong to --personas or --closets.")
