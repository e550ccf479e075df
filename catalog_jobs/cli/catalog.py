"""``closetspace catalog``."""

import typer

from catalog_jobs.cli.lazy import LazyCommand, group_of

_COMMANDS = (
    LazyCommand(
        "refresh",
        "catalog_jobs.cli.catalog_refresh:refresh_catalog",
        "Update the catalog from its sources and publish a new index.",
    ),
    LazyCommand(
        "status",
        "catalog_jobs.cli.catalog_status:status",
        "Show the latest refreshes: what each found and how it ended.",
    ),
    LazyCommand(
        "diff",
        "catalog_jobs.cli.catalog_diff:diff",
        "Compare two snapshots: count the items that differ, in all and by shop, and show some of them.",
    ),
    LazyCommand(
        "inspect",
        "catalog_jobs.cli.catalog_inspect:inspect",
        "Show what a refresh would read of one page, product list, feed or folder. Stores nothing.",
    ),
    LazyCommand(
        "add-shop",
        "catalog_jobs.cli.catalog_add_shop:add_shop",
        "Look at a shop's site and propose its table for the shops file.",
    ),
    LazyCommand(
        "import",
        "catalog_jobs.cli.catalog_import:import_catalog",
        "Replace the catalog in the store by a folder of products.",
    ),
)

app = typer.Typer(cls=group_of(*_COMMANDS), no_args_is_help=True)
