"""What every adapter of a port does, the in-memory twin included."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import pytest

from closetspace.adapters.memory import MemoryDatabase, MemoryObjects
from closetspace.adapters.storage.directory import DirectoryObjects
from closetspace.domain.encoder.vectors import FloatArray
from closetspace.domain.person.opinions import MAX_OPINIONS, Opinion, OpinionKind
from closetspace.domain.person.person import Person
from closetspace.domain.person.preferences import Preferences
from closetspace.domain.person.shown import ShownList, ShownLists
from closetspace.domain.taste.membership import LabelMembership
from closetspace.domain.taste.taste import derive_taste
from closetspace.domain.wardrobe.closet import Closet, ClosetEntry
from closetspace.domain.wardrobe.item import Fault
from closetspace.domain.wardrobe.state import Hint, ItemState, Status
from closetspace.errors import Conflict, InvalidInput, NotFound, ResourceExhausted
from closetspace.ports import Closets, Keep, ObjectStore, People, Put, Remove, Wardrobe


class Database(NamedTuple):
    """A wardrobe, its closets and their owners under test, the client's side of it, and a way to fill it fast."""

    wardrobe: Wardrobe
    closets: Closets
    people: People
    write: Callable[[str, dict[str, Any]], object]
    delete: Callable[[str], object]
    prefer: Callable[[str, dict[str, Any]], object]
    fill: Callable[[str, dict[str, Opinion]], object]


@pytest.fixture(params=["memory", "firestore"])
def database(request: pytest.FixtureRequest) -> Database:
    if request.param == "memory":
        memory = MemoryDatabase()
        items, preferences = memory.documents, memory.preferences
        clients = (items.__setitem__, items.__delitem__, preferences.__setitem__)
        return Database(memory, memory, memory, *clients, memory.opinions.__setitem__)
    request.getfixturevalue("firebase")
    from google.cloud import firestore

    return firestore_database(firestore.Client())


def firestore_database(client: Any) -> Database:
    from closetspace.adapters.firestore.closets import FirestoreClosets
    from closetspace.adapters.firestore.people import FEEDBACK, FirestorePeople, opinions_document
    from closetspace.adapters.firestore.wardrobe import FirestoreWardrobe

    items, preferences = client.collection("wardrobe"), client.collection("preferences")
    return Database(
        FirestoreWardrobe(client, "wardrobe", set()),
        FirestoreClosets(client),
        FirestorePeople(client),
        lambda item_id, document: items.document(item_id).set(document),
        lambda item_id: items.document(item_id).delete(),
        lambda uid, document: preferences.document(uid).set(document),
        lambda uid, opinions: client.document(FEEDBACK, uid).set(opinions_document(uid, opinions)),
    )


@pytest.fixture
def uid() -> str:
    return f"person-{uuid4().hex}"


@pytest.fixture
def item_id() -> str:
    return f"item.with/odd `characters`-{uuid4().hex}".replace("/", "~")


def vector(seed: int, dim: int = 8) -> FloatArray:
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


def entry(seed: int, dim: int = 8, encoder: str = "hash-1") -> ClosetEntry:
    told = np.array([seed, 255, 0], np.uint8)
    return ClosetEntry(encoder, vector(seed, dim), "Topwear", f"photo-{seed}", told, f"Shirt {seed}", 2**63 + seed)


def ready(uid: str, encoder: str = "hash-1") -> ItemState:
    return ItemState(uid, Status.READY, "key", encoder, "Topwear", ("red", "navy blue"))


def put(
    database: Database, uid: str, item_id: str, seed: int, dim: int = 8, encoder: str = "hash-1", beside: bool = False
) -> None:
    database.write(item_id, {"uid": uid, "name": "Shirt"})
    change = Put(entry(seed, dim, encoder), keep_other_encoders=beside)
    database.wardrobe.commit(database.wardrobe.read(item_id), ready(uid, encoder), change)


def encoders(closet: Closet) -> dict[str, set[str]]:
    return {item_id: set(by_encoder) for item_id, by_encoder in closet.entries.items()}


def test_commit_writes_state_and_entry_together(database: Database, uid: str, item_id: str) -> None:
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
def test_hint_is_kept_until_a_state_without_one_is_written(
    database: Database, uid: str, item_id: str, hint: Hint | None
) -> None:
    database.write(item_id, {"uid": uid})
    hinted = replace(ready(uid), hint=hint)
    record = database.wardrobe.commit(database.wardrobe.read(item_id), hinted, Put(entry(1)))
    assert record.state is not None
    stored = database.wardrobe.read(item_id).state
    assert stored == record.state == replace(hinted, shard=0)
    database.wardrobe.commit(record, replace(hinted, hint=None), Put(entry(2)))
    assert database.wardrobe.read(item_id).state == replace(ready(uid), shard=0)


def test_what_is_not_there_reads_as_nothing(database: Database, uid: str, item_id: str) -> None:
    record = database.wardrobe.read(item_id)
    assert (record.item, record.state) == (None, None)
    closet = database.closets.closet(uid)
    assert (closet.entries, closet.version) == ({}, 0)
    assert database.people.person(uid) == Person(closet)


def test_commit_returns_the_record_that_the_next_commit_needs(database: Database, uid: str, item_id: str) -> None:
    database.write(item_id, {"uid": uid})
    record = database.wardrobe.read(item_id)
    record = database.wardrobe.commit(record, ItemState(uid, Status.PROCESSING, "key"), Keep())
    record = database.wardrobe.commit(record, ready(uid), Put(entry(1)))
    record = database.wardrobe.commit(record, ItemState(uid, Status.PROCESSING, "key 2", shard=0), Keep())
    assert set(database.closets.closet(uid).entries) == {item_id}
    assert record.state is not None
    assert record.state.shard == 0


def test_commit_after_another_is_refused(database: Database, uid: str, item_id: str) -> None:
    database.write(item_id, {"uid": uid})
    late = database.wardrobe.read(item_id)
    put(database, uid, item_id, 1)
    with pytest.raises(Conflict):
        database.wardrobe.commit(late, ready(uid), Put(entry(2)))
    np.testing.assert_allclose(database.closets.closet(uid).entries[item_id]["hash-1"].vector, vector(1), rtol=1e-3)


def test_commit_after_the_item_changed_or_went_is_refused(database: Database, uid: str, item_id: str) -> None:
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


def test_removing_leaves_the_others(database: Database, uid: str, item_id: str) -> None:
    put(database, uid, item_id, 1)
    put(database, uid, item_id + "2", 2)
    failed = ItemState(uid, Status.FAILED, error=Fault("photo_unreadable", "Upload another."))
    database.wardrobe.commit(database.wardrobe.read(item_id), failed, Remove())
    assert database.wardrobe.read(item_id).state == failed
    assert set(database.closets.closet(uid).entries) == {item_id + "2"}
    database.wardrobe.commit(database.wardrobe.read(item_id + "2"), None, Remove())
    assert database.wardrobe.read(item_id + "2").state is None
    assert not database.closets.closet(uid).entries


def test_every_change_of_a_closet_raises_its_version(database: Database, uid: str, item_id: str) -> None:
    versions = [database.closets.closet(uid).version]
    for seed in (1, 2):
        put(database, uid, item_id, seed)
        versions.append(database.closets.closet(uid).version)
    database.wardrobe.commit(database.wardrobe.read(item_id), None, Remove())
    versions.append(database.closets.closet(uid).version)
    assert versions == sorted(set(versions))


def test_entry_moves_with_its_owner(database: Database, uid: str, item_id: str) -> None:
    put(database, uid, item_id, 1)
    put(database, f"{uid}-2", item_id, 1)
    assert not database.closets.closet(uid).entries
    assert set(database.closets.closet(f"{uid}-2").entries) == {item_id}


def test_entry_of_another_encoder_stays_beside_or_is_replaced(database: Database, uid: str, item_id: str) -> None:
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


def test_items_by_another_encoder_are_found_and_counted(database: Database, uid: str, item_id: str) -> None:
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


def test_other_encoders_entries_go_where_the_state_names_ours(database: Database, uid: str, item_id: str) -> None:
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


def test_unsettled_finds_what_waits_between_two_times(database: Database, uid: str, item_id: str) -> None:
    for number, status in enumerate(Status):
        database.write(f"{item_id}-{number}", {"uid": uid})
        record = database.wardrobe.read(f"{item_id}-{number}")
        database.wardrobe.commit(record, ItemState(uid, status), Keep())
    now, minute = datetime.now(UTC), timedelta(minutes=1)
    found = [i for i in database.wardrobe.unsettled(now - minute, now + minute) if i.startswith(item_id)]
    assert sorted(found) == [f"{item_id}-0", f"{item_id}-1"]
    assert not [i for i in database.wardrobe.unsettled(now + minute, now + 2 * minute) if i.startswith(item_id)]


def test_taste_is_kept_unless_a_later_one_is_there(database: Database, uid: str, item_id: str) -> None:
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


def test_closet_outgrows_a_document_without_losing_an_item(firebase: object, uid: str, item_id: str) -> None:
    """Vectors of 64 KiB fill a document of 1 MiB after 15 items."""
    from google.cloud import firestore

    database = firestore_database(firestore.Client())
    wardrobe, closets = database.wardrobe, database.closets
    for number in range(34):
        put(database, uid, f"{item_id}-{number}", number, dim=32_768)
    closet = closets.closet(uid)
    assert set(closet.entries) == {f"{item_id}-{number}" for number in range(34)}
    assert {record.state.shard for n in range(34) if (record := wardrobe.read(f"{item_id}-{n}")).state} == {0, 1, 2}
    for number in (0, 1, 33):
        put(database, uid, f"{item_id}-{number}", number, dim=32_768, encoder="hash.2", beside=True)
    both = closets.closet(uid)
    assert both.coverage == {"hash-1": 34, "hash.2": 3}, "an item that finds its document full takes all it has along"
    assert closets.keep_only(uid, "hash.2") == 3
    assert closets.closet(uid).coverage == {"hash-1": 31, "hash.2": 3}
    wardrobe.commit(wardrobe.read(f"{item_id}-33"), None, Remove())
    shrunk = closets.closet(uid)
    assert set(shrunk.entries) == set(closet.entries) - {f"{item_id}-33"}
    assert shrunk.version > closet.version
    assert encoders(database.people.person(uid).closet) == encoders(shrunk)


ODD_IDS = ["plain", "a.b", "a/b", "`", "\"'\\", "items", "__a__", "ü 👕", "x" * 1500]

LARGEST = 2**64 - 1


def test_opinion_is_kept_replaced_and_taken_back_whatever_its_item_is_called(database: Database, uid: str) -> None:
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


def test_opinion_that_is_repeated_or_was_never_there_changes_nothing(database: Database, uid: str) -> None:
    database.people.give_opinion(uid, "shirt", None)
    assert database.people.person(uid).opinions == {}
    liked = Opinion(OpinionKind.LIKE, 7)
    for _ in range(2):
        database.people.give_opinion(uid, "shirt", liked)
        database.people.give_opinion(uid, "shoes", None)
        assert database.people.person(uid).opinions == {"shirt": liked}
    assert database.people.person(f"{uid}-2").opinions == {}


def test_repeated_opinion_is_not_written(firebase: object, uid: str) -> None:
    from google.cloud import firestore

    client = firestore.Client()
    people = firestore_database(client).people
    document = client.document("feedback", uid)
    for opinion in (None, Opinion(OpinionKind.LIKE, 7), None):
        people.give_opinion(uid, "shirt", opinion)
        before = document.get().update_time
        people.give_opinion(uid, "shirt", opinion)
        assert document.get().update_time == before


def test_opinions_given_at_once_are_all_kept(database: Database, uid: str) -> None:
    expected = {f"item-{number}": Opinion(OpinionKind.LIKE, number) for number in range(8)}
    with ThreadPoolExecutor(len(expected)) as pool:
        list(pool.map(lambda pair: database.people.give_opinion(uid, *pair), expected.items()))
    assert database.people.person(uid).opinions == expected


def test_one_opinion_more_than_there_is_room_for_is_refused(database: Database, uid: str) -> None:
    database.fill(uid, {str(number): Opinion(OpinionKind.LIKE, number) for number in range(MAX_OPINIONS)})
    with pytest.raises(ResourceExhausted):
        database.people.give_opinion(uid, "one more", Opinion(OpinionKind.LIKE, 1))
    database.people.give_opinion(uid, "7", Opinion(OpinionKind.OWN, 7))
    database.people.give_opinion(uid, "8", None)
    database.people.give_opinion(uid, "one more", Opinion(OpinionKind.LIKE, 1))
    opinions = database.people.person(uid).opinions
    assert (len(opinions), opinions["7"].kind, "8" in opinions) == (MAX_OPINIONS, OpinionKind.OWN, False)


def test_what_was_shown_is_remembered_in_order_and_the_last_to_write_stays(database: Database, uid: str) -> None:
    whole = ShownLists((ShownList(LARGEST, (2**32 - 1, 0, 5)), ShownList(0, tuple(range(200)))))
    for shown in (whole, ShownLists((ShownList(3, (1,)),)), whole, ShownLists()):
        database.people.remember_shown(uid, shown)
        assert database.people.person(uid).shown == shown
    assert database.people.person(f"{uid}-2").shown == ShownLists()


def test_preferences_are_what_the_client_wrote_as_far_as_they_make_sense(database: Database, uid: str) -> None:
    document = {"gender": "Men", "usage": ["Casual", "Sports"], "explore": 1, "mix": 0.25, "colours": 7, "theme": {}}
    database.prefer(uid, document)
    expected = Preferences(gender="Men", usage=frozenset({"Casual", "Sports"}), explore=1.0, mix=0.25)
    assert database.people.person(uid).preferences == expected
    database.prefer(uid, {"gender": datetime.now(UTC), "usage": [b"Casual"], "brands_out": [{"a": [1]}]})
    assert database.people.person(uid).preferences == Preferences()


def test_person_is_closet_taste_and_say_in_one_read(database: Database, uid: str, item_id: str) -> None:
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


def test_person_of_one_document_is_one_round_trip(firebase: object, uid: str, item_id: str) -> None:
    from google.cloud import firestore

    reads: list[int] = []

    class Counting(firestore.Client):
        def get_all(self, references: list[Any], *arguments: Any, **options: Any) -> Any:
            reads.append(len(references))
            return super().get_all(references, *arguments, **options)

    database = firestore_database(Counting())
    put(database, uid, item_id, 1)
    reads.clear()
    assert set(database.people.person(uid).closet.entries) == {item_id}
    assert reads == [5]


@pytest.fixture(params=["memory", "directory", "storage"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjects()
    if request.param == "directory":
        return DirectoryObjects(tmp_path / "store")
    stack = request.getfixturevalue("firebase")
    from closetspace.bootstrap import open_store

    return open_store(f"gs://{stack.bucket}")


@pytest.fixture
def folder() -> str:
    return f"test-{uuid4().hex}/a folder"


def test_object_is_read_as_it_was_written(store: ObjectStore, folder: str, tmp_path: Path) -> None:
    written = store.write(f"{folder}/a.txt", b"one")
    assert store.read(f"{folder}/a.txt") == b"one"
    stat = store.stat(f"{folder}/a.txt")
    assert stat is not None
    assert (stat.name, stat.size, stat.generation) == (f"{folder}/a.txt", 3, written.generation)
    assert abs(stat.created - datetime.now(UTC)) < timedelta(minutes=1)
    (tmp_path / "file").write_bytes(b"from a file")
    store.write(f"{folder}/a.txt", tmp_path / "file")
    assert store.read(f"{folder}/a.txt") == b"from a file"


def test_missing_object_is_told_apart(store: ObjectStore, folder: str) -> None:
    assert store.stat(f"{folder}/none") is None
    with pytest.raises(NotFound):
        store.read(f"{folder}/none")
    store.delete(f"{folder}/none")


def test_write_under_a_generation_is_refused_when_it_moved_on(store: ObjectStore, folder: str) -> None:
    first = store.write(f"{folder}/a", b"one", if_generation=0)
    with pytest.raises(Conflict):
        store.write(f"{folder}/a", b"two", if_generation=0)
    second = store.write(f"{folder}/a", b"two", if_generation=first.generation)
    assert second.generation != first.generation
    with pytest.raises(Conflict):
        store.write(f"{folder}/a", b"three", if_generation=first.generation)
    assert store.read(f"{folder}/a") == b"two"


def test_delete_under_a_generation_spares_a_newer_object(store: ObjectStore, folder: str) -> None:
    first = store.write(f"{folder}/a", b"one")
    store.write(f"{folder}/a", b"two")
    store.delete(f"{folder}/a", if_generation=first.generation)
    assert store.read(f"{folder}/a") == b"two"
    store.delete(f"{folder}/a")
    assert store.stat(f"{folder}/a") is None


def test_fingerprint_changes_with_the_bytes(store: ObjectStore, folder: str) -> None:
    first = store.write(f"{folder}/a", b"one")
    assert store.write(f"{folder}/a", b"two").fingerprint != first.fingerprint


def test_list_gives_what_begins_with_the_prefix_in_order(store: ObjectStore, folder: str) -> None:
    for name in ("b/2", "a/1", "ab/3"):
        store.write(f"{folder}/{name}", b"x")
    assert [stat.name for stat in store.list(f"{folder}/a")] == [f"{folder}/a/1", f"{folder}/ab/3"]
    assert not list(store.list(f"{folder}/nothing/"))


def test_folder_store_refuses_names_that_leave_it(tmp_path: Path) -> None:
    store = DirectoryObjects(tmp_path / "store")
    with pytest.raises(InvalidInput):
        store.write("../outside", b"x")
    assert not (tmp_path / "outside").exists()


def test_a_folders_list_has_neither_what_is_being_written_nor_what_is_gone_meanwhile(tmp_path: Path) -> None:
    store = DirectoryObjects(tmp_path / "store")
    for number in range(3):
        store.write(f"folder/{number}", b"data")
    (tmp_path / "store" / "folder" / ".half-written").write_bytes(b"da")
    stats = store.list("folder/")
    assert next(stats).name == "folder/0"
    store.delete("folder/1")
    assert [stat.name for stat in stats] == ["folder/2"]
