"""The records of runs in the catalog's store."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from pydantic import ValidationError

from catalog_jobs.catalog.run_record import RunRecord
from closetspace.errors import ClosetspaceError, Incompatible, NotFound
from closetspace.ports import ObjectStore

FOLDER = "catalog/runs/"
_NAME = "/record.json"

logger = logging.getLogger(__name__)


def _warn(run: str, why: str) -> None:
    logger.warning("the record of run %s can't be read: %s", run, why)


@dataclass(frozen=True)
class RunRecords:
    """The records of one store. Runs' ids sort by the time they began."""

    store: ObjectStore

    def write(self, record: RunRecord) -> None:
        """Keep a record, in the place of an earlier one of the same run."""
        self.store.write(_object(record.run), record.model_dump_json(indent=1).encode())

    def read(self, run: str) -> RunRecord:
        """A run's record. Raises `NotFound`, or `Incompatible` when it is unreadable."""
        try:
            return RunRecord.model_validate_json(self.store.read(_object(run)))
        except NotFound as exc:
            raise NotFound("run_not_found", f"There is no record of run {run} here.") from exc
        except ValidationError as exc:
            raise Incompatible(f"the record of run {run} is not readable: {_first(exc)}") from exc

    def runs(self) -> list[str]:
        """The ids of all runs that left a record, the newest first."""
        names = (stat.name for stat in self.store.list(FOLDER))
        return sorted((n[len(FOLDER) : -len(_NAME)] for n in names if n.endswith(_NAME)), reverse=True)

    def list(self, most: int, left_out: Callable[[str, str], None] = _warn) -> list[RunRecord]:
        """The newest readable records, at most so many; ``left_out`` is told of each unreadable one and why."""
        found = []
        for run in islice(self.runs(), most):
            try:
                found.append(self.read(run))
            except ClosetspaceError as error:
                left_out(run, str(error))
        return found


def _object(run: str) -> str:
    return f"{FOLDER}{run}{_NAME}"


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"])) or "record"
    return f"{where}: {first['msg']}"
