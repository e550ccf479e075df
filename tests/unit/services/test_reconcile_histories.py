"""Random histories of changes, deliveries and crashes, and the invariants that hold when events stop."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from closetspace.domain.encoder.encoding import Garment
from closetspace.domain.encoder.vectors import mean_vector
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.thumbnails import SIDES
from closetspace.errors import Conflict, Transient
from tests.support.fakes import HashEncoder, World, garment_probability, shrink_anything

ITEMS = st.sampled_from(["shirt", "jeans"])
PEOPLE = st.sampled_from(["ann", "bob"])
NAMES = st.sampled_from(["", "Blue", "Red"])
PHOTOS = st.sampled_from([b"photo one", b"photo two", b"sofa", b"bad picture", b"x" * 1001])


class Crash(Exception):
    """The process ends."""


class WardrobeHistories(RuleBasedStateMachine):
    """Clients' changes queue events, which are delivered in any order, twice, late, or to a process that crashes.

    The newer encoder refuses a sofa, the older one does not.
    """

    @initialize()
    def start(self) -> None:
        self.world = World()
        self.world.encoder.before = self.while_embedding
        newer = HashEncoder(id="hash.2", before=self.while_embedding, garment=garment_probability)
        self.newer = replace(self.world, encoder=newer)
        self.events: list[tuple[str, str, Deletion | None]] = []
        self.interruptions: list[Callable[[], None]] = []
        self.closet_versions: dict[str, int] = {}
        self.crashes = 0

    def while_embedding(self, garment: Garment) -> None:
        if self.interruptions:
            self.interruptions.pop()()

    @rule(item=ITEMS, uid=PEOPLE, name=NAMES)
    def write(self, item: str, uid: str, name: str) -> None:
        owner = self.world.database.documents.get(item, {"uid": uid})["uid"]
        self.world.write_item(item, owner, name=name)
        self.events.append(("item", item, None))

    @rule(item=ITEMS, uid=PEOPLE, data=PHOTOS)
    def upload(self, item: str, uid: str, data: bytes) -> None:
        owner = self.world.database.documents.get(item, {"uid": uid})["uid"]
        self.world.upload(item, data, owner)
        self.events.append(("item", item, None))

    @rule(item=ITEMS)
    def delete_item(self, item: str) -> None:
        document = self.world.database.documents.pop(item, None)
        if document:
            self.events.append(("item", item, Deletion(document["uid"], datetime.now(UTC))))

    @rule(item=ITEMS)
    def delete_photo(self, item: str) -> None:
        document = self.world.database.documents.get(item)
        if document:
            self.world.photos.delete(document["photo_path"])
            self.events.append(("item", item, None))

    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        if self.events:
            event = self.events.pop(data.draw(st.integers(0, len(self.events) - 1)))
            self.handle(event, by_newer=data.draw(st.booleans()))

    @rule(item=ITEMS)
    def reembed(self, item: str) -> None:
        """Re-embed an item as the migration does; a crash is followed by another run."""
        with suppress(Crash, Conflict, Transient):
            self.newer.reconciler.reembed(item)
        self.queue_closet_events()

    @rule(uid=PEOPLE)
    def remove_old_vectors(self, uid: str) -> None:
        """Clean a closet as the migration does, even if it is too early."""
        self.world.database.keep_only(uid, "hash.2")
        self.queue_closet_events()

    @rule(data=st.data())
    def deliver_twice(self, data: st.DataObject) -> None:
        if self.events:
            event = data.draw(st.sampled_from(self.events))
            self.events.append(event)
            self.handle(event)

    @rule(item=ITEMS, name=NAMES, delivered=st.booleans())
    def rename_during_the_next_embedding(self, item: str, name: str, delivered: bool) -> None:
        self.interruptions.append(lambda: self.overtake(lambda: self.write(item, "ann", name), delivered))

    @rule(item=ITEMS, data=PHOTOS, delivered=st.booleans())
    def upload_during_the_next_embedding(self, item: str, data: bytes, delivered: bool) -> None:
        self.interruptions.append(lambda: self.overtake(lambda: self.upload(item, "ann", data), delivered))

    @rule(item=ITEMS, delivered=st.booleans())
    def delete_during_the_next_embedding(self, item: str, delivered: bool) -> None:
        self.interruptions.append(lambda: self.overtake(lambda: self.delete_item(item), delivered))

    def overtake(self, change: Callable[[], None], delivered: bool) -> None:
        """Make a change; its event stays queued, or another instance has already handled it."""
        queued = len(self.events)
        change()
        if delivered and len(self.events) > queued:
            self.handle(self.events.pop())

    @rule(item=ITEMS)
    def race_during_the_next_embedding(self, item: str) -> None:
        self.interruptions.append(lambda: self.handle(("item", item, None)))

    @rule()
    def crash_during_the_next_embedding(self) -> None:
        def crash() -> None:
            raise Crash

        # One more, and an item would be given up.
        if self.crashes < self.world.settings.max_attempts - 1:
            self.crashes += 1
            self.interruptions.append(crash)

    @rule(item=ITEMS, uid=PEOPLE, name=NAMES)
    def add_settled_item(self, item: str, uid: str, name: str) -> None:
        """Add an item and handle all of its events, so that none of them repairs what a later race breaks."""
        self.upload(item, uid, b"photo three")
        self.write(item, uid, name)
        self.drain()

    @rule()
    def drain(self) -> None:
        for _ in range(1000):
            if not self.events:
                break
            self.handle(self.events.pop())

    def handle(self, event: tuple[str, str, Deletion | None], by_newer: bool = False) -> None:
        """Deliver an event to an instance with the old or the newer encoder; queue it again if that raises."""
        kind, name, deletion = event
        instance = self.newer if by_newer else self.world
        try:
            if kind == "closet":
                instance.taste_keeper.refresh(name)
            else:
                instance.reconciler.reconcile(name, deletion)
        except (Crash, Conflict, Transient):
            self.events.append(event)
        self.queue_closet_events()

    def queue_closet_events(self) -> None:
        for uid in ("ann", "bob"):
            version = self.world.database.closet(uid).version
            if version != self.closet_versions.get(uid, 0):
                self.closet_versions[uid] = version
                self.events.append(("closet", uid, None))

    @invariant()
    def closet_has_only_items_with_a_state(self) -> None:
        for uid in ("ann", "bob"):
            for item_id in self.world.database.closet(uid).entries:
                assert self.world.database.states[item_id][0].uid == uid

    @invariant()
    def ready_item_is_in_the_closet(self) -> None:
        for item_id, (state, _, _) in self.world.database.states.items():
            if state.status == "ready":
                assert state.encoder in self.world.database.closet(state.uid).entries[item_id]

    @invariant()
    def all_vectors_of_an_item_have_the_same_photo(self) -> None:
        for uid in ("ann", "bob"):
            for by_encoder in self.world.database.closet(uid).entries.values():
                assert len({entry.photo_hash for entry in by_encoder.values()}) == 1

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.interruptions.clear()
        self.drain()
        assert not self.events
        self.check_all()
        self.finish_migration()
        self.check_all()
        self.audit()
        self.check_all()
        self.check_photos()

    def finish_migration(self) -> None:
        database = self.world.database
        for item_id in database.items_with_other_encoder("hash.2"):
            self.newer.reconciler.reembed(item_id)
        assert not database.count_items_with_other_encoder("hash.2")
        for uid in ("ann", "bob"):
            database.keep_only(uid, "hash.2")
            self.newer.taste_keeper.refresh(uid)
            assert set(database.closet(uid).coverage) <= {"hash.2"}

    def audit(self) -> None:
        """Sweep a day later, as often as it takes to come past everything; refusals are no failures."""
        self.newer.now += timedelta(hours=self.newer.settings.orphan_hours + 1)
        assert self.newer.sweeper.sweep(self.newer.now) <= len(self.world.database.documents)

    def check_photos(self) -> None:
        """Check that of each person only photos are left that an item of theirs names, and their thumbnails."""
        photos = {document["photo_path"] for document in self.world.database.documents.values()}
        thumbnails = {name for item_id in self.world.database.states for name in self.thumbnails(item_id)}
        left = {stat.name for stat in self.world.photos.list("users/")}
        assert thumbnails <= left <= photos | thumbnails

    def thumbnails(self, item_id: str) -> list[str]:
        return list((self.world.database.states[item_id][0].thumbnails or {}).values())

    def check_all(self) -> None:
        for item_id, document in self.world.database.documents.items():
            self.check_settled(item_id, document)
        for uid in ("ann", "bob"):
            self.check_closet(uid)

    def check_settled(self, item_id: str, document: Any) -> None:
        stored = self.world.photos.stat(document["photo_path"])
        photo = self.world.photos.read(document["photo_path"]) if stored else None
        state = self.world.database.states[item_id][0]
        if photo is None:
            assert state.status == "waiting_for_photo"
        elif photo.startswith(b"bad") or len(photo) > 1000:
            assert state.status == "failed"
            assert state.error is not None
        elif photo == b"sofa" and state.encoder == "hash.2":
            assert state.status == "failed"
            assert state.error is not None
            assert state.error.code == "no_garment"
        else:
            assert state.status == "ready"
            assert [self.world.photos.read(name) for name in self.thumbnails(item_id)] == shrink_anything(photo, SIDES)

    def check_closet(self, uid: str) -> None:
        """Check that the closet has the current vector of each ready item, and the taste their mean."""
        database = self.world.database
        ready = {i for i, (state, _, _) in database.states.items() if state.status == "ready" and state.uid == uid}
        closet = database.closet(uid)
        assert set(closet.entries) == ready
        assert ready <= set(database.documents)
        for item_id, by_encoder in closet.entries.items():
            for entry in by_encoder.values():
                np.testing.assert_allclose(entry.vector, self.world.expected_vector(item_id), atol=1e-3)
        taste = database.tastes.get(uid)
        if closet.version:
            assert taste is not None
            assert taste.closet_version == closet.version
            np.testing.assert_allclose(taste.mean, mean_vector(closet.arrays(taste.encoder).vectors), atol=1e-6)
        for item_id in {"shirt", "jeans"} - set(database.documents):
            assert item_id not in database.states


WardrobeHistories.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
test_invariants_hold_when_events_stop = WardrobeHistories.TestCase
