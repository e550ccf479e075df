"""``closetspace index``."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Column, Table

from catalog_jobs.cli.console import exit_on_error, notes, print_json, print_left_out, progress_bar
from catalog_jobs.cli.options import JsonOption, StoreOption
from catalog_jobs.refresh.index_builder import build_index
from closetspace.bootstrap import open_store
from closetspace.errors import FailedPrecondition
from closetspace.services.index_versions import IndexVersions

app = typer.Typer(no_args_is_help=True)


@app.command()
def build(store: StoreOption, as_json: JsonOption = False) -> None:
    """Embed the catalog's new content, then build, verify and upload an index as a new version.

    `closetspace index publish` puts the version in use. `closetspace catalog refresh` does all of this, and compares
    the index with the one in use.
    """
    with exit_on_error(), progress_bar("indexing") as progress:
        built = build_index(open_store(store), progress)
    print_left_out(built.left_out)
    manifest = built.manifest
    if as_json:
        print_json(
            {
                "version": manifest.version,
                "items": manifest.count,
                "recall": manifest.recall,
                "agreement": built.agreement,
            }
        )
    else:
        notes.print(
            f"{manifest.version}: {manifest.count} items, lists are {built.agreement:.1%} those of an exact ranking"
        )
        notes.print(f"Next: closetspace index publish --store {store}")


@app.command()
def publish(
    store: StoreOption,
    version: Annotated[str | None, typer.Argument(help="The version to publish. Default: the newest.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Put a version in use. Running instances switch to it within a minute."""
    with exit_on_error():
        versions = IndexVersions(open_store(store))
        if version is None:
            built = versions.versions()
            if not built:
                raise FailedPrecondition(f"No index in {store}: run `closetspace index build --store {store}` first.")
            version = built[0].version
        _print_current(versions.publish(version, datetime.now(UTC)).version, as_json)


@app.command("list")
def list_versions(store: StoreOption, as_json: JsonOption = False) -> None:
    """List all versions, the newest first, and show which is in use."""
    with exit_on_error():
        versions = IndexVersions(open_store(store))
        current, manifests = versions.current(), versions.versions()
    in_use = current.version if current else None
    if as_json:
        fields = [
            {"version": m.version, "items": m.count, "encoder": m.encoder, "created": m.created, "recall": m.recall}
            for m in manifests
        ]
        print_json({"current": in_use, "versions": fields})
        return
    table = Table("", Column("version", no_wrap=True), "items", "encoder", "created", "recall@50")
    for m in manifests:
        mark = "in use" if m.version == in_use else ""
        recall = "" if m.recall is None else f"{m.recall:.3f}"
        table.add_row(mark, m.version, str(m.count), m.encoder, m.created[:19], recall)
    notes.print(table)


@app.command()
def rollback(
    store: StoreOption,
    version: Annotated[
        str | None, typer.Argument(help="The version to publish again. Default: the one before.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Publish an earlier version again."""
    with exit_on_error():
        _print_current(IndexVersions(open_store(store)).rollback(datetime.now(UTC), version).version, as_json)


def _print_current(version: str, as_json: bool) -> None:
    if as_json:
        print_json({"current": version})
    else:
        notes.print(f"{version} is in use now.")
