"""``closetspace encoder migrate``."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.refresh.index_jobs import build_index
from closetspace.bootstrap import Services, encoder_id, open_store
from closetspace.errors import FailedPrecondition
from closetspace.services.index_versions import IndexVersions
from closetspace.services.migrate import Migration, Phase
from closetspace.services.throttled_pool import ThrottledPool
from closetspace.settings import Settings


def migrate(
    store: StoreOption,
    to: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR", help="The encoder to change to; the setting ENCODER, if none is named."),
    ] = None,
    until: Annotated[
        Phase | None,
        typer.Option(help="The last phase to run. Without it a run that prepares ends there, any other goes on."),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="Items moved a second, at most.")] = 20.0,
    as_json: JsonOption = False,
) -> None:
    """Change the encoder of a running system, without a failed request or a mixed answer.

    **prepare** publishes an index by the new encoder beside the one in use. Then deploy the functions with the new
    ENCODER and run this again: **move** embeds all closets' items anew, **switch** makes the new index the one in
    use, **clean** removes the old vectors.

    A run does what remains to be done: one that was killed is started again. To go back, name the old encoder.
    """
    settings = Settings.from_env()
    target = to or settings.encoder
    with exit_on_error():
        migration = _migration(store, replace(settings, encoder=target), rate)
        phases = migration.phases()
        last = until or (Phase.PREPARE if Phase.PREPARE in phases else Phase.CLEAN)
        chosen = [phase for phase in phases if list(Phase).index(phase) <= list(Phase).index(last)]
        told = {"encoder": migration.encoder_id, "phases": [phase.value for phase in chosen]}
        for phase in chosen:
            told |= _run(phase, migration)
    remaining = [phase.value for phase in phases if phase not in chosen]
    if as_json:
        print_json(told | {"remaining": remaining})
    elif not phases:
        notes.print(f"Nothing to do: everything is by {migration.encoder_id}.")
    elif Phase.PREPARE in chosen:
        notes.print(f"Next: deploy the functions with ENCODER={target}, then run this again.")
    elif remaining:
        notes.print(f"Next: run this again for {', '.join(remaining)}.")
    else:
        notes.print(f"Done: {migration.encoder_id} is in use.")


def _migration(store: str, settings: Settings, rate: float) -> Migration:
    if not (settings.photo_bucket or "FIREBASE_CONFIG" in os.environ):
        raise FailedPrecondition("Set PHOTO_BUCKET to the bucket of people's photos.")
    objects, services = open_store(store), Services(settings)
    return Migration(
        encoder_id=encoder_id(settings),
        catalog=Snapshots(objects).required,
        versions=IndexVersions(objects),
        wardrobe=services.wardrobe,
        closets=services.closets,
        build=lambda progress: build_index(objects, progress, settings).manifest.version,
        move_item=services.reconciler.move,
        refresh_taste=services.taste_keeper.refresh,
        paced=ThrottledPool(rate, workers=os.cpu_count() or 1),
    )


def _run(phase: Phase, migration: Migration) -> dict[str, Any]:
    """Run a phase with a bar, tell what it did, and return it."""
    with progress_bar(phase.value) as progress:
        now, told = datetime.now(UTC), dict[str, Any]()
        match phase:
            case Phase.PREPARE:
                told = {"beside": migration.prepare(now, progress)}
            case Phase.MOVE:
                done = migration.move(progress)
                told = {"moved": done.settled, "failed": done.failed}
            case Phase.SWITCH:
                told = {"index_version": migration.switch(now)}
            case Phase.CLEAN:
                told = {"cleaned": migration.clean(now, progress).settled}
    notes.print(f"{phase.value}: {', '.join(f'{name} {value}' for name, value in told.items())}")
    return told
