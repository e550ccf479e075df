"""``closetspace cloud deploy``: run the plan of `closetspace_infra.deploy`."""

from typing import Annotated, Any

import typer

from catalog_jobs.cli.cloud_options import EnvOption, has_shops, is_on_command_line
from catalog_jobs.cli.console import exit_on_error, notes
from closetspace.errors import FailedPrecondition, InvalidInput
from closetspace.settings import Settings
from closetspace_infra.deploy.commit import committed
from closetspace_infra.deploy.environments import Environment, read_environment
from closetspace_infra.deploy.plan import plan
from closetspace_infra.deploy.programs import runtime_python
from closetspace_infra.deploy.running import run
from closetspace_infra.deploy.steps import ROOT, TERRAFORM, Deployment
from closetspace_infra.deploy.values import check_values

NOT_COMMITTED = "COMMIT"
"""Stands for the commit in a dry run with uncommitted changes."""


def deploy(
    context: typer.Context,
    env: EnvOption = None,
    project: Annotated[
        str | None,
        typer.Option(envvar="GOOGLE_CLOUD_PROJECT", metavar="ID", help="The Google Cloud project to deploy to."),
    ] = None,
    alert_email: Annotated[
        str | None, typer.Option(envvar="ALERT_EMAIL", metavar="ADDRESS", help="The e-mail address for alerts.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(
            envvar="CLOSETSPACE_REGION",
            help=f"The region of functions, job and buckets. Default: {Settings.region}.",
        ),
    ] = None,
    firestore_location: Annotated[
        str | None,
        typer.Option(
            envvar="FIRESTORE_LOCATION",
            help="The database's location, which is permanent. Default: the region.",
        ),
    ] = None,
    billing_account: Annotated[
        str | None, typer.Option(envvar="BILLING_ACCOUNT", metavar="ID", help="The billing account of a budget.")
    ] = None,
    budget: Annotated[
        int | None, typer.Option(envvar="BUDGET", min=1, help="The costs of a month that send an e-mail.")
    ] = None,
    scrapfly: Annotated[
        bool | None, typer.Option("--scrapfly", help="Give the job the secret scrapfly-key, which needs a version.")
    ] = None,
    catalog: Annotated[
        str | None,
        typer.Option(
            metavar="drawn|DIR|FEED",
            help="Publish a first catalog if there is none: drawn garments, a folder, or a product feed.",
        ),
    ] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Refresh the catalog from the shops at the end.")] = False,
    percent: Annotated[
        int,
        typer.Option(min=1, max=100, help="The new release's share of the requests; the one before it keeps the rest."),
    ] = 100,
    since: Annotated[str | None, typer.Option("--from", metavar="STEP", help="Continue with this step.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print all commands with their reasons, and change nothing.")
    ] = False,
) -> None:
    """Deploy everything to Google Cloud: infrastructure, the job's image, rules and functions.

    Each step is printed before it runs, and can be repeated. After a failure, continue with --from STEP. --env reads
    these options and other settings (schedule, tasks, backups, instances) from infra/environments/NAME.toml; an option
    given here comes first. See docs/operating.md.
    """
    given = {
        "project": project,
        "alert_email": alert_email,
        "region": region,
        "firestore_location": firestore_location,
        "billing_account": billing_account,
        "budget": budget,
        "scrapfly": scrapfly,
        "catalog": catalog,
    }
    with exit_on_error():
        if not (ROOT / "firebase.json").is_file():
            raise FailedPrecondition("Deploy from a clone of the repository, installed with pip install -e '.[jobs]'.")
        environment = read_environment(env) if env else Environment()
        named = {name: value for name, value in given.items() if value is not None}
        first = {name: value for name, value in named.items() if is_on_command_line(context, name)}
        options = {**named, **environment.options, **first}
        _refuse_variables_file(str(options.get("project")))
        to = _deployment(options, environment, commit=_commit(dry_run), refresh=refresh, percent=percent)
        check_values(to)
        run(plan(to), _print_line, dry_run=dry_run, since=since)
    notes.print("Nothing was changed." if dry_run else "Deployed.")


def _deployment(options: dict[str, Any], environment: Environment, **others: Any) -> Deployment:
    """Return what to deploy. Raises `InvalidInput` for a missing option."""
    for name in ("project", "alert_email"):
        if not options.get(name):
            option = name.replace("_", "-")
            raise InvalidInput("option_missing", f"Give --{option}, or --env with a file that has {name}.")
    region = options.get("region") or Settings.region
    return Deployment(
        **{**options, "region": region, "firestore_location": options.get("firestore_location") or region},
        **others,
        python=runtime_python(ROOT),
        has_shops=has_shops(),
        environment=environment.name,
        variables=environment.variables,
        settings=environment.settings,
    )


def _refuse_variables_file(project: str) -> None:
    """Raise `FailedPrecondition` for a file that earlier releases read: without its values, backups could end."""
    old = TERRAFORM / f"{project}.tfvars"
    if (ROOT / old).is_file():
        raise FailedPrecondition(f"{old} is no longer read: move it into [terraform] of infra/environments/NAME.toml.")


def _commit(dry_run: bool) -> str:
    try:
        return committed()
    except FailedPrecondition as error:
        if not dry_run:
            raise
        notes.print(f"[yellow]note:[/yellow] {error}")
        return NOT_COMMITTED


def _print_line(line: str) -> None:
    notes.print(line, markup=False, soft_wrap=True)
