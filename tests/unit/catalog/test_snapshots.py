"""Snapshots of the catalog, and the items in them."""

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_jobs.catalog.item import CatalogItem, ScrapedProduct, catalog_item
from catalog_jobs.catalog.item_table import SCHEMA, items_of, table_of
from catalog_jobs.catalog.snapshots import FILE_SCHEMA, Snapshots, StoredItems, to_parquet
from closetspace.adapters.memory import MemoryObjects
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput, NotFound
from tests.support.refreshed_catalog import DAY, NOW, FakeSource, RefreshedCatalog, contents, item, missing, stock

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
    list_price=29.99,
    sizes=("S", "M"),
    currency="EUR",
    in_stock=False,
    url="https://north.example/1",
    image_urls=("https://north.example/1.jpg", "https://north.example/2.jpg"),
    image=f"catalog/images/{'0f' * 16}.jpg",
    first_seen=NOW - DAY,
    last_seen=NOW + timedelta(microseconds=1),
    missing_since=NOW,
)


def test_example_sets_every_field_of_an_item() -> None:
    plain = item(1)
    assert all(
        getattr(EVERYTHING, name) != getattr(plain, name)
        for name in set(CatalogItem.model_fields) - {"id", "source", "brand", "currency"}
    )


def items_in(data: bytes) -> list[CatalogItem]:
    return list(items_of(StoredItems(data, "it").select(SCHEMA.names)))


def test_items_survive_a_round_trip_through_parquet() -> None:
    state = [EVERYTHING, item(2), missing(item(3, price=None))]
    assert items_in(to_parquet(table_of(state))) == state
    assert items_in(to_parquet(table_of([]))) == []


@given(
    st.lists(
        st.builds(
            lambda name, price, colours, in_stock: item(
                0, name=f"x{name}", price=price, colours=tuple(colours), in_stock=in_stock
            ),
            st.text(st.characters(codec="utf-8"), max_size=30),
            st.none() | st.floats(0, 1e8),
            st.lists(st.sampled_from(["red", "blue"]), max_size=2),
            st.booleans(),
        ),
        max_size=5,
    )
)
def test_any_valid_item_survives_a_round_trip_through_parquet(state: list[CatalogItem]) -> None:
    assert items_in(to_parquet(table_of(state))) == state


def test_columns_keep_the_names_that_earlier_releases_wrote() -> None:
    table = pq.read_table(pa.BufferReader(to_parquet(table_of([item(1, in_stock=False)]))))
    assert table.schema.names == FILE_SCHEMA.names
    assert table["available"].to_pylist() == [False]


def test_file_of_an_earlier_release_has_neither_list_prices_nor_sizes() -> None:
    table = pq.read_table(pa.BufferReader(to_parquet(table_of([EVERYTHING]))))
    earlier = io.BytesIO()
    pq.write_table(table.drop_columns(["list_price", "sizes"]), earlier)
    assert items_in(earlier.getvalue()) == [EVERYTHING.model_copy(update={"list_price": None, "sizes": ()})]


def test_times_are_stored_in_utc() -> None:
    elsewhere = datetime(2026, 11, 20, 5, tzinfo=timezone(timedelta(hours=2)))
    (found,) = items_in(to_parquet(table_of([item(1, seen=elsewhere)])))
    assert found.first_seen == elsewhere == NOW
    assert found.first_seen.utcoffset() == UTC.utcoffset(None)


@pytest.mark.parametrize("data", [b"", b"PAR1", to_parquet(table_of([item(1)]))[:-20]])
def test_damaged_snapshot_raises_an_error_that_names_it(data: bytes) -> None:
    snapshots = Snapshots(MemoryObjects())
    name = snapshots.write(table_of([item(1)]), NOW)
    snapshots.store.write(f"catalog/snapshots/{name}.parquet", data)
    with pytest.raises(Incompatible, match=name):
        snapshots.read(name)


def test_missing_snapshot_raises_not_found() -> None:
    with pytest.raises(NotFound, match="no snapshot x"):
        Snapshots(MemoryObjects()).read("x")


def test_snapshot_names_sort_by_time_and_differ_by_content() -> None:
    snapshots = Snapshots(MemoryObjects())
    late = snapshots.write(table_of([item(1)]), NOW + timedelta(milliseconds=1))
    early = [snapshots.write(table_of([item(number)]), NOW) for number in (1, 2)]
    assert len({late, *early}) == 3
    assert snapshots.names() == [*sorted(early), late]
    assert snapshots.write(table_of([item(1)]), NOW) == early[0]
    snapshots.delete(early[0])
    assert snapshots.names() == [early[1], late]


def test_images_returns_the_image_names_of_a_snapshot() -> None:
    snapshots = Snapshots(MemoryObjects())
    name = snapshots.write(table_of([item(1), item(2)]), NOW)
    assert snapshots.images(name) == [item(1).image, item(2).image]


def test_current_state_is_that_of_the_index_in_use_or_a_later_import() -> None:
    catalog = RefreshedCatalog()
    snapshots = Snapshots(catalog.store)
    assert snapshots.current() is None
    with pytest.raises(FailedPrecondition, match="closetspace catalog refresh"):
        snapshots.require_current()
    imported = snapshots.import_(table_of(stock(3)), catalog.clock())
    assert snapshots.require_current() == imported
    snapshots.write(table_of(stock(9)), catalog.clock() + DAY)
    assert snapshots.current() == imported
    published = catalog.run(FakeSource(stock(30))).snapshot
    assert snapshots.current() == published
    again = snapshots.import_(table_of(stock(3)), catalog.clock())
    assert snapshots.current() == again


def test_rollback_restores_the_state_of_the_index_in_use() -> None:
    catalog = RefreshedCatalog()
    first = catalog.run(FakeSource(stock(30))).snapshot
    catalog.run(FakeSource(stock(31)))
    catalog.versions.rollback(NOW)
    assert Snapshots(catalog.store).current() == first
    assert catalog.run(FakeSource(stock(31))).report.new == 1


def test_later_runs_do_not_rewrite_snapshots() -> None:
    catalog = RefreshedCatalog()
    catalog.run(FakeSource(stock(30)))
    before = contents(catalog.store)
    catalog.run(FakeSource(stock(31)))
    after = contents(catalog.store)
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
    ],
)
def test_invalid_item_raises_an_error_that_names_the_field(fields: dict[str, Any], at: str) -> None:
    with pytest.raises(InvalidInput, match=f"^{at}: "):
        item(1, **fields)


def test_text_is_cleaned_and_urls_that_are_not_http_are_dropped() -> None:
    image_urls = (" https://a.example/1.jpg ", "data:image/png;base64,x", "https://a.example/1.jpg")
    product = ScrapedProduct(
        id=" 1 ", name="Caf&amp;eacute;\r\n  shirt", url="javascript:alert(1)", image_urls=image_urls
    )
    found = catalog_item(product, "north", NOW)
    assert (found.id, found.name, found.url) == ("1", "Café shirt", "")
    assert found.image_urls == ("https://a.example/1.jpg",)


def test_content_key_depends_on_image_name_and_brand_only() -> None:
    same = [item(1), item(1, price=1.0, in_stock=False, category="Shoes", gender="Men", url="https://a.example/")]
    others = [item(1, name="x"), item(1, brand="x"), item(1, image_urls=("https://a.example/x.jpg",)), item(2)]
    assert len({entry.content_key for entry in same}) == 1
    assert len({entry.content_key for entry in [same[0], *others]}) == 1 + len(others)


def test_snapshot_has_its_items_by_id() -> None:
    snapshots = Snapshots(MemoryObjects())
    name = snapshots.write(table_of([item(2), item(10), item(1)]), NOW)
    assert snapshots.read(name)["id"].to_pylist() == ["north:1", "north:10", "north:2"]


def test_file_with_an_item_without_a_name_is_refused() -> None:
    table = pq.read_table(pa.BufferReader(to_parquet(table_of([item(1)]))))
    nameless = io.BytesIO()
    pq.write_table(table.set_column(2, FILE_SCHEMA.field("name"), pa.array([None], pa.string())), nameless)
    with pytest.raises(Incompatible, match="it has an item without name"):
        items_in(nameless.getvalue())
