"""From what is embedded to the index in use, past the guards that look at the index itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from catalog_jobs.catalog.run_record import RunRecord
from catalog_jobs.refresh.guards import Bounds
from catalog_jobs.refresh.lease import Lease
from closetspace.domain.encoder.encoding import Encoding, Garment
from closetspace.domain.index.bundle import CURRENT
from closetspace.ports import ObjectStore
from tests.support.fakes import HashEncoder
from tests.support.faulty_stores import Damaging, Meddled
from tests.support.refreshed_catalog import NOW, Inventory, Refreshed, item, stock

MANY = 300
"""Items of which a closet's answers are a part only."""


class Scrambling(HashEncoder):
    """Says the same as its like, but for the vectors."""

    def encode(self, garments: Sequence[Garment]) -> list[Encoding]:
        others = [replace(garment, name=f"not {garment.name}") for garment in garments]
        told = zip(super().encode(garments), super().encode(others), strict=True)
        return [replace(encoding, vector=other.vector) for encoding, other in told]


def published(count: int = 60) -> Refreshed:
    """A store with an index in use."""
    world = Refreshed()
    assert world.run(Inventory(stock(count))).report.published
    return world


def failing(record: RunRecord) -> list[str]:
    return [guard.name for guard in record.report.guards if not guard.ok]


def versions(store: ObjectStore) -> set[str]:
    return {stat.name.split("/")[1] for stat in store.list("index/")} - {CURRENT.split("/")[1]}


@pytest.mark.parametrize("accept_change", [False, True])
@pytest.mark.parametrize(
    "ending", ["/vectors.npy", "/attributes.npy", "/columns.npz", "/items.sqlite", "-000.ann", "/manifest.json"]
)
def test_a_version_that_was_damaged_on_its_way_is_not_published(ending: str, accept_change: bool) -> None:
    world = published()
    before = world.current
    record = world.over(Damaging(world.store, ending)).run(Inventory(stock(61)), accept_change=accept_change)
    assert failing(record) == ["uploaded"]
    assert record.refused
    assert "uploaded is 0.0, the bound is 1" in record.error
    assert world.current == before
    assert versions(world.store) == {before.version}
    assert len(world.index()) == 60
    again = world.run(Inventory(stock(61)))
    assert (again.error, again.report.published, len(world.index())) == ("", True, 61)


def test_an_index_whose_vectors_are_scrambled_fails_the_canaries() -> None:
    world = published(MANY)
    before = world.current
    for stat in list(world.store.list("catalog/vectors/")):
        world.store.delete(stat.name)
    world.encoder = Scrambling()
    record = world.run(Inventory(stock(MANY)))
    assert failing(record) == ["canaries"]
    assert record.refused
    assert "canaries is 0." in record.error
    assert world.current == before
    assert world.run(Inventory(stock(MANY)), accept_change=True).report.published


def test_canaries_answer_as_before_where_nothing_changed() -> None:
    world = published(MANY)
    guards = {guard.name: guard for guard in world.run(Inventory(stock(MANY))).report.guards}
    assert guards["canaries"].value == 1.0


def test_what_left_the_catalog_is_no_canarys_matter() -> None:
    world = published(MANY)
    record = world.run(Inventory(stock(MANY - 30)), grace=NOW - NOW)
    guards = {guard.name: guard for guard in record.report.guards}
    assert record.report.published
    assert guards["canaries"].value == pytest.approx(1.0, abs=0.1)


def test_a_small_index_needs_no_more_answers_than_it_has() -> None:
    world = Refreshed()
    assert world.run(Inventory(stock(1))).report.published
    record = world.run(Inventory([item(0, price=9.0)]))
    assert (record.error, record.report.published) == ("", True)


def test_an_index_of_another_encoder_is_refused_before_anything_is_read() -> None:
    world = published()
    source = Inventory(stock(60))
    record = replace(world, encoder=HashEncoder(id="hash-2")).run(source)
    assert "closetspace encoder migrate --to hash-2" in record.error
    assert (source.read_dry, record.report.published, record.refused) == ([], False, False)


def test_the_index_beside_is_compared_in_its_counts_alone() -> None:
    world, other = published(), Refreshed(encoder=HashEncoder(id="hash-2"))
    other.clock.now = world.clock.now
    other.run(Inventory(stock(60)))
    for stat in other.store.list(f"index/{other.current.version}/"):
        world.store.write(stat.name, other.store.read(stat.name))
    world.versions.publish_beside(other.current.version, NOW)
    in_use = world.current.version
    record = replace(world, encoder=other.encoder).run(Inventory(stock(61)))
    told = {guard.name: guard for guard in record.report.guards}
    assert (record.error, record.report.published) == ("", True)
    assert (told["canaries"].ok, told["canaries"].value) == (True, None)
    assert not any(name.startswith("category") for name in told)
    assert {"items", "growth", "shop north", "recall", "uploaded"} <= set(told)
    assert world.current.version == in_use
    assert world.current.beside is not None
    assert world.current.beside.version == record.report.version


@pytest.mark.parametrize(
    ("bounds", "name"),
    [(Bounds(least_recall=1.01), "recall"), (Bounds(least_overlap=1.01), "canaries")],
)
def test_a_guard_that_fails_before_the_upload_leaves_no_version(bounds: Bounds, name: str) -> None:
    world = published()
    before = versions(world.store)
    record = world.run(Inventory(stock(61)), bounds=bounds)
    assert failing(record) == [name]
    assert versions(world.store) == before


def test_the_first_index_has_canaries_to_compare_with_nothing() -> None:
    told = {guard.name: guard for guard in Refreshed().run(Inventory(stock(30))).report.guards}
    assert {name: guard.ok for name, guard in told.items()} == dict.fromkeys(
        ["failed_pictures", "recall", "items", "canaries", "uploaded"], True
    )
    assert told["canaries"].value is None


def overtaken(operation: str, ending: str, **choices: Any) -> tuple[Refreshed, RunRecord]:
    """A run that loses its lease right before something."""
    world = published()
    meddled = Meddled(world.store, operation, ending, lambda: Lease(world.store, "another").take(NOW))
    return world, world.over(meddled).run(Inventory(stock(61)), **choices)


def test_a_run_that_was_overtaken_uploads_nothing() -> None:
    world, record = overtaken("read", ".vectors.parquet")
    assert "Run another took the lease" in record.error
    assert len(versions(world.store)) == 1
    assert not record.refused


def test_a_run_that_was_overtaken_while_it_uploaded_publishes_nothing() -> None:
    world, record = overtaken("write", "/manifest.json", accept_change=True)
    assert "Run another took the lease" in record.error
    assert not record.report.published
    assert len(versions(world.store)) == 2
    assert len(world.index()) == 60


@pytest.mark.parametrize(("operation", "ending"), [("write", "/manifest.json"), ("write", CURRENT)])
def test_a_rollback_while_a_run_goes_on_stays(operation: str, ending: str) -> None:
    world = published()
    first = world.current.version
    world.run(Inventory(stock(61)))
    meddled = Meddled(world.store, operation, ending, lambda: world.versions.rollback(NOW))
    record = world.over(meddled).run(Inventory(stock(62)))
    assert record.error
    assert not record.report.published
    assert world.current.version == first
    assert len(world.index()) == 60
    assert world.run(Inventory(stock(62))).report.published


def test_an_item_without_an_address_is_shown_from_the_store() -> None:
    world = Refreshed()
    image = f"catalog/images/{'0' * 32}.jpg"
    world.store.write(image, b"a picture")
    world.run(Inventory([item(1, image_urls=(), image=image), item(2)]))
    shown = {item_id: told[0] for item_id, told in world.index().items()}
    assert [getattr(shown[f"north:{number}"], "src", "") for number in (1, 2)] == [
        f"memory:{image}",
        "https://north.example/2.jpg",
    ]
