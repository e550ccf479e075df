"""Handlers of triggers and callables: complete, empty and unrelated events; valid and invalid requests."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from firebase_functions import https_fn

from closetspace.adapters.memory import MemoryObjects
from closetspace.api.handlers import Handlers
from closetspace.domain.person.account import AccountDeletion
from closetspace.domain.person.data_export import DataExport, ExportStatus
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.ranking.recommendation import Recommendation
from closetspace.domain.wardrobe.deletion import Deletion
from closetspace.domain.wardrobe.plan import Settled
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput, NotFound, ResourceExhausted, Transient
from closetspace.services.index_versions import IndexVersions
from tests.support.paths import REPOSITORY

EVENT_TIME = datetime(2026, 11, 23, tzinfo=UTC)


class Recorder:
    """Services that record their calls, and raise ``error`` in callables."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.error = error
        self.leaving: set[str] = set()
        self.reconciler = self.taste_keeper = self.recommender = self.sweeper = self.feedback_keeper = self
        self.account_remover = self.data_exporter = self.accounts = self
        self.index_versions = IndexVersions(MemoryObjects())

    def reconcile(self, *arguments: Any) -> Settled:
        self.calls.append(arguments)
        return Settled()

    def refresh(self, *arguments: Any) -> None:
        self.calls.append(arguments)

    def recommend(self, *arguments: Any) -> Recommendation:
        self.give(*arguments)
        return Recommendation((), None, seed=1, index_version="v1", moved_on=False, shown=())

    def give(self, *arguments: Any) -> None:
        self.calls.append(arguments)
        if self.error:
            raise self.error

    def sweep(self, now: datetime) -> int:
        self.calls.append((now.tzinfo,))
        if self.error:
            raise self.error
        return 0

    def deletion(self, uid: str) -> AccountDeletion | None:
        return AccountDeletion(uid, EVENT_TIME) if uid in self.leaving else None

    def remove(self, *arguments: Any) -> int:
        self.calls.append(arguments)
        return 0

    def request(self, *arguments: Any) -> DataExport:
        self.give(*arguments)
        return DataExport("ann", ExportStatus.READY, EVENT_TIME, EVENT_TIME)

    prepare = remove


def snapshot(fields: dict[str, Any] | None) -> Any:
    return SimpleNamespace(to_dict=lambda: fields)


def item_event(data: Any) -> Any:
    return SimpleNamespace(params={"itemId": "shirt"}, data=data, time=EVENT_TIME)


@pytest.mark.parametrize(
    ("data", "deletion"),
    [
        (SimpleNamespace(before=None, after=snapshot({"uid": "ann"})), None),
        (SimpleNamespace(before=snapshot({"uid": "ann"}), after=snapshot({"uid": "ann"})), None),
        (SimpleNamespace(before=snapshot({"uid": "ann"}), after=None), Deletion("ann", EVENT_TIME)),
        (SimpleNamespace(before=snapshot({"uid": "ann"}), after=snapshot({"uid": "bob"})), Deletion("ann", EVENT_TIME)),
        (SimpleNamespace(before=snapshot({"uid": 7}), after=None), None),
        (SimpleNamespace(before=snapshot(None), after=None), None),
        (SimpleNamespace(before=None, after=None), None),
        (None, None),
    ],
    ids=[
        "created",
        "changed",
        "deleted",
        "given away",
        "deleted without owner",
        "deleted without fields",
        "no documents",
        "no data",
    ],
)
def test_item_event_reconciles_the_item_and_a_deletion_names_its_owner(data: Any, deletion: Deletion | None) -> None:
    services = Recorder()
    Handlers(services).item_written(item_event(data))  # type: ignore[arg-type]
    assert services.calls == [("shirt", deletion, EVENT_TIME)]


@pytest.mark.parametrize(
    ("name", "item_id"),
    [
        ("users/ann/wardrobe/shirt/photo.jpg", "shirt"),
        ("users/ann/wardrobe/shirt/deeper/photo.jpg", None),
        ("users/ann/wardrobe//photo.jpg", None),
        ("users/ann/avatar.jpg", None),
        ("catalog/images/1.jpg", None),
        ("index/current.json", None),
        ("", None),
        (None, None),
    ],
)
def test_only_photos_of_wardrobes_are_reconciled(name: str | None, item_id: str | None) -> None:
    services = Recorder()
    event = SimpleNamespace(data=SimpleNamespace(name=name), time=EVENT_TIME)
    Handlers(services).photo_changed(event)  # type: ignore[arg-type]
    assert services.calls == ([(item_id, None, EVENT_TIME)] if item_id else [])


def test_storage_event_without_data_is_ignored() -> None:
    services = Recorder()
    Handlers(services).photo_changed(SimpleNamespace(data=None))  # type: ignore[arg-type]
    assert services.calls == []


@pytest.mark.parametrize(
    ("data", "version"),
    [
        (
            SimpleNamespace(after=SimpleNamespace(update_time=datetime(2026, 11, 28, 12, 0, 0, 123_456, UTC))),
            1_795_867_200_123_456,
        ),
        (SimpleNamespace(after=None), None),
        (None, None),
    ],
    ids=["written", "deleted", "without data"],
)
def test_closet_event_refreshes_its_owners_taste(data: Any, version: int | None) -> None:
    services = Recorder()
    Handlers(services).closet_written(SimpleNamespace(params={"uid": "ann"}, data=data))  # type: ignore[arg-type]
    assert services.calls == [("ann", version)]


def call(name: str, services: Recorder, data: Any = None, uid: str | None = "ann", **token: Any) -> Any:
    auth = https_fn.AuthData(uid, token) if uid is not None else None
    request = SimpleNamespace(auth=auth, data=data)
    return getattr(Handlers(services), name)(request)  # type: ignore[arg-type]


callables = pytest.mark.parametrize(
    ("name", "valid"),
    [("recommend", {}), ("feedback", {"itemId": "1", "kind": "own"}), ("delete_account", {}), ("export_my_data", {})],
)


@callables
@pytest.mark.parametrize("uid", [None, ""])
def test_request_without_sign_in_is_refused_before_it_is_parsed(
    name: str, valid: dict[str, Any], uid: str | None
) -> None:
    services = Recorder()
    with pytest.raises(https_fn.HttpsError) as caught:
        call(name, services, valid | {"count": "not even a number"}, uid)
    assert caught.value.code is https_fn.FunctionsErrorCode.UNAUTHENTICATED
    assert caught.value.message.startswith("Sign in to ")
    assert services.calls == []


@callables
@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidInput("unknown_label", "categories: Kimonos is not among Shoes."), "invalid-argument"),
        (FailedPrecondition("Add photos first."), "failed-precondition"),
        (ResourceExhausted("Clear some first."), "resource-exhausted"),
        (Transient("Firestore is away"), "unavailable"),
        (Incompatible("the index is another encoder's"), "unavailable"),
        (NotFound("There is no object index/v1/manifest.json in Firestore."), "unavailable"),
    ],
)
def test_errors_become_codes_of_the_callable_protocol(
    name: str, valid: dict[str, Any], error: Exception, code: str
) -> None:
    with pytest.raises(https_fn.HttpsError) as caught:
        call(name, Recorder(error), valid)
    assert caught.value.code.value == code
    if code == "unavailable":
        assert "Firestore" not in caught.value.message, "callers get no details of internal faults"
    else:
        assert caught.value.message == str(error)


@pytest.mark.parametrize(
    ("name", "data", "field"),
    [
        ("recommend", {"count": 10**9}, "count"),
        ("feedback", {"itemId": "1", "kind": "hate"}, "kind"),
        ("delete_account", {"uid": "bob"}, "uid"),
        ("export_my_data", {"uid": "bob"}, "uid"),
        ("export_my_data", [], "data"),
    ],
)
def test_malformed_request_reaches_no_service(name: str, data: dict[str, Any], field: str) -> None:
    services = Recorder()
    with pytest.raises(https_fn.HttpsError) as caught:
        call(name, services, data)
    assert caught.value.code is https_fn.FunctionsErrorCode.INVALID_ARGUMENT
    assert caught.value.details == {"field": field}
    assert services.calls == []


@pytest.mark.parametrize(("kind", "expected"), [("like", OpinionKind.LIKE), ("clear", None)])
def test_feedback_is_stored_for_the_caller_and_returned(kind: str, expected: OpinionKind | None) -> None:
    services = Recorder()
    response = call("feedback", services, {"itemId": "1", "kind": kind}, "bob")
    assert response == {"itemId": "1", "kind": expected and expected.value}
    assert services.calls == [("bob", "1", expected)]


def test_sweep_passes_a_time_with_its_zone() -> None:
    services = Recorder()
    Handlers(services).sweep()  # type: ignore[arg-type]
    assert services.calls == [(UTC,)] * 3


def test_sweep_that_fails_keeps_none_of_the_others_from_running() -> None:
    services = Recorder(Transient("Firestore is away"))
    with pytest.raises(Transient):
        Handlers(services).sweep()  # type: ignore[arg-type]
    assert services.calls == [(UTC,)] * 3


def test_event_of_a_mark_removes_the_account_and_that_of_an_export_prepares_it() -> None:
    services = Recorder()
    for handle in (Handlers(services).account_marked, Handlers(services).export_written):  # type: ignore[arg-type]
        handle(SimpleNamespace(params={"uid": "ann"}, data=None))
    assert [(uid, now.tzinfo) for uid, now in services.calls] == [("ann", UTC)] * 2


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ({"auth_time": 1_795_000_000}, datetime.fromtimestamp(1_795_000_000, UTC)),
        ({}, None),
        ({"auth_time": None}, None),
        ({"auth_time": "yesterday"}, None),
        ({"auth_time": []}, None),
        ({"auth_time": 10**30}, None),
        ({"auth_time": float("nan")}, None),
    ],
)
def test_deletion_gets_the_time_of_the_sign_in(token: dict[str, Any], expected: datetime | None) -> None:
    services = Recorder()
    assert call("delete_account", services, **token) == {"status": "deleting"}
    assert [call[:2] for call in services.calls] == [("ann", expected)]


def test_export_is_returned_with_its_path() -> None:
    assert call("export_my_data", Recorder()) == {
        "status": "ready",
        "path": "users/ann/exports/2026-11-23T00-00-00.closetspace.zip",
        "expires_at": "2026-11-23T00:00:00+00:00",
        "message": None,
    }


@pytest.mark.parametrize("name", ["feedback", "export_my_data"])
def test_marked_account_is_refused_with_a_reason(name: str) -> None:
    services = Recorder()
    services.leaving.add("ann")
    with pytest.raises(https_fn.HttpsError) as caught:
        call(name, services)
    assert caught.value.code is https_fn.FunctionsErrorCode.FAILED_PRECONDITION
    assert caught.value.details == {"reason": "account_deleted"}
    assert services.calls == []


def test_entry_file_is_a_table_of_contents() -> None:
    source = (REPOSITORY / "functions" / "main.py").read_text()
    assert len(source.splitlines()) < 150
    assert "google.cloud" not in source


def test_recommend_draws_a_seed_if_the_request_has_none() -> None:
    services = Recorder()
    call("recommend", services)
    call("recommend", services)
    first, second = (request.seed for _, request in services.calls)
    assert first != second
    assert 0 <= first < 2**53, "JavaScript can't hold larger whole numbers"


def test_error_details_name_the_field_if_there_is_one() -> None:
    for error, details in (
        (InvalidInput("invalid_field", "count: too many.", field="count"), {"field": "count"}),
        (InvalidInput("closet_invalid", "The closet is invalid."), None),
    ):
        with pytest.raises(https_fn.HttpsError) as caught:
            call("recommend", Recorder(error))
        assert caught.value.details == details
