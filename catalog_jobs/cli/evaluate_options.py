"""The options of ``closetspace evaluate``, and the rules for combining them."""

from dataclasses import dataclass
from pathlib import Path

import typer

from catalog_jobs.cli.console import check_writable
from catalog_jobs.evaluation.datasets.personas import PersonaHalf
from catalog_jobs.evaluation.datasets.products import Split
from catalog_jobs.evaluation.embedded_products import NameVisibility
from closetspace.settings import Settings


@dataclass(frozen=True)
class EvaluateOptions:
    """The values of the command line. See ``closetspace evaluate --help``."""

    dataset: Path
    settings: Settings
    names: NameVisibility
    split: Split
    personas: Path | None
    closets: Path | None
    queries: Path | None
    photos: Path | None
    out: Path | None
    photo_labels: Path | None
    half: PersonaHalf | None
    compare: bool
    ablate: bool
    report: Path | None
    as_json: bool

    def check(self) -> None:
        """Raise `typer.BadParameter` for options that contradict each other, `InvalidInput` for unwritable files."""
        self._check_input()
        self._check_combinations()
        if not (self.compare or self.out or self.photo_labels):
            raise typer.BadParameter("Write lists with --out, or compare methods with --compare.")
        for file in (self.out, self.photo_labels, self.report):
            if file:
                check_writable(file)

    def _check_input(self) -> None:
        inputs = [file for file in (self.personas, self.closets, self.queries) if file]
        if self.closets and not self.photos:
            raise typer.BadParameter("--closets needs the folder of the photos: --photos DIR.")
        if len(inputs) > 1 or not (inputs or self.photos) or (self.photos and inputs and not self.closets):
            raise typer.BadParameter(
                "Give either --personas, --closets with --photos, --queries, or --photos alone.",
            )

    def _check_combinations(self) -> None:
        if self.photo_labels and not self.closets:
            raise typer.BadParameter("--told needs --closets.")
        if self.half and not self.personas:
            raise typer.BadParameter("--half needs --personas.")
        if self.compare and not (self.personas or self.closets or self.queries):
            raise typer.BadParameter("--compare needs --personas, --closets or --queries.")
        if (self.ablate or self.report or self.as_json) and not self.compare:
            raise typer.BadParameter("--ablate, --report and --json need --compare.")
        if (self.ablate or self.report) and self.queries:
            raise typer.BadParameter("--ablate and --report need --personas or --closets.")
