"""``closetspace cloud deploy``."""

from pathlib import Path
from typing import Annotated

import typer

from catalog_jobs.cli.console import exit_on_error, notes
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings

NOT_COMMITTED = "COMMIT"
"""Stands for the commit in a dry run of what is not committed yet."""


def deploy(
    project: Annotated[
        str, typer.Option(envvar="GOOGLE_CLOUD_PROJECT", metavar="ID", help="The Google Cloud project to deploy to.")
    ],
    alert_email: Annotated[
        str, typer.Option(envvar="ALERT_EMAIL", metavar="ADDRESS", help="Who is told when something is wrong.")
    ],
    region: Annotated[
        str, typer.Option(envvar="CLOSETSPACE_REGION", help="Where functions, job and buckets are.")
    ] = Settings.region,
    firestore_location: Annotated[
        str | None,
        typer.Option(envvar="FIRESTORE_LOCATION", help="Where the database is, for ever; the region, if not said."),
    ] = None,
    billing_account: Annotated[
        str, typer.Option(envvar="BILLING_ACCOUNT", metavar="ID", help="The billing account that a budget watches.")
    ] = "",
    budget: Annotated[
        int | None, typer.Option(envvar="BUDGET", min=1, help="What a month may cost before somebody is told.")
    ] = None,
    scrapfly: Annotated[bool, typer.Option(help="Give the job the secret scrapfly-key, which has a version.")] = False,
    refresh: Annotated[bool, typer.Option(help="Refresh the catalog at the end.")] = False,
    since: Annotated[str | None, typer.Option("--from", metavar="STEP", help="Go on with this step.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Print every command and why, and change nothing.")] = False,
) -> None:
    """Deploy everything to Google Cloud, in order: infrastructure, the job's image, rules, functions.

    Each step is printed before it is run, and may be run again; after a failure go on with --from STEP. Other settings
    (schedule, tasks, backups) are Terraform's, in infra/terraform/PROJECT.tfvars. See docs/operating.md.
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
        run(plan(to), _tell, dry_run=dry_run, since=since)
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


def _tell(line: str) -> None:
    notes.print(line, markup=False, soft_wrap=True)
