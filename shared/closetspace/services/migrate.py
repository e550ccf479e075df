"""Migrates a running system to another encoder. No request fails, and no answer mixes vectors of two encoders.

First an index by the new encoder is published beside the one in use. Then every item gets a second vector, by the new
encoder, and each request is answered from the index that covers the closet best. When no item is left, the two indexes
change places and the old vectors are removed. Every step reads from the store and the database what remains, so a
killed job can be started again.

Without the old vectors, an index by the old encoder can't be published or rolled back to. The way back is a migration
to the old encoder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from closetspace.domain.index.publication import Current
from closetspace.errors import FailedPrecondition
from closetspace.ports import Closets, Wardrobe
from closetspace.services.embed_catalog import Progress
from closetspace.services.index_versions import IndexVersions
from closetspace.services.throttling import ThrottledPool

PASSES = 5
"""Passes over the remaining items: until they are replaced, instances with the old encoder may add to them."""


class Phase(StrEnum):
    """The phases of a migration, in order."""

    PREPARE = "prepare"
    MOVE = "move"
    SWITCH = "switch"
    CLEAN = "clean"


@dataclass(frozen=True)
class PhaseResult:
    """How many items or closets a phase finished, and how many failed."""

    finished: int
    failed: int


@dataclass(frozen=True)
class Migration:
    """The migration to one encoder.

    ``catalog`` returns the name of the catalog's current state. ``build`` builds and uploads an index of it by the new
    encoder and returns the version. ``reembed`` embeds an item by the new encoder, ``refresh_taste`` derives a
    person's taste again.
    """

    encoder_id: str
    catalog: Callable[[], str]
    versions: IndexVersions
    wardrobe: Wardrobe
    closets: Closets
    build: Callable[[Progress], str]
    reembed: Callable[[str], object]
    refresh_taste: Callable[[str], None]
    pool: ThrottledPool

    def phases(self) -> list[Phase]:
        """Return the phases that remain.

        Raises `FailedPrecondition` if no index is in use, or another migration is under way.
        """
        left = self.left()
        current = self._current()
        in_use = self.versions.encoder_of(current.version)
        beside = self.versions.encoder_of(current.candidate.version) if current.candidate else None
        if in_use is None:
            raise FailedPrecondition(f"Index {current.version} is in use but incomplete: publish another first.")
        if in_use == self.encoder_id:
            return [Phase.MOVE, Phase.CLEAN] if left or current.candidate else []
        if current.candidate and beside != self.encoder_id:
            raise FailedPrecondition(
                f"A migration from {in_use} to {beside} is under way: finish it, or go back with --to {in_use}, before"
                f" migrating to {self.encoder_id}."
            )
        return list(Phase)[1 if current.candidate else 0 :]

    def left(self) -> int:
        """Return how many items only have a vector by another encoder."""
        return self.wardrobe.count_items_with_other_encoder(self.encoder_id)

    def prepare(self, now: datetime, progress: Progress) -> str:
        """Publish an index by the new encoder as the candidate, built if there is none, and return its version."""
        needed = (self.encoder_id, self.catalog())
        built = (m.version for m in self.versions.versions() if (m.encoder, m.source) == needed)
        version = next(built, None) or self.build(progress)
        self.versions.publish_candidate(version, now)
        return version

    def move(self, progress: Progress) -> PhaseResult:
        """Embed the remaining items by the new encoder. Items that fail are left to the next run."""
        total, finished, failed = self.left(), 0, 0
        for _ in range(PASSES):
            before, failed = finished, 0
            for moved in self.pool.each(self.wardrobe.items_with_other_encoder(self.encoder_id), self.reembed):
                finished, failed = finished + moved, failed + (not moved)
                progress(finished, max(total, finished))
            if finished == before:
                break
        return PhaseResult(finished, failed)

    def switch(self, now: datetime) -> str:
        """Put the new encoder's index in use and return its version; the old one stays beside it.

        Raises `FailedPrecondition` while items are left to move.
        """
        self._require_all_moved("before the switch")
        return self.versions.switch(now).version

    def clean(self, now: datetime, progress: Progress) -> PhaseResult:
        """Remove other encoders' vectors from all closets, then retire the old index."""
        total, cleaned, failed = self.closets.count(), 0, 0
        for done in self.pool.each(self.closets.owners(), self._clean):
            cleaned, failed = cleaned + done, failed + (not done)
            progress(cleaned, max(total, cleaned))
        if failed:
            raise FailedPrecondition(f"{failed} closets could not be cleaned, see above: run this again.")
        self._require_all_moved("before the old index is retired")
        self.versions.retire_candidate(now)
        return PhaseResult(cleaned, failed)

    def _clean(self, uid: str) -> None:
        if self.closets.keep_only(uid, self.encoder_id):
            self.refresh_taste(uid)

    def _require_all_moved(self, when: str) -> None:
        if left := self.left():
            raise FailedPrecondition(
                f"{left} items are left to move {when}: run this again. If the number does not fall, functions with the"
                " old encoder are still running."
            )

    def _current(self) -> Current:
        current = self.versions.current()
        if current is None:
            raise FailedPrecondition(
                "No index is in use, so there is no encoder to migrate from: run `closetspace index build` and"
                " `closetspace index publish`."
            )
        return current
