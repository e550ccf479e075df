"""Publications of indexes: publish, roll back, and the candidate of a migration."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.index.bundle import Manifest
from closetspace.domain.index.publication import Current
from closetspace.errors import Conflict, FailedPrecondition, Incompatible, NotFound
from closetspace.ports import ObjectStat
from closetspace.services.index_versions import IndexVersions
from tests.support.indexes import NOW, publish_with_candidate, upload


@pytest.fixture
def versions() -> IndexVersions:
    return IndexVersions(MemoryObjects())


@pytest.fixture
def both(versions: IndexVersions, tmp_path: Path) -> tuple[Manifest, Manifest]:
    return publish_with_candidate(versions, tmp_path)


def test_publish_selects_a_version_and_rollback_the_previous_one(versions: IndexVersions, tmp_path: Path) -> None:
    first = upload(versions, tmp_path / "1", "one")
    second = upload(versions, tmp_path / "2", "two", NOW + timedelta(hours=1))
    assert versions.current() is None
    assert versions.publish(first.version, NOW).history == ()
    assert versions.publish(second.version, NOW).history == (first.version,)
    assert [m.version for m in versions.versions()] == [second.version, first.version]
    assert versions.rollback(NOW).version == first.version
    current = versions.current()
    assert current is not None
    assert (current.version, current.history) == (first.version, (second.version,))


def test_second_publication_of_a_version_changes_nothing(versions: IndexVersions, tmp_path: Path) -> None:
    first = upload(versions, tmp_path / "1", "one")
    assert versions.publish(first.version, NOW) == versions.publish(first.version, NOW + timedelta(hours=1))


def test_publication_of_a_missing_version_is_refused(versions: IndexVersions) -> None:
    with pytest.raises(NotFound):
        versions.publish("20260101T000000000Z-00000000", NOW)
    with pytest.raises(FailedPrecondition):
        versions.rollback(NOW)


def test_slower_of_two_publishers_gets_a_conflict(tmp_path: Path) -> None:
    store = MemoryObjects()
    versions = IndexVersions(store)
    first, second = (upload(versions, tmp_path / name, name) for name in ("one", "two"))

    class OvertakenObjects(MemoryObjects):
        """Another publisher writes between this publisher's read and write."""

        def __init__(self) -> None:
            self.__dict__ = store.__dict__

        def write(self, name: str, data: bytes | Path, *, if_generation: int | None = None) -> ObjectStat:
            versions.publish(first.version, NOW)
            return MemoryObjects.write(self, name, data, if_generation=if_generation)

    with pytest.raises(Conflict):
        IndexVersions(OvertakenObjects()).publish(second.version, NOW)
    current = versions.current()
    assert current is not None
    assert current.version == first.version


def test_publication_replaces_the_version_of_the_same_encoder(
    versions: IndexVersions, both: tuple[Manifest, Manifest], tmp_path: Path
) -> None:
    newer = [
        upload(versions, tmp_path / f"new {encoder}", "new", NOW + timedelta(hours=2), encoder)
        for encoder in ("hash-1", "hash.2")
    ]
    for manifest in newer:
        versions.publish(manifest.version, NOW)
    current = versions.current()
    assert current is not None
    assert [live.version for live in current.live] == [manifest.version for manifest in newer]
    assert current.history == (both[0].version,)


def test_index_of_an_encoder_without_closets_is_not_published(
    versions: IndexVersions, both: tuple[Manifest, Manifest]
) -> None:
    versions.switch(NOW)
    versions.retire_candidate(NOW)
    with pytest.raises(FailedPrecondition, match="encoder migrate --to hash-1"):
        versions.publish(both[0].version, NOW)
    with pytest.raises(FailedPrecondition, match="encoder migrate --to hash-1"):
        versions.rollback(NOW)
    current = versions.current()
    assert current is not None
    assert (current.version, current.candidate) == (both[1].version, None)


def test_publication_survives_a_round_trip_through_its_file(
    versions: IndexVersions, both: tuple[Manifest, Manifest]
) -> None:
    current = versions.current()
    assert current is not None
    assert Current.from_json(current.to_json(), current.generation) == current
    assert json.loads(current.to_json())["beside"]["version"] == both[1].version, "the candidate's name in the file"
    with pytest.raises(Incompatible):
        Current.from_json(b"[]", 1)
