"""``closetspace cloud deploy``: run the plan of `closetspace_infra.deploy`."""

from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error, notes
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

NOT_COMMITTED = "COMMIT"
"""Stands for the commit in a dry run with uncommitted changes."""


def deploy(
    project: Annotated[
        str, typer.Option(envvar="GOOGLE_CLOUD_PROJECT", metavar="ID", help="The Google Cloud project to deploy to.")
    ],
    alert_email: Annotated[
        str, typer.Option(envvar="ALERT_EMAIL", metavar="ADDRESS", help="The e-mail address for alerts.")
    ],
    region: Annotated[
        str, typer.Option(envvar="CLOSETSPACE_REGION", help="The region of functions, job and buckets.")
    ] = Settings.region,
    firestore_location: Annotated[
        str | None,
        typer.Option(
            envvar="FIRESTORE_LOCATION",
            help="The database's location, which is permanent. Default: the region.",
        ),
    ] = None,
    billing_account: Annotated[
        str, typer.Option(envvar="BILLING_ACCOUNT", metavar="ID", help="The billing account of a budget.")
    ] = "",
    budget: Annotated[
        int | None, typer.Option(envvar="BUDGET", min=1, help="The costs of a month that send an e-mail.")
    ] = None,
    scrapfly: Annotated[
        bool, typer.Option(help="Give the job the secret scrapfly-key, which needs a version.")
    ] = False,
    refresh: Annotated[bool, typer.Option(help="Refresh the catalog at the end.")] = False,
    since: Annotated[str | None, typer.Option("--from", metavar="STEP", help="Continue with this step.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Print all commands with their reasons, and change nothing.")] = False,
) -> None:
    """Deploy everything to Google Cloud: infrastructure, the job's image, rules and functions.

    Each step is printed before it runs, and can be repeated. After a failure, continue with --from STEP. Set other
    variables (schedule, tasks, backups) in infra/terraform/PROJECT.tfvars. See docs/operating.md.
    """
    from closetspace_infra.deploy import ROOT, TERRAFORM, Deployment, plan, run

    with exit_on_error():
        if not (ROOT / "firebase.json").is_file():
            raise FailedPrecondition("Deploy from a clone of the repository, installed with pip install -e '.[jobs]'.")
        variables = Path(f"{project}.tfvars")
        to = Deployment(
            project=project,
            commit=_commit(dry_run),
            alert_email=alert_email,
            region=region,
            firestore_location=firestore_location or region,
            billing_account=billing_account,
            budget=budget,
            scrapfly=scrapfly,
            refresh=refresh,
            variables=variables if (ROOT / TERRAFORM / variables).is_file() else None,
        )
        run(plan(to), _print_line, dry_run=dry_run, since=since)
    notes.print("Nothing was changed." if dry_run else "Deployed.")


def _commit(dry_run: bool) -> str:
    from closetspace_infra.deploy import committed

    try:
        return committed()
    except FailedPrecondition as error:
        if not dry_run:
            raise
        notes.print(f"[yellow]note:[/yellow] {error}")
        return NOT_COMMITTED


def _print_line(line: str) -> None:
    notes.print(line, markup=False, soft_wrap=True)
