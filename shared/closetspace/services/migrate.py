"""Change the encoder of a running system: no request fails meanwhile, and no answer mixes two encoders' vectors.

An index by the new encoder is published beside the one in use, every closet's items get a vector of it beside
their old one, each request is answered from the index that covers the closet best, and once nothing is
left to move the two indexes change places and the old vectors go. What remains to be done is read from the
store and the database each time: a job that was killed is started again.

Once the old vectors are gone, an index of the old encoder can't be published or rolled back to any more: closets hold
nothing that it could be asked with. The way back is a change to the old encoder, by the same steps.
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
from closetspace.services.throttled_pool import ThrottledPool

PASSES = 5
"""Rounds over what is left: instances with the old encoder may go on adding to it until they are replaced."""


class Phase(StrEnum):
    """The steps of a change, in order."""

    PREPARE = "prepare"
    MOVE = "move"
    SWITCH = "switch"
    CLEAN = "clean"


@dataclass(frozen=True)
class Done:
    """How many items or closets a phase settled, and how many it could not."""

    settled: int
    failed: int


@dataclass(frozen=True)
class Migration:
    """The change to one encoder.

    ``catalog`` names the catalog's state, ``build`` makes and uploads an index of it by the encoder, ``move`` settles
    an item by it, ``refresh_taste`` derives a person's taste.
    """

    encoder_id: str
    catalog: Callable[[], str]
    versions: IndexVersions
    wardrobe: Wardrobe
    closets: Closets
    build: Callable[[Progress], str]
    move_item: Callable[[str], object]
    refresh_taste: Callable[[str], None]
    paced: ThrottledPool

    def phases(self) -> list[Phase]:
        """What remains to be done. Raises `FailedPrecondition` where there is nothing to change from, or another
        change is under way."""
        left = self.left()
        current = self._current()
        in_use = self.versions.encoder_of(current.version)
        beside = self.versions.encoder_of(current.beside.version) if current.beside else None
        if in_use is None:
            raise FailedPrecondition(f"Index {current.version} is in use and not whole: publish another first.")
        if in_use == self.encoder_id:
            return [Phase.MOVE, Phase.CLEAN] if left or current.beside else []
        if current.beside and beside != self.encoder_id:
            raise FailedPrecondition(
                f"A change from {in_use} to {beside} is under way: finish it, or go back with --to {in_use}, before"
                f" changing to {self.encoder_id}."
            )
        return list(Phase)[1 if current.beside else 0 :]

    def left(self) -> int:
        """How many items another encoder has settled."""
        return self.wardrobe.count_items_with_other_encoder(self.encoder_id)

    def prepare(self, now: datetime, progress: Progress) -> str:
        """Publish an index by the encoder beside the one in use, a new one unless the catalog has one already."""
        wanted = (self.encoder_id, self.catalog())
        fitting = (m.version for m in self.versions.versions() if (m.encoder, m.source) == wanted)
        version = next(fitting, None) or self.build(progress)
        self.versions.publish_beside(version, now)
        return version

    def move(self, progress: Progress) -> Done:
        """Settle by the encoder whatever another one has settled; items that fail are left for the next time."""
        total, settled, failed = self.left(), 0, 0
        for _ in range(PASSES):
            before, failed = settled, 0
            for moved in self.paced.each(self.wardrobe.items_with_other_encoder(self.encoder_id), self.move_item):
                settled, failed = settled + moved, failed + (not moved)
                progress(settled, max(total, settled))
            if settled == before:
                break
        return Done(settled, failed)

    def switch(self, now: datetime) -> str:
        """Have the encoder's index be the one in use; the other one answers for what was not moved yet.

        Raises `FailedPrecondition` while anything is left to move.
        """
        self._refuse_if_left("before the switch")
        return self.versions.switch(now).version

    def clean(self, now: datetime, progress: Progress) -> Done:
        """Remove other encoders' vectors from all closets, then have the encoder's index answer alone."""
        total, cleaned, failed = self.closets.count(), 0, 0
        for done in self.paced.each(self.closets.owners(), self._clean):
            cleaned, failed = cleaned + done, failed + (not done)
            progress(cleaned, max(total, cleaned))
        if failed:
            raise FailedPrecondition(f"{failed} closets could not be cleaned, see above: run this again.")
        self._refuse_if_left("before the old index goes")
        self.versions.retire_beside(now)
        return Done(cleaned, failed)

    def _clean(self, uid: str) -> None:
        if self.closets.keep_only(uid, self.encoder_id):
            self.refresh_taste(uid)

    def _refuse_if_left(self, when: str) -> None:
        if left := self.left():
            raise FailedPrecondition(
                f"{left} items are left to move {when}: run this again. If they do not get fewer, functions with the"
                " old encoder are still running."
            )

    def _current(self) -> Current:
        current = self.versions.current()
        if current is None:
            raise FailedPrecondition(
                "No index is in use, so there is no encoder to change from: run `closetspace index build` and"
                " `closetspace index publish`."
            )
        return current
