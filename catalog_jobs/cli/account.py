"""``closetspace account``."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated

import typer

from catalog_jobs.cli import account_repair
from catalog_jobs.cli.account_services import open_services
from catalog_jobs.cli.console import check_writable, exit_on_error, notes, print_json, progress_bar
from catalog_jobs.cli.options import JsonOption
from closetspace.adapters.cloud_logging import hash_uid
from closetspace.bootstrap import Services
from closetspace.domain.person.account import check_uid
from closetspace.domain.person.personal_data import COLLECTIONS, MARKS, object_folder
from closetspace.errors import NotFound

app = typer.Typer(no_args_is_help=True)
app.command()(account_repair.repair)

UidArgument = Annotated[str, typer.Argument(help="The User UID of the account, as the Firebase console shows it.")]


@app.command()
def delete(
    uid: UidArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete an account with everything that its person has, as the callable deleteAccount does.

    Works for accounts that were deleted in the console, too, and needs no sign-in. Shows how much there is and asks for
    confirmation. A run that is killed can be started again; the sweeper finishes it otherwise. For 48 hours the sweeper
    also removes what the account's valid tokens still write.

    Reads PHOTO_BUCKET and WARDROBE_COLLECTION as the functions do, and GOOGLE_CLOUD_PROJECT. For a local stack, set
    FIRESTORE_EMULATOR_HOST, STORAGE_EMULATOR_HOST and FIREBASE_AUTH_EMULATOR_HOST, too.
    """
    with exit_on_error():
        check_uid(uid)
        services = open_services()
        counts = _counts(services, uid)
        for path, count in counts.items():
            notes.print(f"{count:>7,} {path}")
        if not (yes or typer.confirm(f"Delete the account {uid} and all of this?", err=True)):
            raise typer.Exit(1)
        removed = Counter[str]()
        services.account_remover.mark(uid, datetime.now(UTC))
        with progress_bar("delete") as progress:

            def count_removed(path: str, count: int) -> None:
                removed[path] += count
                progress(removed.total(), max(counts.total(), removed.total()))

            services.account_remover.remove(uid, datetime.now(UTC), count_removed)
    if as_json:
        print_json({"uid": uid, "removed": dict(removed)})
    else:
        notes.print(f"Done: {uid} is deleted, with {removed.total():,} documents and objects.")


@app.command()
def export(
    uid: UidArgument,
    output: Annotated[Path, typer.Option("--output", metavar="FILE.zip", help="The file to write.")],
) -> None:
    """Write everything that a person has into a zip file, as the callable exportMyData does, but without its limits.

    The file appears when it is complete, and only you can read it. Reads the same settings as `account delete`.
    """
    with exit_on_error():
        check_writable(output)
        check_uid(uid)
        services = open_services()
        total = _counts(services, uid).total()
        if not total:
            raise NotFound(f"There is no data of {uid}.")
        files = 0
        with progress_bar("export") as progress, _complete_file(output) as stream:

            def count_file(_: str) -> None:
                nonlocal files
                files += 1
                progress(files, max(files, total))

            services.personal_archive.write(stream, uid, datetime.now(UTC), count_file)
    notes.print(f"Done: {output} has {files:,} files.")


@app.command()
def logs(
    uid: UidArgument,
    project: Annotated[str, typer.Option(help="The id of the Google Cloud project.")],
) -> None:
    """Print the command that shows the logs of one person, whose id the logs have only as a hash."""
    with exit_on_error():
        query = f'labels.uid_hash="{hash_uid(project, check_uid(uid))}"'
    print(f"gcloud logging read '{query}' --project={project} --freshness=30d")


def _counts(services: Services, uid: str) -> Counter[str]:
    """Return how many documents and objects the person has where."""
    documents = services.personal_documents
    counts = Counter({c.path: documents.count(c, uid) for c in COLLECTIONS if c is not MARKS})
    folder = object_folder(uid)
    return +(counts + Counter({folder: sum(1 for _ in services.photos.list(folder))}))


@contextmanager
def _complete_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file for writing, which becomes the file if the block ends without an exception."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as temporary:
        try:
            yield temporary
            Path(temporary.name).replace(path)
        except BaseException:
            Path(temporary.name).unlink(missing_ok=True)
            raise
