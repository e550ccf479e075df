"""Exports: what is in them, how they end, and that a part of one is never visible."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.person.data_export import DataExport, ExportStatus
from closetspace.domain.person.personal_data import COLLECTIONS, export_folder
from closetspace.errors import InvalidInput, NotFound, Transient
from closetspace.services.export_data import DataExporter
from closetspace.services.personal_archive import FILES, LEFT_OUT
from tests.support.faulty_stores import Killed
from tests.support.leaving import NOW, LeavingWorld, unzip

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world() -> LeavingWorld:
    world = LeavingWorld(photos=MemoryObjects(now=lambda: NOW))
    for uid in ("ann", "anna"):
        world.live(uid)
        world.exports.exports.clear()
        world.photos.delete(f"{export_folder(uid)}2026-11-23T12-00-00.closetspace.zip")
    return world


def export(world: LeavingWorld, uid: str = "ann", now: datetime = NOW) -> DataExport:
    world.exporter.request(uid, now)
    world.exporter.prepare(uid, now)
    found = world.exports.export(uid)
    assert found is not None
    return found


def files(world: LeavingWorld, uid: str = "ann") -> dict[str, Any]:
    return unzip(world.photos.read(export(world, uid).file))


def test_export_has_everything_of_the_person_and_nothing_of_others(world: LeavingWorld) -> None:
    found = files(world)
    photos = {f"photos/ann-{number}/photo.jpg" for number in range(3)}
    assert set(found) == {"README.txt", *FILES} - {"photos/", LEFT_OUT} | photos
    assert found["photos/ann-1/photo.jpg"] == b"photo 1"
    assert [item["name"] for item in found["items.json"]] == ["Shirt 0", "Shirt 1", "Shirt 2"]
    assert {item["uid"] for item in found["items.json"]} == {"ann"}
    assert {state["status"] for state in found["states.json"]} == {"ready"}
    assert found["preferences.json"] == [{"id": "ann", "gender": "Women", "theme": "dark"}]
    assert found["feedback.json"] == [{"itemId": "product", "kind": "like"}]
    assert found["shown.json"] == [{"seed": "1", "keys": [2, 3]}]
    inferred = found["inferred.json"]
    assert inferred["items"] == 3
    assert {"category", "colour", "gender", "usage"} <= set(inferred)
    assert sum(label["share"] for label in inferred["category"]) == pytest.approx(1, abs=0.01)
    assert {"label", "share", "certainty"} == set(inferred["colour"][0])


def test_every_file_that_the_list_names_is_in_the_export_and_explained(world: LeavingWorld) -> None:
    named = {collection.exported_as for collection in COLLECTIONS} - {""}
    found = files(world)
    assert named <= set(found)
    assert named <= set(FILES)
    assert all(name in found["README.txt"].decode() for name in FILES)


def test_person_without_data_gets_an_export_that_says_so(world: LeavingWorld) -> None:
    found = files(world, "nobody")
    assert found["items.json"] == []
    assert found["inferred.json"] == {"items": 0}


def test_hostile_names_of_photos_stay_below_the_folder_of_photos(world: LeavingWorld) -> None:
    folder = "users/ann/wardrobe/"
    for name in ("x/../../../etc/passwd", "x/..\\boot.ini", "x/CON", "x/a\nb.jpg", "x/" + "y" * 900):
        world.photos.write(folder + name, name.encode())
    found = files(world)
    assert sum(name.startswith("photos/") for name in found) == 3 + 5
    assert not [name for name in found if ".." in name.split("/") or "\\" in name or not name.isprintable()]


def test_photo_that_is_deleted_meanwhile_is_left_out_and_noted(world: LeavingWorld) -> None:
    class Vanishing(MemoryObjects):
        def read(self, name: str, *, if_generation: int | None = None) -> bytes:
            if name.endswith("ann-1/photo.jpg"):
                raise NotFound(name)
            return super().read(name, if_generation=if_generation)

    world.photos = Vanishing(lambda: NOW, world.photos._objects)
    found = files(world)
    assert found[LEFT_OUT] == ["photos/ann-1/photo.jpg"]
    assert {"photos/ann-0/photo.jpg", "photos/ann-2/photo.jpg"} < set(found)


def test_list_that_is_too_long_goes_on_in_another_file(world: LeavingWorld) -> None:
    archive = replace(world.exporter.archive, max_list_bytes=300)
    for number in range(9):
        world.write_item(f"ann-{number}", name="x" * 100)
    stream = io.BytesIO()
    archive.write(stream, "ann", NOW, lambda _: None)
    found = unzip(stream.getvalue())
    parts = [found.pop(name) for name in ("items.json", "items-2.json", "items-3.json", "items-4.json", "items-5.json")]
    assert [item["id"] for part in parts for item in part] == [f"ann-{number}" for number in range(9)]
    assert all(parts)
    assert not [name for name in found if name.startswith("items")]


def test_archive_can_be_unpacked_from_a_stream(world: LeavingWorld) -> None:
    """Many programs read the sizes of files from the entries, and not from the directory at the end."""

    class Unseekable(io.RawIOBase):
        written = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.written += data
            return len(data)

    stream = Unseekable()
    world.exporter.archive.write(stream, "ann", NOW, lambda _: None)  # type: ignore[arg-type]
    with zipfile.ZipFile(io.BytesIO(stream.written)) as archive:
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_DEFLATED
            assert info.create_version < zipfile.ZIP64_VERSION
        assert archive.testzip() is None


def test_request_starts_one_export_that_later_requests_get(world: LeavingWorld) -> None:
    first = world.exporter.request("ann", NOW)
    assert (first.status, first.path) == ("preparing", None)
    assert world.exporter.request("ann", NOW + HOUR) == first
    world.exporter.prepare("ann", NOW + HOUR)
    ready = world.exporter.request("ann", NOW + 23 * HOUR)
    assert ready == replace(first, status=ExportStatus.READY)
    assert ready.path == "users/ann/exports/2026-11-23T12-00-00.closetspace.zip"
    assert ready.expires_at == NOW + 7 * DAY
    second = world.exporter.request("ann", NOW + 25 * HOUR)
    assert (second.status, second.requested_at) == ("preparing", NOW + 25 * HOUR)
    assert world.photos.stat(first.file), "the old file stays until the new one is there"
    world.exporter.prepare("ann", NOW + 25 * HOUR)
    assert [stat.name for stat in world.photos.list(export_folder("ann"))] == [second.file]


def test_of_two_requests_at_once_both_get_the_same_export(world: LeavingWorld) -> None:
    late: list[DataExport] = []

    class Overtaken(type(world.exports)):  # type: ignore[misc]
        def save(self, uid: str, export: DataExport | None, instead_of: DataExport | None) -> None:
            if not late:
                late.append(world.exporter.request(uid, NOW))
            super().save(uid, export, instead_of)

    overtaken = DataExporter(
        Overtaken(world.exports.exports), world.photos, world.exporter.archive, world.settings, world.clock
    )
    assert overtaken.request("ann", NOW + timedelta(seconds=1)) == late[0]


@pytest.mark.parametrize("uid", ["", "a/b", ".."])
def test_uid_that_no_account_can_have_gets_no_export(world: LeavingWorld, uid: str) -> None:
    with pytest.raises(InvalidInput):
        world.exporter.request(uid, NOW)


def test_repeated_delivery_writes_nothing(world: LeavingWorld) -> None:
    ready = export(world)
    before = world.photos.stat(ready.file)
    world.exporter.prepare("ann", NOW + HOUR)
    world.exporter.prepare("nobody", NOW)
    assert world.photos.stat(ready.file) == before
    assert world.exports.export("ann") == ready


def test_failed_attempt_leaves_no_file_and_the_next_one_succeeds(world: LeavingWorld) -> None:
    class Away(MemoryObjects):
        def read(self, name: str, *, if_generation: int | None = None) -> bytes:
            raise Transient("Storage is away")

    photos = world.photos
    world.exporter.request("ann", NOW)
    world.photos = Away(lambda: NOW, photos._objects)
    with pytest.raises(Transient):
        world.exporter.prepare("ann", NOW)
    assert not list(photos.list(export_folder("ann")))
    world.photos = photos
    assert export(world).status == "ready"


def test_export_that_takes_too_long_fails_with_a_sentence(world: LeavingWorld) -> None:
    world.settings = replace(world.settings, export_seconds=1)

    class Slow(MemoryObjects):
        def read(self, name: str, *, if_generation: int | None = None) -> bytes:
            world.seconds += 1
            return super().read(name, if_generation=if_generation)

    world.photos = Slow(lambda: NOW, world.photos._objects)
    failed = export(world)
    assert failed.status == "failed"
    assert failed.path is None
    assert failed.message
    assert "operator" in failed.message
    assert not list(world.photos.list(export_folder("ann")))


def test_export_whose_record_goes_meanwhile_brings_it_not_back(world: LeavingWorld) -> None:
    """The account is deleted while its export is written; the sweep of the deletion removes the file."""
    world.exporter.request("ann", NOW)

    class Deleting(MemoryObjects):
        def read(self, name: str, *, if_generation: int | None = None) -> bytes:
            world.exports.exports.pop("ann", None)
            return super().read(name, if_generation=if_generation)

    world.photos = Deleting(lambda: NOW, world.photos._objects)
    world.exporter.prepare("ann", NOW)
    assert world.exports.export("ann") is None


def test_sweep_removes_what_has_expired_and_gives_up_what_never_ends(world: LeavingWorld) -> None:
    export(world)
    export(world, "anna", NOW + 2 * DAY)
    world.exporter.request("bob", NOW + 6 * DAY)
    assert world.exporter.sweep(NOW + 6 * DAY) == 0
    assert world.exporter.sweep(NOW + 7 * DAY + HOUR) == 2
    assert world.exports.export("ann") is None
    assert not list(world.photos.list(export_folder("ann")))
    assert list(world.photos.list(export_folder("anna")))
    given_up = world.exports.export("bob")
    assert given_up is not None
    assert (given_up.status, bool(given_up.message)) == ("failed", True)
    assert world.exporter.request("bob", NOW + 8 * DAY).status == "preparing"


@pytest.mark.parametrize("limit", range(12))
def test_killed_export_is_never_visible_in_part_and_the_retry_completes_it(world: LeavingWorld, limit: int) -> None:
    calls = iter(range(10**6))

    def fragile(call: Callable[..., Any]) -> Callable[..., Any]:
        def killed(*arguments: Any, **options: Any) -> Any:
            if next(calls) >= limit:
                raise Killed
            return call(*arguments, **options)

        return killed

    class Dying(MemoryObjects):
        read = fragile(MemoryObjects.read)
        write = fragile(MemoryObjects.write)
        list = fragile(MemoryObjects.list)

    photos = world.photos
    world.exporter.request("ann", NOW)
    world.photos = Dying(lambda: NOW, photos._objects)
    with suppress(Killed):
        world.exporter.prepare("ann", NOW)
    found = [photos.read(stat.name) for stat in photos.list(export_folder("ann"))]
    assert all(len(unzip(data)) == 8 + 3 for data in found)
    world.photos = photos
    ready = export(world)
    assert ready.status == "ready"
    assert len(unzip(photos.read(ready.file))) == 8 + 3
