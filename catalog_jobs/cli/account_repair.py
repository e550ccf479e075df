"""``closetspace account repair``."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import typer

from catalog_jobs.cli.account_services import check_project, open_services
from catalog_jobs.cli.console import exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption, parse_time
from closetspace.bootstrap import Services
from closetspace.domain.person.repair import RepairPlan
from closetspace.errors import InvalidInput
from closetspace.services.quotas import UncountedEmbeddings
from closetspace.services.repair import Repairer
from closetspace.services.throttling import RateLimiter, ThrottledPool


def repair(
    restored_to: Annotated[
        datetime | None,
        typer.Option(parser=parse_time, metavar="TIME", help="The time (ISO 8601) to which the database was restored."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be done, and change nothing.")] = False,
    at_most: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="The most people without an account, and the most items without a photo or with nothing else.",
            show_default="a fifth",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    rate: Annotated[float, typer.Option(min=0.01, help="The most items to reconcile per second.")] = 50.0,
    as_json: JsonOption = False,
) -> None:
    """Bring all data in line with accounts and photos, after a restore or if data was lost.

    **Accounts**: whoever has no account has deleted it; everything of them is deleted again. **Items**: with
    --restored-to, an item that has lost its photo was deleted since, and is deleted again; a photo uploaded since that
    has lost its item gets one, without a name. **What is derived**: every item is reconciled with its photo, and a
    wardrobe whose states and vectors contradict each other is embedded again, which counts against nobody's quota.

    Counts first, and asks before it deletes. Refuses to do anything if so much is missing that project, bucket or
    collection may be wrong, or the restore incomplete. It can run beside the functions, and again: the second run
    changes nothing. When it is done, the sweeper removes photos without an item again, which it stops after a restore.

    Reads PHOTO_BUCKET, WARDROBE_COLLECTION and ENCODER as the functions do, and GOOGLE_CLOUD_PROJECT.
    """
    with exit_on_error():
        if restored_to and restored_to > datetime.now(UTC):
            raise InvalidInput("time_invalid", f"{restored_to} is still to come: give the time of the backup.")
        services = open_services()
        repairer = make_repairer(services, rate)
        with progress_bar("looking") as progress:
            plan = repairer.plan(restored_to, progress)
        _print(_counts(plan))
        plan.check(at_most)
        result = _counts(plan)
        if not dry_run:
            confirm(plan, services.settings.photo_bucket_name, deletes_items=restored_to is not None, yes=yes)
            result = {"people": len(plan.people), "people removed": repairer.remove(plan.gone, datetime.now(UTC))}
            if restored_to:
                result |= repairer.follow_photos(plan.repairs, restored_to)
            with progress_bar("repairing") as progress:
                result |= repairer.derive(plan.people - plan.gone, progress)
            repairer.finish(plan.repairs if restored_to else (), datetime.now(UTC))
            _print(result)
    if as_json:
        print_json(result)


def _counts(plan: RepairPlan) -> dict[str, int]:
    return {
        "people": len(plan.people),
        "people without account": len(plan.gone),
        "items": plan.items,
        "items that have lost their photo": plan.lost,
        "items to name another photo or to make": len(plan.repairs) - plan.lost,
        "states without an item": plan.stray_states,
        "items of which only photos are left": plan.stray_photos,
    }


def _print(counts: Mapping[str, int]) -> None:
    for what, count in counts.items():
        notes.print(f"{count:>9,} {what}")


def confirm(plan: RepairPlan, bucket: str, *, deletes_items: bool, yes: bool) -> None:
    """Ask whether to delete what the plan says. Raises `typer.Exit` if not."""
    items = plan.lost if deletes_items else 0
    what = f"Project {check_project(os.environ)}, bucket {bucket}: delete everything of {len(plan.gone):,} people"
    if (plan.gone or items) and not (yes or typer.confirm(f"{what}, and {items:,} items?", err=True)):
        raise typer.Exit(1)


def make_repairer(services: Services, rate: float) -> Repairer:
    """Return what repairs the services' data, at this rate of items per second."""
    return Repairer(
        documents=services.personal_documents,
        items=services.item_documents,
        wardrobe=services.wardrobe,
        closets=services.closets,
        objects=services.photos,
        users=services.users,
        remover=services.account_remover,
        guard=services.loss_guard,
        reconcile=replace(services.reconciler, usage=UncountedEmbeddings(services.usage)).reconcile,
        refresh_taste=services.taste_keeper.refresh,
        pool=ThrottledPool(RateLimiter(1 / rate), workers=os.cpu_count() or 1),
    )
