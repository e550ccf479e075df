"""``closetspace account repair``."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption, parse_time
from closetspace.bootstrap import Services, open_store
from closetspace.errors import InvalidInput
from closetspace.services.repair import Repairer
from closetspace.services.throttling import RateLimiter, ThrottledPool
from closetspace.settings import Settings

NO_LIMIT = float("inf")


def repair(
    restored_to: Annotated[
        datetime | None,
        typer.Option(parser=parse_time, metavar="TIME", help="The time (ISO 8601) to which the database was restored."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count people and those without account.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    rate: Annotated[float, typer.Option(min=0.01, help="The most items to reconcile per second.")] = 50.0,
    as_json: JsonOption = False,
) -> None:
    """Bring all data in line with accounts and photos, after a restore or if data was lost.

    **Accounts**: whoever has no account has deleted it; everything of them is deleted again. **Items**: with
    --restored-to, an item that has lost its photo was deleted since, and is deleted again; a photo uploaded since that
    has lost its item gets one, without a name. **What is derived**: every item is reconciled with its photo, and a
    wardrobe whose states and vectors contradict each other is embedded again.

    Asks before it deletes. It can run beside the functions, and again: the second run changes nothing.

    Reads PHOTO_BUCKET, WARDROBE_COLLECTION and ENCODER as the functions do, and GOOGLE_CLOUD_PROJECT.
    """
    with exit_on_error():
        if restored_to and restored_to > datetime.now(UTC):
            raise InvalidInput("time_invalid", f"{restored_to} is still to come: give the time of the backup.")
        repairer = _repairer(rate)
        people = repairer.people()
        gone = repairer.without_account(people)
        notes.print(f"{len(people):,} people have data, {len(gone):,} of them no account.")
        changed = {"people": len(people), "people removed": 0}
        if not dry_run:
            if gone and not (
                yes or typer.confirm(f"Delete everything of {len(gone):,} people without account?", err=True)
            ):
                raise typer.Exit(1)
            changed["people removed"] = repairer.remove(gone, datetime.now(UTC))
            with progress_bar("repairing") as progress:
                changed |= repairer.repair(people - gone, restored_to, progress)
    if as_json:
        print_json(changed)
    for what, count in changed.items():
        notes.print(f"{count:>9,} {what}")


def _repairer(rate: float) -> Repairer:
    settings = replace(Settings.from_env(), removal_seconds=NO_LIMIT)
    # Opened first: without the bucket of photos, nothing else needs to be reachable.
    services = Services(settings, photos=open_store(f"gs://{settings.photo_bucket_name}"))
    return Repairer(
        documents=services.personal_documents,
        items=services.item_documents,
        wardrobe=services.wardrobe,
        closets=services.closets,
        objects=services.photos,
        users=services.users,
        remover=services.account_remover,
        reconcile=services.reconciler.reconcile,
        refresh_taste=services.taste_keeper.refresh,
        pool=ThrottledPool(RateLimiter(1 / rate), workers=os.cpu_count() or 1),
    )
