"""The index of a serving process: reloads, damaged versions, and the choice between two encoders."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from closetspace.adapters.index.writer import write_bundle
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.index.bundle import Manifest
from closetspace.errors import Incompatible, Transient
from closetspace.services.index_versions import IndexVersions
from closetspace.services.live_index import LiveIndex
from tests.support.indexes import (
    NOW,
    contents,
    no_score,
    open_bundle,
    publish_with_candidate,
    query,
    truncate_annoy_file,
    upload,
)
from tests.support.waiting import eventually

OURS = {"hash-1": 1}
"""A closet with vectors of the first encoder."""

MOVED = {"hash-1": 2, "hash.2": 2}
"""A closet with vectors of both encoders."""


@pytest.fixture
def versions() -> IndexVersions:
    return IndexVersions(MemoryObjects())


@pytest.fixture
def both(versions: IndexVersions, tmp_path: Path) -> tuple[Manifest, Manifest]:
    return publish_with_candidate(versions, tmp_path)


@pytest.fixture
def live(versions: IndexVersions, tmp_path: Path) -> LiveIndex:
    versions.publish(upload(versions, tmp_path / "one", "one").version, NOW)
    return LiveIndex(versions, open_bundle, check_seconds=0.0)


def wait_until_version(live: LiveIndex, version: str, coverage: Mapping[str, int] = OURS) -> None:
    eventually(lambda: live.get(coverage).version == version, f"version {version}")


def test_reload_under_load_fails_no_request(live: LiveIndex, versions: IndexVersions, tmp_path: Path) -> None:
    failures: list[Exception] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                index = live.get(OURS)
                rows = index.candidates("Shoes", query(), 5, None, no_score).rows
                prefix = {item.id.partition("-")[0] for item in index.items(rows)}
                assert len(prefix) == 1, "an answer mixes two versions"
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for name in ("two", "three", "four"):
        manifest = upload(versions, tmp_path / name, name, NOW + timedelta(hours=len(name)))
        versions.publish(manifest.version, NOW)
        wait_until_version(live, manifest.version)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failures


def test_damaged_new_version_is_skipped_and_the_old_one_stays(
    live: LiveIndex, versions: IndexVersions, tmp_path: Path
) -> None:
    old = live.get(OURS).version
    folder = tmp_path / "two"
    folder.mkdir()
    manifest = write_bundle(folder, contents(catalog="two"), NOW)
    truncate_annoy_file(folder)
    versions.upload(folder, manifest)
    versions.publish(manifest.version, NOW)
    pause = threading.Event()
    for _ in range(50):
        assert live.get(OURS).version == old
        pause.wait(0.01)
    repaired = upload(versions, tmp_path / "three", "three")
    versions.publish(repaired.version, NOW)
    wait_until_version(live, repaired.version)


def test_process_that_starts_with_a_damaged_version_serves_the_previous_one(
    versions: IndexVersions, tmp_path: Path
) -> None:
    good = upload(versions, tmp_path / "one", "one")
    versions.publish(good.version, NOW)
    folder = tmp_path / "two"
    folder.mkdir()
    damaged = write_bundle(folder, contents(catalog="two"), NOW)
    truncate_annoy_file(folder)
    versions.upload(folder, damaged)
    versions.publish(damaged.version, NOW)
    started = LiveIndex(versions, open_bundle, check_seconds=0.0)
    assert started.get(OURS).version == good.version
    repaired = upload(versions, tmp_path / "three", "three")
    versions.publish(repaired.version, NOW)
    wait_until_version(started, repaired.version)


def test_published_version_with_a_missing_file_is_incompatible(versions: IndexVersions, tmp_path: Path) -> None:
    manifest = upload(versions, tmp_path / "one", "one")
    versions.publish(manifest.version, NOW)
    versions.store.delete(f"index/{manifest.version}/vectors.npy")
    with pytest.raises(Incompatible):
        LiveIndex(versions, open_bundle, check_seconds=0).get(OURS)


def test_request_before_the_first_publication_is_transient(versions: IndexVersions) -> None:
    with pytest.raises(Transient, match="closetspace index publish"):
        LiveIndex(versions, open_bundle, check_seconds=0).get(OURS)


def test_closet_gets_the_index_that_covers_it_best(versions: IndexVersions, both: tuple[Manifest, Manifest]) -> None:
    first, second = both
    live = LiveIndex(versions, open_bundle, check_seconds=1000)
    assert live.get({"hash-1": 3, "hash.2": 1}).version == first.version
    assert live.get({"hash-1": 1, "hash.2": 2}).version == second.version
    assert live.get(MOVED).version == first.version
    versions.switch(NOW)
    assert LiveIndex(versions, open_bundle, check_seconds=1000).get(MOVED).version == second.version


def test_process_that_was_idle_during_a_migration_checks_before_it_answers(
    versions: IndexVersions, tmp_path: Path
) -> None:
    versions.publish(upload(versions, tmp_path / "one", "one").version, NOW)
    times = iter(range(0, 1000, 10))
    idle = LiveIndex(versions, open_bundle, check_seconds=1000, clock=lambda: next(times))
    idle.get(OURS)
    second = upload(versions, tmp_path / "two", "two", NOW + timedelta(hours=1), "hash.2")
    versions.publish_candidate(second.version, NOW)
    versions.switch(NOW)
    versions.retire_candidate(NOW)
    assert idle.get({"hash.2": 2}).version == second.version
    assert idle.get(OURS).version == second.version, "no other index is left"


def test_damaged_candidate_leaves_the_index_in_use_untouched(
    versions: IndexVersions, both: tuple[Manifest, Manifest], tmp_path: Path
) -> None:
    first, second = both
    versions.store.delete(f"index/{second.version}/vectors.npy")
    live = LiveIndex(versions, open_bundle, check_seconds=0)
    assert live.get(MOVED).version == first.version
    newer = upload(versions, tmp_path / "three", "three", NOW + timedelta(hours=2))
    versions.publish(newer.version, NOW)
    wait_until_version(live, newer.version)
    repaired = upload(versions, tmp_path / "four", "four", NOW + timedelta(hours=3), "hash.2")
    versions.publish_candidate(repaired.version, NOW)
    wait_until_version(live, repaired.version, coverage={"hash.2": 1})


@pytest.mark.parametrize("damaged", ["in use", "candidate"])
def test_damaged_new_version_leaves_the_old_one_of_its_encoder(
    versions: IndexVersions, both: tuple[Manifest, Manifest], tmp_path: Path, damaged: str
) -> None:
    first, second = both
    live = LiveIndex(versions, open_bundle, check_seconds=0)
    assert {live.get(c).version for c in (OURS, {"hash.2": 1})} == {first.version, second.version}
    encoder = "hash-1" if damaged == "in use" else "hash.2"
    bad = upload(versions, tmp_path / "three", "three", NOW + timedelta(hours=2), encoder)
    versions.store.delete(f"index/{bad.version}/vectors.npy")
    versions.publish(bad.version, NOW)
    pause = threading.Event()
    for _ in range(50):
        assert live.get(OURS).version == first.version
        assert live.get({"hash.2": 1}).version == second.version
        pause.wait(0.01)
    assert live.get(MOVED).version == first.version
