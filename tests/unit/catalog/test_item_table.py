"""Catalog items as rows of tables."""

import pyarrow as pa

from catalog_jobs.catalog.item_table import (
    KEY,
    JoinedRows,
    count_by_value,
    is_of,
    items_of,
    table_of,
    with_content_keys,
    with_unique,
)
from catalog_jobs.catalog.snapshots import StoredItems, to_parquet
from tests.support.refreshed_catalog import item, missing, stock


def test_table_has_the_content_keys_of_its_items() -> None:
    state = [item(1, colours=("navy",)), item(2), missing(item(3, brand=""))]
    assert with_content_keys(table_of(state))[KEY].to_pylist() == [entry.content_key for entry in state]
    assert with_content_keys(table_of([]))[KEY].to_pylist() == []


def test_items_are_not_cleaned_again_when_they_leave_the_table() -> None:
    escaped = item(1).model_copy(update={"name": "Shirt &amp; tie"})
    assert list(items_of(table_of([escaped]))) == [escaped]


def test_later_one_of_two_rows_with_the_same_value_stays() -> None:
    table = table_of([item(1), item(2), item(1, price=9.0)])
    assert list(items_of(with_unique(table, "id"))) == [item(2), item(1, price=9.0)]
    assert len(with_unique(table, "name")) == 2
    assert with_unique(table, "price")["price"].to_pylist() == [20.0, 9.0]


def test_joined_rows_are_those_of_files_and_tables_in_order() -> None:
    joined = JoinedRows([StoredItems(to_parquet(table_of(stock(2))), "it"), table_of(stock(3, "south"))])
    expected = [*stock(2), *stock(3, "south")]
    assert (len(joined), joined["id"].to_pylist()) == (5, [entry.id for entry in expected])
    assert list(items_of(joined.filter(is_of(joined, ["south"])))) == expected[2:]
    assert len(JoinedRows([])["id"]) == 0


def test_stored_items_are_filtered_as_a_table_is() -> None:
    stored = StoredItems(to_parquet(table_of(stock(9))), "it")
    mask = pa.chunked_array([[True, False, False, True], [False, False, True, False, True]])
    assert list(items_of(stored.filter(mask))) == [item(number) for number in (0, 3, 6, 8)]


def test_count_by_value_counts_each_value() -> None:
    assert count_by_value(pa.chunked_array([["a", "b"], ["a"]])) == {"a": 2, "b": 1}
