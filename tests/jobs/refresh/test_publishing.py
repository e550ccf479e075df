"""Building and publishing an index, and the guards that compare it with the one in use."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.catalog.item_table import with_content_keys
from catalog_jobs.catalog.run_records import RunRecord
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.refresh.guards import Bounds
from catalog_jobs.refresh.index_builder import index_builder
from catalog_jobs.refresh.publishing import MAX_AGE
from catalog_jobs.refresh.run_store import Lease
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.encoder.encoding import Encoding, Garment
from closetspace.domain.index.bundle import BundleContents, Manifest
from closetspace.domain.index.publication import CURRENT
from closetspace.ports import ObjectStore
from tests.support.fakes import HashEncoder
from tests.support.faulty_stores import DamagingStore, InterruptedStore
from tests.support.refreshed_catalog import NOW, FakeSource, RefreshedCatalog, item, stock

MANY = 300
"""More items than the answers for a closet."""


class Scrambling(HashEncoder):
    """An encoder with other vectors, but the same attributes."""

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        others = [replace(garment, name=f"not {garment.name}") for garment in garments]
        pairs = zip(super().encode(garments), super().encode(others), strict=True)
        return [replace(encoding, vector=other.vector) for encoding, other in pairs]


def published(count: int = 60) -> RefreshedCatalog:
    """Return a catalog with an index in use."""
    catalog = RefreshedCatalog()
    assert catalog.run(FakeSource(stock(count))).report.published
    return catalog


def test_index_is_built_of_items_in_its_order_with_their_own_vectors(tmp_path: Path) -> None:
    catalog, built = published(), list[BundleContents]()

    def write(folder: Path, contents: BundleContents, now: datetime) -> Manifest:
        built.append(contents)
        return write_bundle(folder, contents, now)

    snapshots = Snapshots(catalog.store)
    (snapshot,) = snapshots.names()
    items = with_content_keys(snapshots.read(snapshot))
    replace(index_builder(catalog.store, catalog.embeddings), write=write).build(snapshot, items, tmp_path, NOW)
    (contents,) = built
    order = [(entry.category, entry.id) for entry in contents.items]
    assert order == sorted(order)
    assert len({entry.category for entry in contents.items}) > 1
    index = catalog.index()
    vectors = [vector.tobytes() for vector in contents.encodings.vectors]
    assert vectors == [index[entry.id][1] for entry in contents.items]


def failing(record: RunRecord) -> list[str]:
    return [guard.name for guard in record.report.guards if not guard.ok]


def versions(store: ObjectStore) -> set[str]:
    return {stat.name.split("/")[1] for stat in store.list("index/")} - {CURRENT.split("/")[1]}


@pytest.mark.parametrize("accept_change", [False, True])
@pytest.mark.parametrize(
    "ending",
    ["/vectors.npy", "/attributes.npy", "/columns.npz", "/names.json", "/answers.bin", "-000.ann", "/manifest.json"],
)
def test_version_that_was_damaged_during_upload_is_not_published(ending: str, accept_change: bool) -> None:
    catalog = published()
    before = catalog.current
    record = catalog.over(DamagingStore(catalog.store, ending)).run(FakeSource(stock(61)), accept_change=accept_change)
    assert failing(record) == ["uploaded"]
    assert record.refused
    assert "uploaded is 0.0, the bound is 1" in record.error
    assert catalog.current == before
    assert versions(catalog.store) == {before.version}
    assert len(catalog.index()) == 60
    again = catalog.run(FakeSource(stock(61)))
    assert (again.error, again.report.published, len(catalog.index())) == ("", True, 61)


def test_index_with_scrambled_vectors_fails_the_canaries() -> None:
    catalog = published(MANY)
    before = catalog.current
    for stat in list(catalog.store.list("catalog/vectors/")):
        catalog.store.delete(stat.name)
    catalog.encoder = Scrambling()
    record = catalog.run(FakeSource(stock(MANY)))
    assert failing(record) == ["canaries"]
    assert record.refused
    assert "canaries is 0." in record.error
    assert catalog.current == before
    assert catalog.run(FakeSource(stock(MANY)), accept_change=True).report.published


def test_canaries_overlap_completely_if_nothing_changed() -> None:
    catalog = published(MANY)
    catalog.clock.now += MAX_AGE
    guards = {guard.name: guard for guard in catalog.run(FakeSource(stock(MANY))).report.guards}
    assert guards["canaries"].value == 1.0


def test_canaries_ignore_items_that_left_the_catalog() -> None:
    catalog = published(MANY)
    record = catalog.run(FakeSource(stock(MANY - 30)), grace=NOW - NOW)
    guards = {guard.name: guard for guard in record.report.guards}
    assert record.report.published
    assert guards["canaries"].value == pytest.approx(1.0, abs=0.1)


def test_small_index_passes_the_canaries() -> None:
    catalog = RefreshedCatalog()
    assert catalog.run(FakeSource(stock(1))).report.published
    record = catalog.run(FakeSource([item(0, price=9.0)]))
    assert (record.error, record.report.published) == ("", True)


def test_run_with_another_encoder_is_refused_before_it_reads_a_source() -> None:
    catalog = published()
    source = FakeSource(stock(60))
    record = replace(catalog, encoder=HashEncoder(id="hash-2")).run(source)
    assert "closetspace encoder migrate --to hash-2" in record.error
    assert (source.dry_runs, record.report.published, record.refused) == ([], False, False)


def test_candidate_by_another_encoder_is_compared_by_counts_only() -> None:
    catalog, other = published(), RefreshedCatalog(encoder=HashEncoder(id="hash-2"))
    other.clock.now = catalog.clock.now
    other.run(FakeSource(stock(60)))
    for stat in other.store.list(f"index/{other.current.version}/"):
        catalog.store.write(stat.name, other.store.read(stat.name))
    catalog.versions.publish_candidate(other.current.version, NOW)
    in_use = catalog.current.version
    record = replace(catalog, encoder=other.encoder).run(FakeSource(stock(61)))
    guards = {guard.name: guard for guard in record.report.guards}
    assert (record.error, record.report.published) == ("", True)
    assert (guards["canaries"].ok, guards["canaries"].value) == (True, None)
    assert not any(name.startswith("category") for name in guards)
    assert {"items", "growth", "shop north", "recall", "lists", "uploaded"} <= set(guards)
    assert catalog.current.version == in_use
    assert catalog.current.candidate is not None
    assert catalog.current.candidate.version == record.report.version


@pytest.mark.parametrize(
    ("bounds", "name"),
    [
        (Bounds(least_recall=1.01), "recall"),
        (Bounds(least_agreement=1.01), "lists"),
        (Bounds(least_overlap=1.01), "canaries"),
    ],
)
def test_guard_that_fails_before_the_upload_leaves_no_version(bounds: Bounds, name: str) -> None:
    catalog = published()
    before = versions(catalog.store)
    record = catalog.run(FakeSource(stock(61)), bounds=bounds)
    assert failing(record) == [name]
    assert versions(catalog.store) == before


def test_large_catalog_gets_cells_and_its_lists_are_checked() -> None:
    catalog = RefreshedCatalog(annoy_items=20, open_bundle=lambda folder: Bundle(folder, exact_scan_items=0))
    small = catalog.run(FakeSource(stock(20)))
    large = catalog.run(FakeSource(stock(30)))
    (before, before_lists), (after,) = (
        [guard for guard in record.report.guards if guard.name in ("recall", "lists")] for record in (small, large)
    )
    assert (before.name, before_lists.name, after.name) == ("recall", "lists", "lists")
    assert (after.ok, after.value, large.report.published) == (True, 1.0, True)
    manifest = catalog.versions.manifest(catalog.current.version)
    assert {"cells.npz", "codes.npy"} <= set(manifest.files)
    assert not [name for name in manifest.files if name.endswith(".ann")]
    assert len(catalog.index()) == 30


def test_first_index_passes_the_canaries_without_a_value() -> None:
    guards = {guard.name: guard for guard in RefreshedCatalog().run(FakeSource(stock(30))).report.guards}
    assert {name: guard.ok for name, guard in guards.items()} == dict.fromkeys(
        ["failed_pictures", "recall", "lists", "items", "canaries", "uploaded"], True
    )
    assert guards["canaries"].value is None


def without_lease(operation: str, ending: str, **choices: Any) -> tuple[RefreshedCatalog, RunRecord]:
    """Return a catalog and the record of a run that lost its lease before a certain operation."""
    catalog = published()
    interrupted = InterruptedStore(catalog.store, operation, ending, lambda: Lease(catalog.store, "another").take(NOW))
    return catalog, catalog.over(interrupted).run(FakeSource(stock(61)), **choices)


def test_run_that_loses_its_lease_uploads_nothing() -> None:
    catalog, record = without_lease("read", ".vectors.parquet")
    assert "Run another took the lease" in record.error
    assert len(versions(catalog.store)) == 1
    assert not record.refused


def test_run_that_loses_its_lease_during_the_upload_publishes_nothing() -> None:
    catalog, record = without_lease("write", "/manifest.json", accept_change=True)
    assert "Run another took the lease" in record.error
    assert not record.report.published
    assert len(versions(catalog.store)) == 2
    assert len(catalog.index()) == 60


@pytest.mark.parametrize(("operation", "ending"), [("write", "/manifest.json"), ("write", CURRENT)])
def test_rollback_during_a_run_stays(operation: str, ending: str) -> None:
    catalog = published()
    first = catalog.current.version
    catalog.run(FakeSource(stock(61)))
    interrupted = InterruptedStore(catalog.store, operation, ending, lambda: catalog.versions.rollback(NOW))
    record = catalog.over(interrupted).run(FakeSource(stock(62)))
    assert record.error
    assert not record.report.published
    assert catalog.current.version == first
    assert len(catalog.index()) == 60
    assert catalog.run(FakeSource(stock(62))).report.published


def test_item_without_an_image_url_is_shown_from_the_store() -> None:
    catalog = RefreshedCatalog()
    image = f"catalog/images/{'0' * 32}.jpg"
    catalog.store.write(image, b"a picture")
    catalog.run(FakeSource([item(1, image_urls=(), image=image), item(2)]))
    index = catalog.index()
    assert [index[f"north:{number}"][0].src for number in (1, 2)] == [
        f"memory:{image}",
        "https://north.example/2.jpg",
    ]
