"""What each adapter of a port must do, as classes of tests that the tests of adapters inherit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import pytest

from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.person.account import AccountDeletion
from closetspace.domain.person.data_export import DataExport, ExportStatus
from closetspace.domain.person.opinions import MAX_OPINIONS, Opinion, OpinionKind
from closetspace.domain.person.person import Person
from closetspace.domain.person.personal_data import (
    CLOSET_SHARDS,
    CLOSETS,
    COLLECTIONS,
    PREFERENCES,
    STATES,
    WARDROBE,
    PersonalCollection,
)
from closetspace.domain.person.preferences import Preferences
from closetspace.domain.person.shown import ShownList, ShownLists
from closetspace.domain.taste.membership import LabelMembership
from closetspace.domain.taste.taste import derive_taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.item import Fault
from closetspace.domain.wardrobe.photo import ObjectPhoto, photo_folder
from closetspace.domain.wardrobe.state import Hint, ItemState, Status
from closetspace.errors import Conflict, NotFound, ResourceExhausted
from closetspace.ports import (
    Accounts,
    AuditPage,
    Bookmarks,
    Closets,
    DueItem,
    Exports,
    ItemDocuments,
    Keep,
    ObjectStore,
    People,
    PersonalDocuments,
    Put,
    Remove,
    StreamedObjectStore,
    Usage,
    Users,
    Wardrobe,
)


class Database(NamedTuple):
    """The ports under test, with the writes of clients, and a fast way to store many opinions."""

    wardrobe: Wardrobe
    closets: Closets
    people: People
    usage: Usage
    bookmarks: Bookmarks
    accounts: Accounts
    write: Callable[[str, dict[str, Any]], object]
    delete: Callable[[str], object]
    prefer: Callable[[str, dict[str, Any]], object]
    fill: Callable[[str, dict[str, Opinion]], object]


class Leaving(NamedTuple):
    """The ports of those who leave, over the same database."""

    database: Database
    documents: PersonalDocuments
    items: ItemDocuments
    exports: Exports


ODD_IDS = ["plain", "a.b", "a/b", "`", "\"'\\", "items", "__a__", "ü 👕", "x" * 1500]

LARGEST = 2**64 - 1

DAY = datetime(2026, 11, 23, tzinfo=UTC)


def vector(seed: int, dim: int = 8) -> FloatArray:
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


def entry(seed: int, dim: int = 8, encoder: str = "hash-1") -> ClosetEntry:
    attributes = np.array([seed, 255, 0], np.uint8)
    return ClosetEntry(
        encoder, vector(seed, dim), "Topwear", f"photo-{seed}", attributes, f"Shirt {seed}", 2**63 + seed
    )


def ready(uid: str, encoder: str = "hash-1") -> ItemState:
    thumbnails = {"640": f"users/{uid}/wardrobe/shirt/thumbs/1-640.webp"}
    return ItemState(uid, Status.READY, "key", encoder, "Topwear", ("red", "navy blue"), thumbnails=thumbnails)


def put(
    database: Database, uid: str, item_id: str, seed: int, dim: int = 8, encoder: str = "hash-1", beside: bool = False
) -> None:
    database.write(item_id, {"uid": uid, "name": "Shirt"})
    change = Put(entry(seed, dim, encoder), keep_other_encoders=beside)
    database.wardrobe.commit(database.wardrobe.read(item_id), ready(uid, encoder), change)


def encoders(closet: Closet) -> dict[str, set[str]]:
    return {item_id: set(by_encoder) for item_id, by_encoder in closet.entries.items()}


class DatabaseContract:
    """The tests of a database. A subclass has the fixture ``database``."""

    @pytest.fixture
    def uid(self) -> str:
        return f"person-{uuid4().hex}"

    @pytest.fixture
    def item_id(self) -> str:
        return f"item.with/odd `characters`-{uuid4().hex}".replace("/", "~")

    def test_commit_writes_state_and_entry_together(self, database: Database, uid: str, item_id: str) -> None:
        put(database, uid, item_id, 1)
        record = database.wardrobe.read(item_id)
        assert record.state == replace(ready(uid), shard=0)
        assert record.item is not None
        assert (record.item.uid, record.item.name) == (uid, "Shirt")
        closet = database.closets.closet(uid)
        assert set(closet.entries) == {item_id}
        stored = closet.entries[item_id]["hash-1"]
        np.testing.assert_allclose(stored.vector, vector(1), rtol=1e-3)
        assert (stored.encoder, stored.category, stored.photo_hash) == ("hash-1", "Topwear", "photo-1")
        assert (stored.attributes.tolist(), stored.title, stored.product) == ([1, 255, 0], "Shirt 1", 2**63 + 1)
        assert closet.version > 0

    @pytest.mark.parametrize("hint", [*Hint, None])
    def test_hint_is_stored_until_a_state_without_one_is_written(
        self, database: Database, uid: str, item_id: str, hint: Hint | None
    ) -> None:
        database.write(item_id, {"uid": uid})
        hinted = replace(ready(uid), hint=hint)
        record = database.wardrobe.commit(database.wardrobe.read(item_id), hinted, Put(entry(1)))
        assert record.state is not None
        stored = database.wardrobe.read(item_id).state
        assert stored == record.state == replace(hinted, shard=0)
        database.wardrobe.commit(record, replace(hinted, hint=None), Put(entry(2)))
        assert database.wardrobe.read(item_id).state == replace(ready(uid), shard=0)

    def test_missing_documents_are_read_as_none(self, database: Database, uid: str, item_id: str) -> None:
        record = database.wardrobe.read(item_id)
        assert (record.item, record.state) == (None, None)
        closet = database.closets.closet(uid)
        assert (closet.entries, closet.version) == ({}, 0)
        assert database.people.person(uid) == Person(closet)

    def test_commit_returns_the_record_that_the_next_commit_needs(
        self, database: Database, uid: str, item_id: str
    ) -> None:
        database.write(item_id, {"uid": uid})
        record = database.wardrobe.read(item_id)
        record = database.wardrobe.commit(record, ItemState(uid, Status.PROCESSING, "key"), Keep())
        record = database.wardrobe.commit(record, ready(uid), Put(entry(1)))
        record = database.wardrobe.commit(record, ItemState(uid, Status.PROCESSING, "key 2", shard=0), Keep())
        assert set(database.closets.closet(uid).entries) == {item_id}
        assert record.state is not None
        assert record.state.shard == 0

    def test_commit_with_an_outdated_record_is_refused(self, database: Database, uid: str, item_id: str) -> None:
        database.write(item_id, {"uid": uid})
        late = database.wardrobe.read(item_id)
        put(database, uid, item_id, 1)
        with pytest.raises(Conflict):
            database.wardrobe.commit(late, ready(uid), Put(entry(2)))
        np.testing.assert_allclose(database.closets.closet(uid).entries[item_id]["hash-1"].vector, vector(1), rtol=1e-3)

    def test_commit_after_the_item_changed_or_was_deleted_is_refused(
        self, database: Database, uid: str, item_id: str
    ) -> None:
        database.write(item_id, {"uid": uid})
        late = database.wardrobe.read(item_id)
        database.write(item_id, {"uid": uid, "name": "Another"})
        with pytest.raises(Conflict):
            database.wardrobe.commit(late, ready(uid), Put(entry(1)))
        late = database.wardrobe.read(item_id)
        database.delete(item_id)
        with pytest.raises(Conflict):
            database.wardrobe.commit(late, ready(uid), Put(entry(1)))
        assert database.wardrobe.read(item_id).state is None
        assert not database.closets.closet(uid).entries

    def test_removing_an_entry_leaves_the_others(self, database: Database, uid: str, item_id: str) -> None:
        put(database, uid, item_id, 1)
        put(database, uid, item_id + "2", 2)
        failed = ItemState(uid, Status.FAILED, error=Fault("photo_unreadable", "Upload another."))
        database.wardrobe.commit(database.wardrobe.read(item_id), failed, Remove())
        assert database.wardrobe.read(item_id).state == failed
        assert set(database.closets.closet(uid).entries) == {item_id + "2"}
        database.wardrobe.commit(database.wardrobe.read(item_id + "2"), None, Remove())
        assert database.wardrobe.read(item_id + "2").state is None
        assert not database.closets.closet(uid).entries

    def test_each_change_of_a_closet_raises_its_version(self, database: Database, uid: str, item_id: str) -> None:
        versions = [database.closets.closet(uid).version]
        for seed in (1, 2):
            put(database, uid, item_id, seed)
            versions.append(database.closets.closet(uid).version)
        database.wardrobe.commit(database.wardrobe.read(item_id), None, Remove())
        versions.append(database.closets.closet(uid).version)
        assert versions == sorted(set(versions))

    def test_entry_moves_with_its_owner(self, database: Database, uid: str, item_id: str) -> None:
        put(database, uid, item_id, 1)
        put(database, f"{uid}-2", item_id, 1)
        assert not database.closets.closet(uid).entries
        assert set(database.closets.closet(f"{uid}-2").entries) == {item_id}

    def test_entry_of_another_encoder_is_kept_or_replaced(self, database: Database, uid: str, item_id: str) -> None:
        second, other = "hash.2/`odd`", item_id + "2"
        put(database, uid, item_id, 1)
        put(database, uid, other, 2)
        put(database, uid, item_id, 3, encoder=second, beside=True)
        closet = database.closets.closet(uid)
        assert encoders(closet) == {item_id: {"hash-1", second}, other: {"hash-1"}}
        assert closet.coverage == {"hash-1": 2, second: 1}
        for encoder, seed in (("hash-1", 1), (second, 3)):
            np.testing.assert_allclose(closet.entries[item_id][encoder].vector, vector(seed), rtol=1e-3)
        put(database, uid, item_id, 4, encoder=second, beside=True)
        put(database, uid, other, 5, encoder=second)
        assert encoders(database.closets.closet(uid)) == {item_id: {"hash-1", second}, other: {second}}
        put(database, uid, item_id, 6)
        assert encoders(database.closets.closet(uid)) == {item_id: {"hash-1"}, other: {second}}
        put(database, uid, item_id, 7, encoder=second, beside=True)
        database.wardrobe.commit(database.wardrobe.read(item_id), None, Remove())
        assert encoders(database.closets.closet(uid)) == {other: {second}}

    def test_items_of_another_encoder_are_listed_and_counted(self, database: Database, uid: str, item_id: str) -> None:
        mine = f"hash-{uid}"
        before = database.wardrobe.count_items_with_other_encoder(mine)
        put(database, uid, f"{item_id}-other", 1)
        put(database, uid, f"{item_id}-mine", 1, encoder=mine)
        database.write(f"{item_id}-waits", {"uid": uid})
        record = database.wardrobe.read(f"{item_id}-waits")
        database.wardrobe.commit(record, ItemState(uid, Status.WAITING_FOR_PHOTO), Keep())
        found = list(database.wardrobe.items_with_other_encoder(mine))
        assert [i for i in found if i.startswith(item_id)] == [f"{item_id}-other"]
        assert len(found) == len(set(found)) == database.wardrobe.count_items_with_other_encoder(mine) == before + 1

    def test_entries_of_other_encoders_are_removed_if_the_state_names_ours(
        self, database: Database, uid: str, item_id: str
    ) -> None:
        moved, theirs, failed = (f"{item_id}-{name}" for name in ("moved", "theirs", "failed"))
        for name in (moved, theirs, failed):
            put(database, uid, name, 1)
        put(database, uid, moved, 2, encoder="hash.2", beside=True)
        put(database, uid, theirs, 2, encoder="hash.2", beside=True)
        put(database, uid, theirs, 3, beside=True)
        fault = ItemState(uid, Status.FAILED, "key", "hash.2", error=Fault("photo_unreadable", "Upload another."))
        database.wardrobe.commit(database.wardrobe.read(failed), fault, Remove())
        before = database.closets.closet(uid)
        assert uid in set(database.closets.owners())
        assert database.closets.count() == len(list(database.closets.owners()))
        assert database.closets.keep_only(uid, "hash.2") == 1
        closet = database.closets.closet(uid)
        assert encoders(closet) == {moved: {"hash.2"}, theirs: {"hash-1", "hash.2"}}
        assert closet.version > before.version
        assert database.closets.keep_only(uid, "hash.2") == 0
        assert database.closets.closet(uid).version == closet.version
        assert database.closets.keep_only(f"{uid}-nobody", "hash.2") == 0

    def test_items_are_due_once_their_time_has_come_the_oldest_first(
        self, database: Database, uid: str, item_id: str
    ) -> None:
        start, minute = datetime(2026, 11, 28, tzinfo=UTC), timedelta(minutes=1)
        for number, sweep_at in enumerate((start + 2 * minute, None, start, start + minute)):
            database.write(f"{item_id}-{number}", {"uid": uid})
            record = database.wardrobe.read(f"{item_id}-{number}")
            state = ItemState(uid, Status.PROCESSING, "key", attempts=3, sweeps=2, sweep_at=sweep_at)
            assert database.wardrobe.commit(record, state, Keep()).state == state
            assert database.wardrobe.read(f"{item_id}-{number}").state == state

        def due(now: datetime) -> list[DueItem]:
            return [each for each in database.wardrobe.due(now) if each.item_id.startswith(item_id)]

        assert [each.item_id for each in due(start + minute)] == [f"{item_id}-2", f"{item_id}-3"]
        first, second = due(start + minute)
        assert first.sweeps == 2
        assert database.wardrobe.postpone(first, start + 3 * minute)
        assert [each.item_id for each in due(start + minute)] == [second.item_id]
        postponed = database.wardrobe.read(first.item_id).state
        assert postponed is not None
        assert (postponed.sweeps, postponed.sweep_at, postponed.attempts) == (3, start + 3 * minute, 3)

    def test_item_that_has_changed_or_gone_is_not_postponed(self, database: Database, uid: str, item_id: str) -> None:
        start = datetime(2026, 11, 28, tzinfo=UTC)
        database.write(item_id, {"uid": uid})
        record = database.wardrobe.read(item_id)
        database.wardrobe.commit(record, ItemState(uid, Status.PROCESSING, sweep_at=start), Keep())
        (due,) = (each for each in database.wardrobe.due(start) if each.item_id == item_id)
        database.wardrobe.commit(database.wardrobe.read(item_id), ready(uid), Put(entry(1)))
        assert not database.wardrobe.postpone(due, start)
        assert database.wardrobe.read(item_id).state == replace(ready(uid), shard=0)
        database.wardrobe.commit(database.wardrobe.read(item_id), None, Remove())
        assert not database.wardrobe.postpone(due, start)
        assert database.wardrobe.read(item_id).state is None

    def test_audit_finds_items_without_state_and_stray_states_page_by_page(
        self, database: Database, uid: str, item_id: str
    ) -> None:
        put(database, uid, f"{item_id}-settled", 1)
        put(database, uid, f"{item_id}-deleted", 1)
        database.delete(f"{item_id}-deleted")
        database.write(f"{item_id}-lost", {"uid": uid})
        for name, sweep_at in (("forgotten", None), ("due", datetime.now(UTC))):
            database.write(f"{item_id}-{name}", {"uid": uid})
            state = ItemState(uid, Status.WAITING_FOR_PHOTO, sweep_at=sweep_at)
            database.wardrobe.commit(database.wardrobe.read(f"{item_id}-{name}"), state, Keep())

        def walk(read: Callable[[str, int], AuditPage]) -> list[tuple[str, str]]:
            found: list[tuple[str, str]] = []
            page = read("", 2)
            while page.last:
                found += page.found
                page = read(page.last, 2)
            return [each for each in [*found, *page.found] if each[0].startswith(item_id)]

        assert walk(database.wardrobe.items_without_state) == [(f"{item_id}-lost", uid)]
        stray = walk(database.wardrobe.stray_states)
        assert stray == [(f"{item_id}-deleted", uid), (f"{item_id}-forgotten", uid)]

    def test_items_and_states_are_counted_up_to_a_limit(self, database: Database, uid: str, item_id: str) -> None:
        items, states = database.wardrobe.count_items_and_states(1_000_000)
        for number in range(3):
            put(database, uid, f"{item_id}-{number}", 1)
        database.delete(f"{item_id}-0")
        assert database.wardrobe.count_items_and_states(1_000_000) == (items + 2, states + 3)
        assert database.wardrobe.count_items_and_states(2) == (2, 2)

    def test_embeddings_are_counted_by_day_and_items_up_to_a_limit(
        self, database: Database, uid: str, item_id: str
    ) -> None:
        today, tomorrow = date(2026, 11, 28), date(2026, 11, 29)
        assert [database.usage.take_embedding(uid, today, 2) for _ in range(4)] == [True, True, False, False]
        assert database.usage.take_embedding(uid, tomorrow, 2)
        assert database.usage.take_embedding(f"{uid}-2", today, 2)
        assert database.usage.items(uid, 2) == 0
        for number in range(4):
            database.write(f"{item_id}-{number}", {"uid": uid})
            assert database.usage.items(uid, 2) == min(number + 1, 3)

    def test_states_are_counted_by_person_and_status(self, database: Database, uid: str, item_id: str) -> None:
        put(database, uid, f"{item_id}-ready", 1)
        put(database, f"{uid}-2", f"{item_id}-other", 1)
        for number in range(2):
            database.write(f"{item_id}-{number}", {"uid": uid})
            state = ItemState(uid, Status.WAITING_FOR_PHOTO)
            database.wardrobe.commit(database.wardrobe.read(f"{item_id}-{number}"), state, Keep())
        counts = {status: database.usage.count_states(uid, status) for status in Status}
        assert counts == dict.fromkeys(Status, 0) | {Status.READY: 1, Status.WAITING_FOR_PHOTO: 2}
        assert database.usage.count_states(uid, *Status) == 3

    def test_bookmark_is_read_as_it_was_set(self, database: Database, uid: str, item_id: str) -> None:
        assert database.bookmarks.bookmark(uid) == ""
        for place in (item_id, ""):
            database.bookmarks.set_bookmark(uid, place)
            assert database.bookmarks.bookmark(uid) == place

    def test_person_is_leaving_while_their_account_is_marked(self, database: Database, uid: str) -> None:
        for change in (database.accounts.mark, database.accounts.finish):
            change(uid, DAY)
            assert database.people.person(uid).is_leaving
            assert not database.people.person(f"{uid}-2").is_leaving
        database.accounts.forget(uid)
        assert not database.people.person(uid).is_leaving

    def test_taste_is_saved_unless_there_is_a_newer_one(self, database: Database, uid: str, item_id: str) -> None:
        put(database, uid, item_id, 1)
        old = derive_taste(database.closets.closet(uid), "hash-1")
        put(database, uid, item_id + "2", 2)
        new = replace(
            derive_taste(database.closets.closet(uid), "hash-1"),
            memberships={"colour": LabelMembership(vector(3), vector(4))},
        )
        for taste in (old, new, old):
            database.closets.save_taste(uid, taste)
        person = database.people.person(uid)
        closet, kept = person.closet, person.taste
        assert (set(closet.entries), closet.version) == ({item_id, item_id + "2"}, new.closet_version)
        assert kept is not None
        assert (kept.closet_version, kept.encoder, kept.count) == (new.closet_version, "hash-1", 2)
        assert (kept.mix, set(kept.memberships)) == ({"Topwear": 2}, {"colour"})
        np.testing.assert_array_equal(kept.memberships["colour"].member, vector(3))
        np.testing.assert_array_equal(kept.memberships["colour"].share, vector(4))
        np.testing.assert_allclose(kept.mean, new.mean, atol=1e-6)

    def test_versions_are_those_of_closet_and_taste(self, database: Database, uid: str, item_id: str) -> None:
        assert database.closets.versions_of(uid) == (0, 0)
        put(database, uid, item_id, 1)
        version = database.closets.closet(uid).version
        assert database.closets.versions_of(uid) == (version, 0)
        database.closets.save_taste(uid, derive_taste(database.closets.closet(uid), "hash-1"))
        put(database, uid, item_id, 2)
        assert database.closets.versions_of(uid) == (database.closets.closet(uid).version, version)

    def test_deleted_taste_is_gone(self, database: Database, uid: str, item_id: str) -> None:
        put(database, uid, item_id, 1)
        database.closets.save_taste(uid, derive_taste(database.closets.closet(uid), "hash-1"))
        for _ in range(2):
            database.closets.delete_taste(uid)
            assert database.people.person(uid).taste is None

    def test_opinion_is_stored_replaced_and_cleared_for_any_item_id(self, database: Database, uid: str) -> None:
        expected = {item: Opinion(list(OpinionKind)[n % 3], LARGEST - n) for n, item in enumerate(ODD_IDS)}
        for item, opinion in expected.items():
            database.people.give_opinion(uid, item, opinion)
        assert database.people.person(uid).opinions == expected
        for item in ODD_IDS:
            expected[item] = Opinion(OpinionKind.DISMISS, 0)
            database.people.give_opinion(uid, item, expected[item])
            assert database.people.person(uid).opinions == expected
        for item in ODD_IDS:
            del expected[item]
            database.people.give_opinion(uid, item, None)
            assert database.people.person(uid).opinions == expected

    def test_repeated_opinion_and_clearing_a_missing_one_change_nothing(self, database: Database, uid: str) -> None:
        database.people.give_opinion(uid, "shirt", None)
        assert database.people.person(uid).opinions == {}
        liked = Opinion(OpinionKind.LIKE, 7)
        for _ in range(2):
            database.people.give_opinion(uid, "shirt", liked)
            database.people.give_opinion(uid, "shoes", None)
            assert database.people.person(uid).opinions == {"shirt": liked}
        assert database.people.person(f"{uid}-2").opinions == {}

    def test_concurrent_opinions_are_all_stored(self, database: Database, uid: str) -> None:
        expected = {f"item-{number}": Opinion(OpinionKind.LIKE, number) for number in range(4)}
        with ThreadPoolExecutor(len(expected)) as pool:
            list(pool.map(lambda pair: database.people.give_opinion(uid, *pair), expected.items()))
        assert database.people.person(uid).opinions == expected

    def test_opinions_beyond_the_limit_are_refused(self, database: Database, uid: str) -> None:
        database.fill(uid, {str(number): Opinion(OpinionKind.LIKE, number) for number in range(MAX_OPINIONS)})
        with pytest.raises(ResourceExhausted):
            database.people.give_opinion(uid, "one more", Opinion(OpinionKind.LIKE, 1))
        database.people.give_opinion(uid, "7", Opinion(OpinionKind.OWN, 7))
        database.people.give_opinion(uid, "8", None)
        database.people.give_opinion(uid, "one more", Opinion(OpinionKind.LIKE, 1))
        opinions = database.people.person(uid).opinions
        assert (len(opinions), opinions["7"].kind, "8" in opinions) == (MAX_OPINIONS, OpinionKind.OWN, False)

    def test_shown_lists_are_stored_in_order_and_the_last_write_stays(self, database: Database, uid: str) -> None:
        whole = ShownLists((ShownList(LARGEST, (2**32 - 1, 0, 5)), ShownList(0, tuple(range(200)))))
        for shown in (whole, ShownLists((ShownList(3, (1,)),)), whole, ShownLists()):
            database.people.remember_shown(uid, shown)
            assert database.people.person(uid).shown == shown
        assert database.people.person(f"{uid}-2").shown == ShownLists()

    def test_preferences_are_the_valid_fields_that_the_client_wrote(self, database: Database, uid: str) -> None:
        document = {
            "gender": "Men",
            "usage": ["Casual", "Sports"],
            "explore": 1,
            "mix": 0.25,
            "colours": 7,
            "theme": {},
        }
        database.prefer(uid, document)
        expected = Preferences(gender="Men", usage=frozenset({"Casual", "Sports"}), explore=1.0, mix=0.25)
        assert database.people.person(uid).preferences == expected
        database.prefer(uid, {"gender": datetime.now(UTC), "usage": [b"Casual"], "brands_out": [{"a": [1]}]})
        assert database.people.person(uid).preferences == Preferences()

    def test_person_has_closet_taste_opinions_lists_and_preferences(
        self, database: Database, uid: str, item_id: str
    ) -> None:
        put(database, uid, item_id, 1)
        database.closets.save_taste(uid, derive_taste(database.closets.closet(uid), "hash-1"))
        database.people.give_opinion(uid, item_id, Opinion(OpinionKind.OWN, 1))
        database.people.remember_shown(uid, ShownLists((ShownList(1, (2,)),)))
        database.prefer(uid, {"gender": "Women"})
        person = database.people.person(uid)
        assert set(person.closet.entries) == set(person.opinions) == {item_id}
        assert person.taste is not None
        assert person.taste.closet_version == person.closet.version == database.closets.closet(uid).version
        assert (len(person.shown.lists), person.preferences.gender) == (1, "Women")


class AccountsContract:
    """The tests of marks. A subclass has the fixture ``accounts``."""

    @pytest.fixture
    def uid(self) -> str:
        return f"person-{uuid4().hex}"

    def test_account_is_marked_once_and_keeps_its_mark(self, accounts: Accounts, uid: str) -> None:
        assert accounts.deletion(uid) is None
        for number in range(2):
            accounts.mark(uid, DAY + timedelta(hours=number))
            assert accounts.deletion(uid) == AccountDeletion(uid, DAY)
        accounts.finish(uid, DAY + timedelta(hours=3))
        accounts.mark(uid, DAY + timedelta(hours=4))
        assert accounts.deletion(uid) == AccountDeletion(uid, DAY, DAY + timedelta(hours=3))

    def test_forgotten_mark_is_not_finished_again(self, accounts: Accounts, uid: str) -> None:
        accounts.mark(uid, DAY)
        for _ in range(2):
            accounts.forget(uid)
            accounts.finish(uid, DAY)
            assert accounts.deletion(uid) is None

    def test_marks_come_oldest_first(self, accounts: Accounts, uid: str) -> None:
        for number in (2, 0, 1):
            accounts.mark(f"{uid}-{number}", DAY + timedelta(days=number))
        found = [mark.uid for mark in accounts.deletions() if mark.uid.startswith(uid)]
        assert found == [f"{uid}-{number}" for number in range(3)]

    @pytest.mark.parametrize("uid", ["", "a/b", ".", "..", "__a__", "x" * 129])
    def test_impossible_uid_has_no_mark(self, accounts: Accounts, uid: str) -> None:
        assert accounts.deletion(uid) is None


class ObjectStoreContract:
    """The tests of an object store. A subclass has the fixture ``store``."""

    @pytest.fixture
    def folder(self) -> str:
        return f"test-{uuid4().hex}/a folder"

    def test_object_is_read_as_written(self, store: ObjectStore, folder: str, tmp_path: Path) -> None:
        written = store.write(f"{folder}/a.txt", b"one")
        assert store.read(f"{folder}/a.txt") == b"one"
        stat = store.stat(f"{folder}/a.txt")
        assert stat is not None
        assert (stat.name, stat.size, stat.generation) == (f"{folder}/a.txt", 3, written.generation)
        assert abs(stat.created - datetime.now(UTC)) < timedelta(hours=1)
        (tmp_path / "file").write_bytes(b"from a file")
        store.write(f"{folder}/a.txt", tmp_path / "file")
        assert store.read(f"{folder}/a.txt") == b"from a file"

    @pytest.mark.parametrize("size", [0, 1, 9 * 2**20])
    def test_object_is_downloaded_into_a_file(self, store: ObjectStore, folder: str, tmp_path: Path, size: int) -> None:
        data = bytes(range(256)) * (size // 256) or b"x" * size
        written = store.write(f"{folder}/a", data)
        store.download(written, tmp_path / "file")
        assert (tmp_path / "file").read_bytes() == data
        store.delete(f"{folder}/a")
        with pytest.raises(NotFound):
            store.download(written, tmp_path / "file")

    def test_missing_object_raises_not_found(self, store: ObjectStore, folder: str) -> None:
        assert store.stat(f"{folder}/none") is None
        with pytest.raises(NotFound):
            store.read(f"{folder}/none")
        store.delete(f"{folder}/none")

    def test_write_with_an_outdated_generation_is_refused(self, store: ObjectStore, folder: str) -> None:
        first = store.write(f"{folder}/a", b"one", if_generation=0)
        with pytest.raises(Conflict):
            store.write(f"{folder}/a", b"two", if_generation=0)
        second = store.write(f"{folder}/a", b"two", if_generation=first.generation)
        assert second.generation != first.generation
        with pytest.raises(Conflict):
            store.write(f"{folder}/a", b"three", if_generation=first.generation)
        assert store.read(f"{folder}/a") == b"two"

    def test_read_with_an_outdated_generation_is_refused(self, store: ObjectStore, folder: str) -> None:
        first = store.write(f"{folder}/a", b"one")
        assert store.read(f"{folder}/a", if_generation=first.generation) == b"one"
        second = store.write(f"{folder}/a", b"two")
        with pytest.raises(Conflict):
            store.read(f"{folder}/a", if_generation=first.generation)
        assert store.read(f"{folder}/a", if_generation=second.generation) == b"two"
        store.delete(f"{folder}/a")
        with pytest.raises(NotFound):
            store.read(f"{folder}/a", if_generation=second.generation)

    def test_delete_with_an_outdated_generation_leaves_the_object(self, store: ObjectStore, folder: str) -> None:
        first = store.write(f"{folder}/a", b"one")
        store.write(f"{folder}/a", b"two")
        store.delete(f"{folder}/a", if_generation=first.generation)
        assert store.read(f"{folder}/a") == b"two"
        store.delete(f"{folder}/a")
        assert store.stat(f"{folder}/a") is None

    def test_fingerprint_changes_with_the_bytes(self, store: ObjectStore, folder: str) -> None:
        first = store.write(f"{folder}/a", b"one")
        assert store.write(f"{folder}/a", b"two").fingerprint != first.fingerprint

    def test_list_goes_on_after_a_name(self, store: ObjectStore, folder: str) -> None:
        names = [f"{folder}/{name}" for name in ("a-b/1", "a/1", "a/2", "ab/1", "ü/1")]
        for name in names:
            store.write(name, b"x")
        for number in range(len(names)):
            assert [stat.name for stat in store.list(f"{folder}/", names[number])] == names[number + 1 :]

    def test_list_returns_objects_with_the_prefix_in_order(self, store: ObjectStore, folder: str) -> None:
        for name in ("b/2", "a/1", "ab/3"):
            store.write(f"{folder}/{name}", b"x")
        assert [stat.name for stat in store.list(f"{folder}/a")] == [f"{folder}/a/1", f"{folder}/ab/3"]
        assert not list(store.list(f"{folder}/nothing/"))


class StreamedObjectStoreContract(ObjectStoreContract):
    """The tests of an object store that takes objects piece by piece. A subclass has the fixture ``store``."""

    def test_object_written_in_pieces_appears_as_a_whole(self, store: StreamedObjectStore, folder: str) -> None:
        """Larger than a piece of an upload, and by a writer that asks for the position and flushes."""
        piece = bytes(range(256)) * 4096
        with store.open_write(f"{folder}/a.zip") as stream:
            for number in range(18):
                assert stream.tell() == number * len(piece)
                stream.write(piece)
                stream.flush()
            assert store.stat(f"{folder}/a.zip") is None
        assert store.read(f"{folder}/a.zip") == 18 * piece

    @pytest.mark.parametrize("pieces", [1, 18])
    def test_interrupted_object_is_never_visible(self, store: StreamedObjectStore, folder: str, pieces: int) -> None:
        store.write(f"{folder}/a.zip", b"as it was")

        def interrupted() -> None:
            with store.open_write(f"{folder}/a.zip") as stream:
                stream.write(bytes(2**20) * pieces)
                raise KeyError

        with pytest.raises(KeyError):
            interrupted()
        assert store.read(f"{folder}/a.zip") == b"as it was"
        assert [stat.name for stat in store.list(f"{folder}/")] == [f"{folder}/a.zip"]


class UsersContract:
    """The tests of accounts. A subclass has the fixtures ``users`` and ``sign_up``, which returns a new uid."""

    def test_account_is_deleted_once_and_no_other_is(self, users: Users, sign_up: Callable[[], str]) -> None:
        uid, other = sign_up(), sign_up()
        assert [users.delete(uid) for _ in range(3)] == [True, False, False]
        assert users.delete(other)

    def test_accounts_are_found_among_many_uids(self, users: Users, sign_up: Callable[[], str]) -> None:
        uids = {sign_up(), sign_up()}
        assert users.existing([*uids, *(f"nobody-{number}" for number in range(150))]) == uids
        assert users.existing([]) == set()

    def test_missing_account_is_no_error(self, users: Users) -> None:
        assert not users.delete(f"nobody-{uuid4().hex}")


class LeavingContract:
    """The tests of exports' records and of a person's documents. A subclass has the fixture ``leaving``."""

    @pytest.fixture
    def uid(self) -> str:
        return f"person-{uuid4().hex}"

    def test_export_is_replaced_unless_another_was_faster(self, leaving: Leaving, uid: str) -> None:
        exports = leaving.exports
        first = DataExport(uid, ExportStatus.PREPARING, DAY, DAY + timedelta(days=7))
        ready = replace(first, status=ExportStatus.READY, message="ü")
        exports.save(uid, first, None)
        assert [found for found in exports.preparing() if found.uid == uid] == [first]
        for lost in (None, ready):
            with pytest.raises(Conflict):
                exports.save(uid, ready, lost)
        exports.save(uid, ready, first)
        assert exports.export(uid) == ready
        assert not [found for found in exports.preparing() if found.uid == uid]
        assert not [found for found in exports.expired(DAY + timedelta(days=7)) if found.uid == uid]
        assert [found for found in exports.expired(DAY + timedelta(days=8)) if found.uid == uid] == [ready]
        exports.save(uid, None, ready)
        with pytest.raises(Conflict):
            exports.save(uid, ready, ready)
        assert exports.export(uid) is None

    def test_documents_are_read_and_deleted_page_by_page(self, leaving: Leaving, uid: str) -> None:
        other = f"{uid}-2"
        names = {owner: sorted(f"{owner}-{number}" for number in range(25)) for owner in (uid, other)}
        for owner, items in names.items():
            leaving.database.prefer(owner, {"gender": "Men"})
            for item_id in items:
                leaving.database.write(item_id, {"uid": owner, "name": item_id, "price": 1.5, "tags": [None, True, 7]})
        found = list(leaving.documents.documents(WARDROBE, uid))
        assert sorted(document["id"] for document in found) == names[uid]
        assert (found[0]["uid"], found[0]["price"], found[0]["tags"]) == (uid, 1.5, [None, True, 7])
        assert [document["gender"] for document in leaving.documents.documents(PREFERENCES, uid)] == ["Men"]
        assert sorted(leaving.documents.ids(WARDROBE, uid)) == names[uid]
        assert list(leaving.documents.ids(PREFERENCES, uid)) == [uid]
        for collection in (WARDROBE, PREFERENCES):
            assert {uid, other} <= set(leaving.documents.owners(collection))
        for collection, count in ((WARDROBE, 25), (PREFERENCES, 1)):
            assert leaving.documents.count(collection, uid) == count
            deleted = list(iter(lambda: leaving.documents.delete_page(collection, uid), 0))  # noqa: B023
            assert sum(deleted) == count
            assert not list(leaving.documents.documents(collection, uid))
            assert leaving.documents.count(collection, uid) == 0
        assert len(list(leaving.documents.documents(WARDROBE, other))) == 25
        assert len(list(leaving.documents.documents(PREFERENCES, other))) == 1

    def test_item_is_made_changed_and_deleted_as_its_owner_would(self, leaving: Leaving, uid: str) -> None:
        item_id, wardrobe = f"{uid}-item", leaving.database.wardrobe
        folder = photo_folder(uid, item_id)
        assert leaving.items.create(item_id, uid, f"{folder}a.jpg")
        assert not leaving.items.create(item_id, "another", "elsewhere")
        leaving.database.write(item_id, {"uid": uid, "name": "Shirt", "brand": "", "photo_path": f"{folder}a.jpg"})
        leaving.items.name_photo(item_id, f"{folder}b.jpg")
        item = wardrobe.read(item_id).item
        assert item is not None
        assert (item.uid, item.name, item.photo) == (uid, "Shirt", ObjectPhoto(f"{folder}b.jpg"))
        for _ in range(2):
            leaving.items.delete(item_id)
            leaving.items.name_photo(item_id, f"{folder}c.jpg")
        assert wardrobe.read(item_id).item is None

    def test_deleted_closet_and_state_are_as_if_they_had_never_been(self, leaving: Leaving, uid: str) -> None:
        put(leaving.database, uid, f"{uid}-item", 1)
        for collection in (STATES, CLOSET_SHARDS, CLOSETS):
            while leaving.documents.delete_page(collection, uid):
                pass
        assert leaving.database.wardrobe.read(f"{uid}-item").state is None
        closet = leaving.database.closets.closet(uid)
        assert (closet.entries, closet.version) == ({}, 0)

    @pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda collection: collection.path)
    def test_stranger_to_the_system_has_no_documents(
        self, leaving: Leaving, uid: str, collection: PersonalCollection
    ) -> None:
        assert leaving.documents.count(collection, uid) == 0
        assert leaving.documents.delete_page(collection, uid) == 0
        assert not list(leaving.documents.documents(collection, uid))

    def test_derived_data_comes_without_the_closet(self, leaving: Leaving, uid: str) -> None:
        database = leaving.database
        assert leaving.documents.derived(uid) == Person(Closet(uid, {}))
        put(database, uid, f"{uid}-item", 1)
        database.closets.save_taste(uid, derive_taste(database.closets.closet(uid), "hash-1"))
        database.people.give_opinion(uid, "shirt", Opinion(OpinionKind.OWN, 1))
        shown = ShownLists((ShownList(1, (2,)),))
        database.people.remember_shown(uid, shown)
        person = leaving.documents.derived(uid)
        assert (person.closet.entries, person.shown) == ({}, shown)
        assert person.opinions == {"shirt": Opinion(OpinionKind.OWN, 1)}
        assert person.taste is not None
        assert person.taste.count == 1
