"""States of the catalog as they are kept."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_jobs.catalog.item import CatalogItem, read_item
from catalog_jobs.catalog.snapshots import Snapshots, from_parquet, to_parquet
from closetspace.adapters.memory import MemoryObjects
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput, NotFound
from tests.support.refreshed_catalog import DAY, NOW, Inventory, Refreshed, contents, item, missing, stock

EVERYTHING = CatalogItem(
    id="north:1",
    source="north",
    name="Café shirt \u2013 \u540d",
    group="north:shirts",
    variant="navy",
    brand="Ono",
    category="Shirts",
    predicted_category="Topwear",
    gender="Women",
    colours=("navy", "white"),
    price=19.99,
    currency="EUR",
    available=False,
    url="https://north.example/1",
    image_urls=("https://north.example/1.jpg", "https://north.example/2.jpg"),
    image=f"catalog/images/{'0f' * 16}.jpg",
    first_seen=NOW - DAY,
    last_seen=NOW + timedelta(microseconds=1),
    missing_since=NOW,
)


def test_every_field_of_an_item_is_told_in_the_example() -> None:
    plain = item(1)
    assert all(
        getattr(EVERYTHING, name) != getattr(plain, name)
        for name in set(CatalogItem.model_fields) - {"id", "source", "brand", "currency"}
    )


def test_items_are_read_as_they_were_written() -> None:
    state = [EVERYTHING, item(2), missing(item(3, price=None))]
    assert from_parquet(to_parquet(state), "it") == state
    assert from_parquet(to_parquet([]), "it") == []


@given(
    st.lists(
        st.builds(
            lambda name, price, colours, available: item(
                0, name=f"x{name}", price=price, colours=tuple(colours), available=available
            ),
            st.text(st.characters(codec="utf-8"), max_size=30),
            st.none() | st.floats(0, 1e8),
            st.lists(st.sampled_from(["red", "blue"]), max_size=2),
            st.booleans(),
        ),
        max_size=5,
    )
)
def test_any_item_survives_its_file(state: list[CatalogItem]) -> None:
    assert from_parquet(to_parquet(state), "it") == state


def test_a_time_keeps_its_moment_whatever_its_zone() -> None:
    elsewhere = datetime(2026, 11, 20, 5, tzinfo=timezone(timedelta(hours=2)))
    (found,) = from_parquet(to_parquet([item(1, seen=elsewhere)]), "it")
    assert found.first_seen == elsewhere == NOW
    assert found.first_seen.utcoffset() == UTC.utcoffset(None)


@pytest.mark.parametrize("data", [b"", b"PAR1", to_parquet([item(1)])[:-20]])
def test_what_is_no_snapshot_is_refused_by_name(data: bytes) -> None:
    snapshots = Snapshots(MemoryObjects())
    name = snapshots.write([item(1)], NOW)
    snapshots.store.write(f"catalog/snapshots/{name}.parquet", data)
    with pytest.raises(Incompatible, match=name):
        snapshots.read(name)


def test_a_snapshot_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="no snapshot x"):
        Snapshots(MemoryObjects()).read("x")


def test_names_sort_by_time_and_tell_states_of_a_moment_apart() -> None:
    snapshots = Snapshots(MemoryObjects())
    late = snapshots.write([item(1)], NOW + timedelta(milliseconds=1))
    early = [snapshots.write([item(number)], NOW) for number in (1, 2)]
    assert len({late, *early}) == 3
    assert snapshots.names() == [*sorted(early), late]
    assert snapshots.write([item(1)], NOW) == early[0]
    snapshots.delete(early[0])
    assert snapshots.names() == [early[1], late]


def test_pictures_are_told_without_the_rest() -> None:
    snapshots = Snapshots(MemoryObjects())
    name = snapshots.write([item(1), item(2)], NOW)
    assert snapshots.images(name) == [item(1).image, item(2).image]


def test_the_last_state_is_that_of_the_index_in_use_or_one_imported_since() -> None:
    world = Refreshed()
    snapshots = Snapshots(world.store)
    assert snapshots.last() is None
    with pytest.raises(FailedPrecondition, match="closetspace catalog refresh"):
        snapshots.required()
    imported = snapshots.import_(stock(3), world.clock())
    assert snapshots.required() == imported
    snapshots.write(stock(9), world.clock() + DAY)
    assert snapshots.last() == imported
    published = world.run(Inventory(stock(30))).snapshot
    assert snapshots.last() == published
    again = snapshots.import_(stock(3), world.clock())
    assert snapshots.last() == again


def test_after_a_rollback_the_last_state_is_that_of_the_index_in_use_again() -> None:
    world = Refreshed()
    first = world.run(Inventory(stock(30))).snapshot
    world.run(Inventory(stock(31)))
    world.versions.rollback(NOW)
    assert Snapshots(world.store).last() == first
    assert world.run(Inventory(stock(31))).report.new == 1


def test_a_snapshot_is_never_written_again() -> None:
    world = Refreshed()
    world.run(Inventory(stock(30)))
    before = contents(world.store)
    world.run(Inventory(stock(31)))
    after = contents(world.store)
    kept = [name for name in before if name.startswith("catalog/snapshots/")]
    assert kept
    assert all(after[name] == before[name] for name in kept)


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": " \r\n "}, "name"),
        ({"price": -1}, "price"),
        ({"price": float("nan")}, "price"),
        ({"image_urls": ()}, "image_urls"),
        ({"image_urls": ("javascript:alert(1)",)}, "image_urls"),
        ({"image": "../../etc/passwd"}, "image"),
        ({"size": "M"}, "size"),
    ],
)
def test_what_is_no_item_is_refused_with_the_field_at_fault(fields: dict[str, Any], at: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{at}: "):
        item(1, **fields)


def test_text_is_cleaned_and_only_what_a_browser_opens_is_an_address() -> None:
    found = read_item(
        NOW,
        id=" 1 ",
        source="north",
        name="Caf&amp;eacute;\r\n  shirt",
        url="javascript:alert(1)",
        image_urls=[" https://a.example/1.jpg ", "data:image/png;base64,x", "https://a.example/1.jpg"],
    )
    assert (found.id, found.name, found.url) == ("1", "Café shirt", "")
    assert found.image_urls == ("https://a.example/1.jpg",)


def test_content_is_known_by_picture_name_and_brand_and_by_nothing_else() -> None:
    same = [item(1), item(1, price=1.0, available=False, category="Shoes", gender="Men", url="https://a.example/")]
    others = [item(1, name="x"), item(1, brand="x"), item(1, image_urls=("https://a.example/x.jpg",)), item(2)]
    assert len({one.content_key for one in same}) == 1
    assert len({one.content_key for one in [same[0], *others]}) == 1 + len(others)
