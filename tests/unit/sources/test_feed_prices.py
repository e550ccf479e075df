"""Prices in feeds: which of a row's is the price, and which of the rows' is that of a look."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.catalog.item import MAX_TEXT, CatalogItem
from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.feeds.feed import OTHER_SIZE, read_feed
from catalog_jobs.sources.feeds.looks import MAX_SIZES
from catalog_jobs.sources.feeds.products import parse_row
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.parsers.price_context import PriceContext
from catalog_jobs.sources.parsers.prices import PRICE_AMBIGUOUS

NOW = datetime(2026, 11, 24, tzinfo=UTC)
CONTEXT = PriceContext(now=NOW)
OVER = "2024-01-01T00:00+0000/2024-02-01T00:00+0000"
ON = "2026-11-01T13:00-0800/2026-12-01T15:30-0800"
AHEAD = "2027-01-01T00:00Z/2027-02-01T00:00Z"


def row(**values: str) -> dict[str, list[str]]:
    return {"id": ["1"], "title": ["Coat"]} | {name: [value] for name, value in values.items()}


@pytest.mark.parametrize(
    ("values", "price", "list_price"),
    [
        ({"price": "50 USD"}, 50.0, None),
        ({"price": "50 USD", "sale_price": "30 USD"}, 30.0, 50.0),
        ({"price": "50 USD", "sale_price": "30"}, 30.0, 50.0),
        ({"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": ON}, 30.0, 50.0),
        ({"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": OVER}, 50.0, None),
        ({"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": AHEAD}, 50.0, None),
        ({"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": "2026-11-24/2026-11-24"}, 30.0, 50.0),
        ({"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": "2026-11-01/"}, 30.0, 50.0),
        ({"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": "/2026-11-23"}, 50.0, None),
        ({"price": "50 USD", "sale_price": "0.00 USD"}, 50.0, None),
        ({"price": "50 USD", "sale_price": "70 USD"}, 50.0, None),
        ({"price": "50 USD", "sale_price": "50 USD"}, 50.0, None),
        ({"price": "50 USD", "sale_price": "30 EUR"}, 50.0, None),
        ({"sale_price": "30 USD"}, 30.0, None),
        ({"price": "50 USD", "list_price": "80 USD"}, 50.0, 80.0),
        ({"price": "50 USD", "list_price": "80"}, 50.0, 80.0),
        ({"price": "50 USD", "list_price": "40 USD"}, 50.0, None),
        ({"price": "50 USD", "list_price": "80 EUR"}, 50.0, None),
        ({"price": "50 USD", "sale_price": "30 USD", "list_price": "80 USD"}, 30.0, 80.0),
        ({"price": "50", "currency": "USD"}, 50.0, None),
        ({"list_price": "80 USD"}, None, None),
    ],
)
def test_sale_price_counts_while_it_is_on_and_lower(
    values: dict[str, str], price: float | None, list_price: float | None
) -> None:
    product = parse_row(row(**values), CONTEXT)
    assert (product.price, product.list_price, product.remarks) == (price, list_price, ())
    assert product.currency == ("USD" if price else "")


@pytest.mark.parametrize(
    "values",
    [
        {"price": "12.500 USD"},
        {"price": "2 for 30 USD"},
        {"price": "50 USD", "sale_price": "from 20 or 30"},
        {"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": "next week"},
        {"price": "50 USD", "sale_price": "30 USD", "sale_price_effective_date": "2026-11-01"},
        {"price": "50 USD", "currency": "EUR"},
    ],
)
def test_ambiguous_price_of_a_row_is_left_out_and_remarked(values: dict[str, str]) -> None:
    product = parse_row(row(**values), CONTEXT)
    assert (product.price, product.list_price, product.remarks) == (None, None, (PRICE_AMBIGUOUS,))


def read(folder: Path, *rows: dict[str, Any], currency: str = "") -> SourceResult:
    names = ("id", "title", "image_link", *dict.fromkeys(name for values in rows for name in values))
    lines = ["\t".join(names)]
    for number, values in enumerate(rows):
        line = {"id": str(number), "title": "Coat", "image_link": f"https://a.example/{number}.jpg"} | values
        lines.append("\t".join(line.get(name, "") for name in names))
    feed = folder / "feed.tsv"
    feed.write_text("\n".join(lines), encoding="utf-8")
    return read_feed(str(feed), SourceDefaults("feed", currency=currency), NOW)


def size(name: str, price: str, **values: str) -> dict[str, Any]:
    return {"item_group_id": "G", "image_link": "https://a.example/g.jpg", "size": name, "price": price, **values}


def offer(item: CatalogItem) -> tuple[Any, ...]:
    return item.price, item.in_stock, item.sizes


OUT = {"availability": "out of stock"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([size("S", "20 USD", **OUT), size("M", "45 USD")], (45.0, True, ("M",))),
        ([size("M", "45 USD"), size("S", "20 USD", **OUT)], (45.0, True, ("M",))),
        ([size("S", "45 USD"), size("M", "20 USD"), size("L", "30 USD")], (20.0, True, ("S", "M", "L"))),
        ([size("S", "45 USD", **OUT), size("M", "20 USD", **OUT)], (20.0, False, ())),
        ([size("S", ""), size("M", "20 USD")], (20.0, True, ("S", "M"))),
        ([size("S", "45 USD"), size("M", "20 EUR")], (45.0, True, ("S", "M"))),
        ([size("S", "45 USD"), size("M", "0 USD")], (45.0, True, ("S", "M"))),
        ([size("S", "45 USD"), size("S", "20 USD", condition="used")], (45.0, True, ("S",))),
        ([size("S", "20 USD", condition="refurbished"), size("S", "45 USD")], (45.0, True, ("S",))),
        (
            [size("S", "45 USD", condition="used"), size("M", "20 USD", condition="used"), size("L", "60 USD")],
            (60.0, True, ("S", "M", "L")),
        ),
        ([size("S", "45 USD"), size("M", "2 for 30")], (45.0, True, ("S", "M"))),
    ],
)
def test_look_has_the_lowest_price_that_can_be_paid(
    tmp_path: Path, rows: list[dict[str, Any]], expected: tuple[Any, ...]
) -> None:
    result = read(tmp_path, *rows)
    [item] = result.items
    assert offer(item) == expected
    assert (item.id, result.left_out[OTHER_SIZE]) == ("0", len(rows) - 1)


def test_sizes_of_every_row_are_cleaned_and_limited(tmp_path: Path) -> None:
    [item] = read(tmp_path, size("S", "45 USD"), size("5&quot;  wide", "45 USD"), size("x" * 2_000, "45 USD")).items
    assert item.sizes == ("S", '5" wide', "x" * MAX_TEXT)
    [item] = read(tmp_path, *(size(str(number), "45 USD") for number in range(MAX_SIZES + 5))).items
    assert len(item.sizes) == MAX_SIZES


def test_list_price_is_that_of_the_size_with_the_price(tmp_path: Path) -> None:
    rows = size("S", "80 USD", sale_price="60 USD"), size("M", "80 USD", sale_price="40 USD"), size("L", "50 USD")
    [item] = read(tmp_path, *rows).items
    assert (item.price, item.list_price) == (40.0, 80.0)
    [item] = read(tmp_path, size("S", "80 USD", sale_price="60 USD"), size("L", "50 USD")).items
    assert (item.price, item.list_price) == (50.0, None)


def test_other_rows_tell_what_the_separators_mean(tmp_path: Path) -> None:
    items = read(tmp_path, {"price": "129.000 EUR"}, {"price": "1299.000 EUR"}, {"price": "0.500 EUR"}).items
    assert [item.price for item in items] == [129.0, 1299.0, 0.5]
    items = read(tmp_path, {"price": "129.000 EUR"}, {"price": "49,90 EUR"}).items
    assert [item.price for item in items] == [129000.0, 49.9]


def test_two_different_prices_in_one_row_are_ambiguous() -> None:
    product = parse_row(row() | {"price": ["80 USD", "60 USD"]}, CONTEXT)
    assert (product.price, product.remarks) == (None, (PRICE_AMBIGUOUS,))
    assert parse_row(row() | {"price": ["60 USD", "60.00 USD"]}, CONTEXT).price == 60.0


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ({"regular_price": "80", "current_price": "60"}, (60.0, 80.0)),
        ({"retail_price": "80", "selling_price": "60"}, (60.0, 80.0)),
        ({"mrp": "80", "selling_price": "60"}, (60.0, 80.0)),
        ({"original_price": "80", "price": "60"}, (60.0, 80.0)),
        ({"price": "60", "selling_price": "60"}, (60.0, None)),
        ({"current_price": "60"}, (60.0, None)),
        ({"regular_price": "80"}, (80.0, None)),
    ],
)
def test_current_price_of_a_table_is_the_price(
    tmp_path: Path, prices: dict[str, str], expected: tuple[float, float | None]
) -> None:
    [item] = read(tmp_path, prices).items
    assert (item.price, item.list_price) == expected


def test_ambiguous_prices_are_counted_and_their_items_kept(tmp_path: Path) -> None:
    result = read(tmp_path, {"price": "129.000 EUR"}, {"price": "2 for 30 EUR"}, {"price": "5 EUR"})
    assert [item.price for item in result.items] == [None, None, 5.0]
    assert result.left_out == {PRICE_AMBIGUOUS: 2}


def test_currency_of_the_shop_decides_on_decimals_and_symbols(tmp_path: Path) -> None:
    items = read(tmp_path, {"price": "12.500"}, {"price": "$20"}, currency="KWD").items
    assert [(item.price, item.currency) for item in items] == [(12.5, "KWD"), (20.0, "$")]
    [item] = read(tmp_path, {"price": "$20"}, currency="CAD").items
    assert (item.price, item.currency) == (20.0, "CAD")
