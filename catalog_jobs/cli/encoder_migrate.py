"""``closetspace encoder migrate``."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.refresh.index_builder import build_index
from closetspace.bootstrap import Services, encoder_id, open_store
from closetspace.services.index_versions import IndexVersions
from closetspace.services.migrate import Migration, Phase
from closetspace.services.throttling import RateLimiter, ThrottledPool
from closetspace.settings import Settings


def migrate(
    store: StoreOption,
    to: Annotated[
        str | None,
        typer.Option(metavar="NAME|DIR", help="The new encoder. Default: the setting ENCODER."),
    ] = None,
    until: Annotated[
        Phase | None,
        typer.Option(
            help="The last phase to run. By default, a run that prepares ends there; others run all that remain."
        ),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="The most items to move per second.")] = 20.0,
    as_json: JsonOption = False,
) -> None:
    """Migrate a running system to another encoder. No request fails, and no answer mixes two encoders.

    **prepare** publishes an index by the new encoder beside the one in use. Then deploy the functions with the new
    ENCODER and run this again: **move** embeds all closets' items by the new encoder, **switch** puts the new index in
    use, **clean** removes the old vectors.

    A run does what remains, so a killed one can be started again. To go back, migrate to the old encoder.
    """
    settings = Settings.from_env()
    target = to or settings.encoder
    with exit_on_error():
        migration = _migration(store, replace(settings, encoder=target), rate)
        phases = migration.phases()
        last = until or (Phase.PREPARE if Phase.PREPARE in phases else Phase.CLEAN)
        chosen = [phase for phase in phases if list(Phase).index(phase) <= list(Phase).index(last)]
        result = {"encoder": migration.encoder_id, "phases": [phase.value for phase in chosen]}
        for phase in chosen:
            result |= _run(phase, migration)
    remaining = [phase.value for phase in phases if phase not in chosen]
    if as_json:
        print_json(result | {"remaining": remaining})
    elif not phases:
        notes.print(f"Nothing to do: {migration.encoder_id} is in use everywhere.")
    elif Phase.PREPARE in chosen:
        notes.print(f"Next: deploy the functions with ENCODER={target}, then run this again.")
    elif remaining:
        notes.print(f"Next: run this again for {', '.join(remaining)}.")
    else:
        notes.print(f"Done: {migration.encoder_id} is in use.")


def _migration(store: str, settings: Settings, rate: float) -> Migration:
    # Opened first: without the bucket of photos, nothing else needs to be reachable.
    photos = open_store(f"gs://{settings.photo_bucket_name}")
    objects, services = open_store(store), Services(settings, photos=photos)
    return Migration(
        encoder_id=encoder_id(settings),
        catalog=Snapshots(objects).require_current,
        versions=IndexVersions(objects),
        wardrobe=services.wardrobe,
        closets=services.closets,
        build=lambda progress: build_index(objects, progress, settings).manifest.version,
        reembed=services.reconciler.reembed,
        refresh_taste=services.taste_keeper.refresh,
        pool=ThrottledPool(RateLimiter(1 / rate), workers=os.cpu_count() or 1),
    )


def _run(phase: Phase, migration: Migration) -> dict[str, Any]:
    """Run a phase, and print and return its result."""
    with progress_bar(phase.value) as progress:
        now, result = datetime.now(UTC), dict[str, Any]()
        match phase:
            case Phase.PREPARE:
                result = {"beside": migration.prepare(now, progress)}
            case Phase.MOVE:
                moved = migration.move(progress)
                result = {"moved": moved.finished, "failed": moved.failed}
            case Phase.SWITCH:
                result = {"index_version": migration.switch(now)}
            case Phase.CLEAN:
                result = {"cleaned": migration.clean(now, progress).finished}
    notes.print(f"{phase.value}: {', '.join(f'{name} {value}' for name, value in result.items())}")
    return result
