"""The stack that the trials attack: everything real, with an index of drawn products."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from catalog_jobs.demo.drawing import draw_catalog
from catalog_jobs.refresh.index_builder import build_index, import_folder
from closetspace.bootstrap import open_store
from closetspace.services.index_versions import IndexVersions
from closetspace_infra.local.stack import LocalStack
from tests.support.journey import Journey
from tests.support.paths import REPOSITORY

ITEMS = 60
LOG = REPOSITORY / ".local" / "torture.log"
"""What the stack and the functions have logged during the last run."""


@contextmanager
def torture_stack() -> Iterator[Journey]:
    """Start the stack on free ports of the loopback address, with this process's clients connected to it."""
    lines: list[str] = []
    LOG.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, LOG.open("w") as file:

        def log(line: str) -> None:
            lines.append(line)
            file.write(f"{line}\n")

        with LocalStack(log=log) as stack:
            os.environ.update(stack.environment)
            draw_catalog(Path(folder), items=ITEMS)
            store = open_store(f"gs://{stack.bucket}")
            import_folder(store, Path(folder), lambda *_: None)
            version = build_index(store, lambda *_: None).manifest.version
            IndexVersions(store).publish(version, datetime.now(UTC))
            yield Journey(stack, lines)
