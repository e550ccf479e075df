"""The record of every refresh: what it found, what it decided and why."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from closetspace.errors import ClosetspaceError, Incompatible, NotFound
from closetspace.ports import ObjectStore
from closetspace.validation import first_violation

FOLDER = "catalog/runs/"
READING = "reading of"
"""How the name of a guard begins that checks whether a source was read to its end."""

_NAME = "/record.json"

log = logging.getLogger(__name__)


class GuardResult(BaseModel):
    """The result of one check before publishing: ``value`` against ``bound``, both in the guard's unit."""

    model_config = ConfigDict(frozen=True)

    name: str
    ok: bool
    value: float | None
    bound: float | None
    detail: str = ""


def format_failures(guards: Iterable[GuardResult]) -> str:
    """Describe failing guards in one sentence: each one's value, bound and detail."""
    return "; ".join(_sentence(guard) for guard in guards)


def _sentence(guard: GuardResult) -> str:
    if guard.name.startswith(READING):
        return f"{guard.name}: {guard.detail}"
    return f"{guard.name} is {guard.value}, the bound is {guard.bound}" + (f" ({guard.detail})" if guard.detail else "")


class Report(BaseModel):
    """The last line of ``closetspace catalog refresh --json``.

    ``new`` to ``unchanged`` count the items of the sources that were read. An item counts once: a changed image before
    a changed text, a changed text before a changed price or stock. ``embedded`` counts the new vectors (in a dry run,
    the vectors that a run would make), ``failed`` the items without a vector. ``published`` says whether the index in
    use has what was read: a new version, or the one before if nothing changed.
    """

    model_config = ConfigDict(frozen=True)

    new: int = 0
    changed_picture: int = 0
    changed_text: int = 0
    changed_price: int = 0
    gone: int = 0
    unchanged: int = 0
    embedded: int = 0
    failed: int = 0
    guards: tuple[GuardResult, ...] = ()
    published: bool = False
    version: str | None = None
    seconds: float = 0.0

    @property
    def changed(self) -> int:
        """The number of items that are new, changed or gone."""
        return self.new + self.changed_picture + self.changed_text + self.changed_price + self.gone


class RunRecord(BaseModel):
    """One run. ``finished`` is None while it runs, and stays None if it is killed.

    ``report.version`` is the index in use after the run, ``items`` the number of items in the index that it built.
    ``left`` counts the items that left the catalog. ``stopped`` has the sources that were not updated, with the reason,
    ``left_out`` the unusable products of each source by reason, ``failed`` up to a hundred items without a vector, with
    the reason. ``error`` says why the run published nothing, ``refused`` whether a guard stopped it.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    started: AwareDatetime
    finished: AwareDatetime | None = None
    sources: tuple[str, ...] = ()
    tasks: int = 1
    dry_run: bool = False
    base_snapshot: str | None = None
    snapshot: str | None = None
    version_before: str | None = None
    items: int = 0
    left: int = 0
    stopped: dict[str, str] = Field(default_factory=dict)
    left_out: dict[str, dict[str, int]] = Field(default_factory=dict)
    failed: dict[str, str] = Field(default_factory=dict)
    report: Report = Report()
    refused: bool = False
    error: str = ""


def _warn(run: str, reason: str) -> None:
    log.warning("the record of run %s can't be read: %s", run, reason)


@dataclass(frozen=True)
class RunRecords:
    """The records in one store. The ids of runs sort by the time they began."""

    store: ObjectStore

    def write(self, record: RunRecord) -> None:
        """Write a record; it replaces an earlier one of the same run."""
        self.store.write(_object_name(record.run), record.model_dump_json(indent=1).encode())

    def read(self, run: str) -> RunRecord:
        """Return a run's record. Raises `NotFound`, or `Incompatible` if it is unreadable."""
        try:
            return RunRecord.model_validate_json(self.store.read(_object_name(run)))
        except NotFound as exc:
            raise NotFound(f"There is no record of run {run} here.") from exc
        except ValidationError as exc:
            violation = first_violation(exc, root="record")
            raise Incompatible(f"the record of run {run} is not readable: {violation.message.rstrip('.')}") from exc

    def runs(self) -> list[str]:
        """Return the ids of all recorded runs, the newest first."""
        names = (stat.name for stat in self.store.list(FOLDER))
        return sorted((n[len(FOLDER) : -len(_NAME)] for n in names if n.endswith(_NAME)), reverse=True)

    def newest(self, limit: int, on_unreadable: Callable[[str, str], None] = _warn) -> list[RunRecord]:
        """Return the readable records among the newest ``limit`` runs, the newest first.

        ``on_unreadable`` is called with the id and the reason of each unreadable one.
        """
        records = []
        for run in islice(self.runs(), limit):
            try:
                records.append(self.read(run))
            except ClosetspaceError as error:
                on_unreadable(run, str(error))
        return records


def _object_name(run: str) -> str:
    return f"{FOLDER}{run}{_NAME}"
