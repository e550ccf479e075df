"""The adapters of Firestore and Cloud Storage against the contract of their ports, on the local Firebase."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import firebase_admin
import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore
from google.cloud.firestore_v1 import types

from closetspace.adapters.authentication import FirebaseUsers
from closetspace.adapters.firestore.accounts import FirestoreAccounts
from closetspace.adapters.firestore.bookmarks import FirestoreBookmarks
from closetspace.adapters.firestore.closets import FirestoreClosets
from closetspace.adapters.firestore.direct import read_plain
from closetspace.adapters.firestore.exports import FirestoreExports
from closetspace.adapters.firestore.item_documents import FirestoreItemDocuments
from closetspace.adapters.firestore.people import FEEDBACK, FirestorePeople, opinions_document
from closetspace.adapters.firestore.personal_documents import FirestorePersonalDocuments
from closetspace.adapters.firestore.usage import FirestoreUsage
from closetspace.adapters.firestore.wardrobe import FirestoreWardrobe
from closetspace.adapters.storage.gcs import PIECE_BYTES
from closetspace.bootstrap import open_store
from closetspace.domain.person.data_export import DataExport, ExportStatus
from closetspace.domain.person.opinions import Opinion, OpinionKind
from closetspace.domain.person.personal_data import CLOSET_SHARDS, WARDROBE
from closetspace.domain.person.shown import ShownList, ShownLists
from closetspace.domain.taste.taste import derive_taste
from closetspace.domain.wardrobe.photo import PhotoSources
from closetspace.errors import FailedPrecondition, Transient
from closetspace.ports import Accounts, Remove, StreamedObjectStore
from closetspace_infra.local.person import Person
from closetspace_infra.local.stack import LocalStack
from tests.support.ports_contract import (
    AccountsContract,
    Database,
    DatabaseContract,
    Leaving,
    LeavingContract,
    StreamedObjectStoreContract,
    UsersContract,
    encoders,
    put,
)


class RecordingApi:
    """Firestore's API, which records the answers to each read of several documents."""

    def __init__(self, api: Any) -> None:
        self._api = api
        self.reads: list[list[types.BatchGetDocumentsResponse]] = []

    def batch_get_documents(self, **options: Any) -> Iterator[types.BatchGetDocumentsResponse]:
        answers = list(self._api.batch_get_documents(**options))
        self.reads.append(answers)
        return iter(answers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)


def recording_client() -> tuple[firestore.Client, RecordingApi]:
    """Return a client and what records its reads."""
    client = firestore.Client()
    api = RecordingApi(client._firestore_api)
    client._firestore_api_internal = api
    return client, api


class TestFirestoreDatabase(DatabaseContract):
    @pytest.fixture
    def database(self, firebase: LocalStack) -> Database:
        return firestore_database(firestore.Client())

    def test_closet_larger_than_a_document_keeps_all_items(self, firebase: object, uid: str, item_id: str) -> None:
        """Vectors of 64 KiB fill a document of 1 MiB after 15 items."""
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
        # An item whose document is full moves with all of its entries.
        assert both.coverage == {"hash-1": 34, "hash.2": 3}
        assert closets.keep_only(uid, "hash.2") == 3
        assert closets.closet(uid).coverage == {"hash-1": 31, "hash.2": 3}
        wardrobe.commit(wardrobe.read(f"{item_id}-33"), None, Remove())
        shrunk = closets.closet(uid)
        assert set(shrunk.entries) == set(closet.entries) - {f"{item_id}-33"}
        assert shrunk.version > closet.version
        assert encoders(database.people.person(uid).closet) == encoders(shrunk)

    @pytest.mark.parametrize("left", [0, 18])
    def test_closet_of_an_earlier_release_grows_though_no_field_fits_into_its_document(
        self, firebase: object, uid: str, item_id: str, left: int
    ) -> None:
        client = firestore.Client()
        database = firestore_database(client)
        put(database, uid, item_id, 1)
        document = client.document("closets", uid)
        document.update({"last_shard": firestore.DELETE_FIELD, "encoder": "fashion-1-0123456789abcdef"})
        fill(document, left)
        put(database, uid, f"{item_id}-2", 2)
        put(database, uid, f"{item_id}-3", 3)
        put(database, uid, item_id, 4)
        assert set(database.closets.closet(uid).entries) == {item_id, f"{item_id}-2", f"{item_id}-3"}

    def test_repeated_opinion_is_not_written(self, firebase: object, uid: str) -> None:
        client = firestore.Client()
        people = firestore_database(client).people
        document = client.document("feedback", uid)
        for opinion in (None, Opinion(OpinionKind.LIKE, 7), None):
            people.give_opinion(uid, "shirt", opinion)
            before = document.get().update_time
            people.give_opinion(uid, "shirt", opinion)
            assert document.get().update_time == before

    def test_person_of_one_document_is_one_round_trip(self, firebase: object, uid: str, item_id: str) -> None:
        client, api = recording_client()
        database = firestore_database(client)
        put(database, uid, item_id, 1)
        api.reads.clear()
        assert set(database.people.person(uid).closet.entries) == {item_id}
        assert [len(read) for read in api.reads] == [6]

    def test_fields_that_no_request_reads_are_not_transferred(self, firebase: object, uid: str, item_id: str) -> None:
        client, api = recording_client()
        database = firestore_database(client)
        put(database, uid, item_id, 1)
        database.closets.save_taste(uid, derive_taste(database.closets.closet(uid), "hash-1"))
        opinion = Opinion(OpinionKind.LIKE, 7)
        database.people.give_opinion(uid, "shirt", opinion)
        database.people.remember_shown(uid, ShownLists().with_page(1, [2, 3]))
        preferences = {"gender": "Women", "usage": ["Casual"], "unknown": b"x" * 1_000_000, "nested": {"items": "x"}}
        client.document("preferences", uid).set(preferences)
        client.document("closets", uid).update({"padding": b"x" * 900_000})
        person = database.people.person(uid)
        transferred = {a.found.name.split("/")[-2]: set(a.found.fields) for a in api.reads[-1] if a.found.name}
        assert transferred["preferences"] == {"gender", "usage"}
        assert transferred["closets"] <= {"items", "last_shard"}
        assert (person.preferences.gender, person.preferences.usage) == ("Women", frozenset({"Casual"}))
        assert (set(person.closet.entries), set(person.opinions)) == ({item_id}, {"shirt"})
        assert person.shown == ShownLists().with_page(1, [2, 3])
        assert person.taste is not None

    def test_lists_that_an_earlier_release_stored_are_read(self, firebase: object, uid: str) -> None:
        client = firestore.Client()
        people = FirestorePeople(client)
        stored = [{"seed": str(2**64 - 1), "keys": b"\x02\0\0\0\xff\xff\xff\xff"}, {"seed": "7", "keys": b""}]
        client.document("shown", uid).set({"uid": uid, "lists": stored})
        shown = ShownLists((ShownList(2**64 - 1, (2, 2**32 - 1)), ShownList(7, ())))
        assert people.person(uid).shown == shown
        people.remember_shown(uid, shown)
        assert people.person(uid).shown == shown

    def test_shown_lists_are_stored_with_their_owner_and_the_time(self, firebase: object, uid: str) -> None:
        client = firestore.Client()
        FirestorePeople(client).remember_shown(uid, ShownLists().with_page(1, [2, 3]))
        snapshot = client.document("shown", uid).get()
        stored = snapshot.to_dict() or {}
        assert (stored["uid"], set(stored)) == (uid, {"uid", "recent", "updated_at"})
        assert stored["updated_at"] == snapshot.update_time

    def test_values_are_read_as_the_client_reads_them(self, firebase: object, uid: str) -> None:
        client = firestore.Client()
        document = client.document("preferences", uid)
        values = {
            "text": "\u00e9\0",
            "bytes": b"\0\xff",
            "numbers": [0, -1, 2**63 - 1, 0.5, -0.0, float("inf")],
            "yes": True,
            "nothing": None,
            "time": datetime(2026, 11, 28, 1, 2, 3, 456, UTC),
            "empty": {"list": [], "map": {}},
            "maps": {"a`b": {"c": [{"deep": "er"}]}},
        }
        document.set(values)
        read = read_plain(client, [document, client.document("preferences", f"{uid}-2")], list(values))
        fields = read[document].fields
        assert fields is not None
        assert (fields.get("other"), "other" in fields) == (None, False)
        assert fields == values == document.get().to_dict()
        assert read[document].update_time == document.get().update_time
        assert [each.fields for each in read.values() if each.update_time is None] == [None]


class TestFirestoreAccounts(AccountsContract):
    @pytest.fixture
    def accounts(self, firebase: LocalStack) -> Accounts:
        return FirestoreAccounts(firestore.Client())


class TestFirestoreLeaving(LeavingContract):
    @pytest.fixture
    def leaving(self, firebase: LocalStack) -> Leaving:
        client = firestore.Client()
        database = firestore_database(client)
        documents, items = FirestorePersonalDocuments(client, "wardrobe"), FirestoreItemDocuments(client, "wardrobe")
        return Leaving(database, documents, items, FirestoreExports(client))

    def test_documents_of_a_closet_are_deleted_without_their_main_document(self, leaving: Leaving, uid: str) -> None:
        shards = firestore.Client().collection("closets", uid, "shards")
        for number in range(1, 4):
            shards.document(str(number)).set({"uid": uid, "items": {}})
        assert leaving.documents.count(CLOSET_SHARDS, uid) == leaving.documents.delete_page(CLOSET_SHARDS, uid) == 3
        assert not list(shards.list_documents())

    def test_owner_reads_where_the_file_of_an_export_is_once_it_is_there(self, leaving: Leaving, uid: str) -> None:
        document = firestore.Client().document("exports", uid)
        moment = datetime(2026, 11, 28, 1, 2, 3, 456, UTC)
        preparing = DataExport(uid, ExportStatus.PREPARING, moment, moment)
        ready = replace(preparing, status=ExportStatus.READY)
        leaving.exports.save(uid, preparing, None)
        assert document.get().get("path") is None
        leaving.exports.save(uid, ready, preparing)
        assert document.get().get("path") == f"users/{uid}/exports/2026-11-28T01-02-03.closetspace.zip"
        # Earlier releases named the file from the beginning.
        document.update({"status": "preparing"})
        assert leaving.exports.export(uid) == preparing

    def test_every_type_of_value_is_read_as_json_has_it(self, leaving: Leaving, uid: str) -> None:
        """Clients may write fields of any type into their items."""
        client = firestore.Client()
        values = {
            "time": datetime(2026, 11, 28, 1, 2, 3, 456, UTC),
            "bytes": b"\x00\xff",
            "place": firestore.GeoPoint(1.5, -2.5),
            "item": client.document("wardrobe", "other"),
            "numbers": [2**62, -0.5, float("nan"), float("inf")],
            "deep": {"a": {"b": [{"c": None}, True]}},
        }
        client.document("wardrobe", f"{uid}-item").set({"uid": uid, **values})
        (found,) = json.loads(json.dumps(list(leaving.documents.documents(WARDROBE, uid)), allow_nan=False))
        assert found == {
            "id": f"{uid}-item",
            "uid": uid,
            "time": "2026-11-28T01:02:03.000456+00:00",
            "bytes": "AP8=",
            "place": {"latitude": 1.5, "longitude": -2.5},
            "item": "wardrobe/other",
            "numbers": [2**62, -0.5, "nan", "inf"],
            "deep": {"a": {"b": [{"c": None}, True]}},
        }


class TestFirebaseUsers(UsersContract):
    @pytest.fixture
    def users(self, firebase: LocalStack) -> Iterator[FirebaseUsers]:
        """The SDK's app keeps the address of Authentication, so no other test may find it."""
        yield FirebaseUsers()
        firebase_admin.delete_app(firebase_admin.get_app())

    @pytest.fixture
    def sign_up(self, firebase: LocalStack) -> Callable[[], str]:
        return lambda: Person.sign_up(firebase.backend, f"{uuid4().hex}@example.org", "a password").uid

    def test_unreachable_service_is_a_transient_fault(
        self, users: FirebaseUsers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FIREBASE_AUTH_EMULATOR_HOST", "127.0.0.1:1")
        with pytest.raises(Transient):
            users.delete("somebody")

    def test_missing_project_is_named(self, users: FirebaseUsers, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "FIREBASE_CONFIG"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(FailedPrecondition, match="GOOGLE_CLOUD_PROJECT"):
            users.delete("somebody")


class TestCloudStorageObjects(StreamedObjectStoreContract):
    @pytest.fixture
    def store(self, firebase: LocalStack) -> StreamedObjectStore:
        return open_store(f"gs://{firebase.bucket}")

    @pytest.mark.parametrize("nth", [1, 2])
    def test_refused_piece_of_an_object_is_a_transient_fault(
        self, firebase: LocalStack, store: StreamedObjectStore, nth: int
    ) -> None:
        fault = {"type": "returnError", "code": "PERMISSION_DENIED"}
        firebase.control.fault_plan([{"match": {"operation": "storage.upload", "nth": nth}, "action": fault}])

        def write() -> None:
            with store.open_write(f"refused-{nth}") as stream:
                stream.write(bytes(2 * PIECE_BYTES))

        try:
            with pytest.raises(Transient):
                write()
        finally:
            firebase.control.clear_faults()
        assert store.stat(f"refused-{nth}") is None


def fill(document: Any, left: int) -> None:
    """Pad a document until it has only so many bytes left."""
    fits, too_many = 0, 1_048_576
    while too_many - fits > 1:
        size = (fits + too_many) // 2
        try:
            document.update({"padding": b"x" * size})
            fits = size
        except InvalidArgument:
            too_many = size
    document.update({"padding": b"x" * (fits - left)})


def firestore_database(client: Any) -> Database:
    items, preferences = client.collection("wardrobe"), client.collection("preferences")
    return Database(
        FirestoreWardrobe(client, "wardrobe", PhotoSources()),
        FirestoreClosets(client),
        FirestorePeople(client),
        FirestoreUsage(client, "wardrobe"),
        FirestoreBookmarks(client),
        FirestoreAccounts(client),
        lambda item_id, document: items.document(item_id).set(document),
        lambda item_id: items.document(item_id).delete(),
        lambda uid, document: preferences.document(uid).set(document),
        lambda uid, opinions: client.document(FEEDBACK, uid).set(opinions_document(uid, opinions)),
    )
