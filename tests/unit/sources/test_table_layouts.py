"""Tables whose columns have names of their own: networks, exports of shop systems, datasets, and shops' own."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.catalog.folder import TOO_MANY_VALUES
from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.feeds.feed import OTHER_SIZE, read_feed
from catalog_jobs.sources.feeds.limits import UNPUBLISHED
from catalog_jobs.sources.feeds.taxonomy import google_category
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.shops import Shop
from closetspace.errors import InvalidInput

NOW = datetime(2026, 11, 24, tzinfo=UTC)
IMAGE = "https://a.example/1.jpg"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_content(content: str, **defaults: Any) -> SourceResult:
        path = tmp_path / "feed"
        path.write_text(content, encoding="utf-8")
        return read_feed(str(path), SourceDefaults("ono", **defaults), NOW)

    return read_content


def table(*rows: dict[str, str], separator: str = ",") -> str:
    """Return a table with the columns of all rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, {name: None for row in rows for name in row}, restval="", delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def fields(result: SourceResult, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(getattr(item, name) for name in names) for item in result.items]


def test_awin_table_is_read(read: Any) -> None:
    row = {
        "aw_deep_link": "https://aw.example/1",
        "product_name": "Coat",
        "aw_product_id": "1",
        "merchant_product_id": "2",
        "merchant_image_url": IMAGE,
        "aw_image_url": "https://aw.example/small.jpg",
        "alternate_image": "https://a.example/2.jpg",
        "merchant_category": "Coats",
        "category_name": "Women",
        "search_price": "12.00",
        "rrp_price": "20.00",
        "currency": "GBP",
        "in_stock": "0",
        "brand_name": "Ono",
        "colour": "Navy",
        "Fashion:suitable_for": "Female",
        "Fashion:size": "M",
        "product_type": "x",
    }
    result = read(table(row))
    assert fields(result, "id", "name", "brand", "category", "gender", "colours") == [
        ("1", "Coat", "Ono", "Coats", "Women", ("Navy",))
    ]
    assert fields(result, "price", "list_price", "currency", "in_stock", "url") == [
        (12.0, 20.0, "GBP", False, "https://aw.example/1")
    ]
    assert result.items[0].image_urls == (IMAGE, "https://a.example/2.jpg")


def test_cj_table_is_read_without_the_titles_of_books(read: Any) -> None:
    row = {
        "PROGRAMNAME": "Shop",
        "NAME": "Coat",
        "SKU": "1",
        "MANUFACTURER": "Ono",
        "TITLE": "A novel",
        "CURRENCY": "USD",
        "SALEPRICE": "30",
        "PRICE": "50",
        "RETAILPRICE": "60",
        "BUYURL": "https://cj.example/1",
        "IMAGEURL": IMAGE,
        "ADVERTISERCATEGORY": "Women>Coats",
        "INSTOCK": "no",
    }
    result = read(table(row))
    assert fields(result, "id", "name", "brand", "category", "price", "currency", "in_stock", "url") == [
        ("1", "Coat", "Ono", "Women > Coats", 30.0, "USD", False, "https://cj.example/1")
    ]


RAKUTEN = [
    *("7", "Coat", "S7", "Clothing", "Women~~Coats", "https://r.example/7", IMAGE, "", "Short", "Long", "", ""),
    *("30.00", "50.00", "", "", "Ono", "", "", "", "Maker", "", "in-stock", "", "60", "USD", "", "", "", "Coat"),
    *("M", "Wool", "Navy", "Female", "", "Adult"),
]


@pytest.mark.parametrize(
    ("before", "after"),
    [("HDR|1237|Shop|2026-11-24/00:00:00\n", "TRL|1\n"), ("", ""), ("\n", "TRL|1")],
)
@pytest.mark.parametrize("more", [0, 4, -6])
def test_rakuten_table_without_a_header_is_read(read: Any, before: str, after: str, more: int) -> None:
    values = RAKUTEN[:more] if more < 0 else [*RAKUTEN, *[""] * more]
    result = read(before + "|".join(values) + "\n" + after)
    assert fields(result, "id", "name", "brand", "category", "price", "list_price", "currency", "url") == [
        ("7", "Coat", "Ono", "Clothing > Women > Coats", 30.0, 50.0, "USD", "https://r.example/7")
    ]
    assert dict(result.left_out) == {}
    if more >= 0:
        assert fields(result, "colours", "gender", "sizes") == [(("Navy",), "Women", ("M",))]


@pytest.mark.parametrize("before", ["HDR|1237|Shop|2026-11-24/00:00:00\n", ""])
def test_rakuten_table_with_a_header_is_read(read: Any, before: str) -> None:
    row = {
        "Product ID": "7",
        "Product Name": "Coat",
        "SKU Number": "S7",
        "Primary Category": "Clothing",
        "Secondary Category": "Women~~Coats",
        "Product URL": "https://r.example/7",
        "Product Image URL": IMAGE,
        "Sale Price": "",
        "Retail Price": "50.00",
        "Brand": "Ono",
        "Currency": "USD",
    }
    result = read(before + table(row, separator="|") + "TRL|1\n")
    assert fields(result, "id", "category", "price", "currency") == [("7", "Clothing > Women > Coats", 50.0, "USD")]
    assert dict(result.left_out) == {}


def shopify_rows(old_names: bool) -> str:
    names = {"handle": "Handle", "price": "Variant Price", "was": "Variant Compare At Price", "image": "Image Src"}
    names |= {"own": "Variant Image", "stock": "Variant Inventory Qty", "tracker": "Variant Inventory Tracker"}
    if not old_names:
        names = {"handle": "URL handle", "price": "Price", "was": "Compare-at price", "image": "Product image URL"}
        names |= {"own": "Variant image URL", "stock": "Inventory quantity", "tracker": "Inventory tracker"}
    name, value = ("Name", "Value") if old_names else ("name", "value")
    first = {"Title": "Coat", "Vendor": "Ono", "Type": "Coats", f"Option1 {name}": "Color", f"Option2 {name}": "Size"}
    variants = [
        {**first, f"Option1 {value}": "Red", f"Option2 {value}": "S", "price": "20", "stock": "0", "own": "red"},
        {f"Option1 {value}": "Red", f"Option2 {value}": "M", "price": "25", "was": "40", "stock": "3", "own": "red"},
        {f"Option1 {value}": "Blue", f"Option2 {value}": "M", "price": "30", "stock": "0", "own": "blue"},
        {"image": "coat-2"},
    ]
    rows = [{"handle": "coat", "tracker": "shopify", "image": "coat-1", **row} for row in variants]
    rows += [{"handle": "bag", "Title": "Bag", "price": "9", "stock": "0", "image": "bag"}]
    rows += [{"handle": "draft", "Title": "Draft", "price": "9", "image": "draft", "Status": "draft"}]
    addresses = {"image", "own"}
    return table(
        *(
            {
                names.get(key, key): f"https://a.example/{cell}.jpg" if key in addresses else cell
                for key, cell in row.items()
            }
            for row in rows
        )
    )


@pytest.mark.parametrize("old_names", [True, False])
def test_rows_of_a_handle_in_shopifys_export_are_one_product(read: Any, old_names: bool) -> None:
    result = read(shopify_rows(old_names), currency="EUR")
    assert fields(result, "id", "name", "group", "variant", "brand", "category", "currency") == [
        ("coat-red", "Coat", "coat", "Red", "Ono", "Coats", "EUR"),
        ("coat-blue", "Coat", "coat", "Blue", "Ono", "Coats", "EUR"),
        ("bag", "Bag", "bag", "", "", "", "EUR"),
    ]
    assert fields(result, "price", "in_stock") == [(25.0, True), (30.0, False), (9.0, True)]
    assert [item.image_urls[0] for item in result.items] == [
        f"https://a.example/{name}.jpg" for name in ("red", "blue", "bag")
    ]
    assert dict(result.left_out) == {UNPUBLISHED: 1}


def test_prices_of_shopifys_export_are_in_the_shops_currency(read: Any) -> None:
    row = {"Handle": "coat", "Title": "Coat", "Variant Price": "12.500", "Image Src": IMAGE}
    assert fields(read(table(row), currency="KWD"), "price", "currency") == [(12.5, "KWD")]


def woocommerce_row(**cells: str) -> dict[str, str]:
    names = {
        "id": "ID",
        "kind": "Type",
        "sku": "SKU",
        "name": "Name",
        "published": "Published",
        "stock": "In stock?",
        "sale": "Sale price",
        "price": "Regular price",
        "categories": "Categories",
        "images": "Images",
        "parent": "Parent",
        "starts": "Date sale price starts",
        "ends": "Date sale price ends",
        "brand": "Brands",
        "name1": "Attribute 1 name",
        "value1": "Attribute 1 value(s)",
        "name2": "Attribute 2 name",
        "value2": "Attribute 2 value(s)",
    }
    return {names[key]: value for key, value in {"published": "1", "stock": "1", **cells}.items()}


def test_variations_in_woocommerces_export_have_what_their_parent_has(read: Any) -> None:
    look = {"name1": "Color", "name2": "Size"}
    result = read(
        table(
            woocommerce_row(id="1", kind="simple", sku="B", name="Bag", price="9", images=f"{IMAGE}, {IMAGE}?2"),
            woocommerce_row(
                id="2",
                kind="variable",
                sku="C",
                name="Coat",
                categories="Sale, Women > Coats",
                **{"images": "https://a.example/coat.jpg", "brand": "Ono", **look},
                value1="Red, Blue",
                value2="S, M",
            ),
            woocommerce_row(
                **{"id": "3", "kind": "variation", "name": "Coat - Red, S", "parent": "id:2", "price": "50", **look},
                value1="Red",
                value2="S",
                images="https://a.example/red.jpg",
                stock="0",
                sale="20",
            ),
            woocommerce_row(
                **{"id": "4", "kind": "variation", "name": "Coat - Red, M", "parent": "C", "price": "50", **look},
                value1="Red",
                value2="M",
                images="https://a.example/red.jpg",
                sale="40",
                starts="2026-11-01",
                ends="2026-11-30",
            ),
            woocommerce_row(
                id="5",
                kind="variation, virtual",
                name="Coat - Blue, M",
                parent="id:2",
                price="60",
                **{**look, "value1": "Blue", "value2": "M"},
            ),
            woocommerce_row(id="6", kind="simple", name="Draft", price="9", images=IMAGE, published="-1"),
            woocommerce_row(id="7", kind="variable", name="Hat", images=IMAGE),
        ),
        currency="EUR",
    )
    assert fields(result, "id", "name", "group", "variant", "price", "in_stock") == [
        ("1", "Bag", "", "", 9.0, True),
        ("3", "Coat", "2", "Red", 40.0, True),
        ("5", "Coat", "2", "Blue", 60.0, True),
        ("7", "Hat", "", "", None, True),
    ]
    assert fields(result, "brand", "category", "sizes")[1] == ("Ono", "Women > Coats", ("M",))
    assert [len(item.image_urls) for item in result.items] == [2, 2, 1, 1]
    assert dict(result.left_out) == {OTHER_SIZE: 1, UNPUBLISHED: 1}


def test_variations_of_a_hidden_product_are_hidden(read: Any) -> None:
    result = read(
        table(
            woocommerce_row(id="2", kind="variable", name="Coat", published="0", images=IMAGE),
            woocommerce_row(id="3", kind="variation", name="Coat - S", parent="id:2", price="50", images=IMAGE),
            woocommerce_row(id="4", kind="simple", name="Bag", price="9", images=IMAGE),
        )
    )
    assert fields(result, "id") == [("4",)]
    assert dict(result.left_out) == {UNPUBLISHED: 2}


def test_facebooks_catalog_is_read(read: Any) -> None:
    comment = '# Required | A unique id,"# Required | The name, 200 characters"\n'
    row = {
        "id": "1",
        "title": "Coat",
        "availability": "out of stock",
        "condition": "new",
        "price": "50.00 USD",
        "link": "https://a.example/p",
        "image[0].url": IMAGE,
        "brand": "Ono",
        "sale_price": "40.00 USD",
        "fb_product_category": "Clothing & Accessories > Clothing",
        "item_group_id": "G",
        "image[1].url": f"{IMAGE}?2",
    }
    result = read(comment + table(row))
    assert fields(result, "id", "price", "list_price", "in_stock", "category", "group") == [
        ("1", 40.0, 50.0, False, "Clothing & Accessories > Clothing", "G")
    ]
    assert len(result.items[0].image_urls) == 2


def test_fashion_dataset_with_unquoted_commas_is_counted_not_truncated(read: Any) -> None:
    header = "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName,link"
    values = "Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Casual"
    result = read(f"{header}\n1,{values},Ono Shirt,{IMAGE}\n2,{values},Ono Shirt, long,{IMAGE}\n")
    assert fields(result, "id", "name", "category", "gender", "colours", "url") == [
        ("1", "Ono Shirt", "Apparel > Topwear > Shirts", "Men", ("Navy Blue",), "")
    ]
    assert dict(result.left_out) == {f"{TOO_MANY_VALUES}, first in line 3": 1}


def test_columns_of_the_configuration_come_before_all_others(read: Any) -> None:
    content = table(
        {"id": "old", "code": "1", "Bezeichnung": "Mantel", "Bild": IMAGE, "price": "9", "Endpreis": "12,00"}
    )
    columns = {"id": ("code",), "title": ("name", "Bezeichnung"), "image_link": ("bild",), "price": ("endpreis",)}
    assert fields(read(content, columns=columns), "id", "name", "price") == [("1", "Mantel", 12.0)]
    with pytest.raises(InvalidInput, match="its header has no title, image_link"):
        read(content)
    with pytest.raises(InvalidInput, match="its header has no id"):
        read(content, columns={**columns, "id": ("none",)})


def test_columns_of_the_configuration_name_the_elements_of_xml_too(read: Any) -> None:
    entry = f"<product><code>1</code><name>Coat</name><pic>{IMAGE}</pic></product>"
    assert fields(read(f"<products>{entry}</products>", columns={"id": ("code",), "image_link": ("pic",)}), "id") == [
        ("1",)
    ]


@pytest.mark.parametrize(
    "images",
    [
        "<image_link>{0}</image_link><additional_image_link>{1}, {2}</additional_image_link>",
        "<image_link>{0}|{1}</image_link><additional_image_link>{2}</additional_image_link>",
        "<images><image>{0}</image><!-- 2 --><image>{1}</image><image><url>{2}</url></image></images>",
        "".join(f"<{name}_link>{{{n}}}</{name}_link>" for n, name in enumerate(("image", *["additional_image"] * 2))),
    ],
)
def test_elements_of_xml_may_list_several_images(read: Any, images: str) -> None:
    urls = (IMAGE, f"{IMAGE}?w=1,h=2", "https://a.example/3.jpg")
    entry = f"<product><id>1</id><title>Coat</title>{images.format(*urls)}</product>"
    assert read(f"<products>{entry}</products>").items[0].image_urls == urls


def test_attributes_of_xml_are_columns_and_may_name_the_currency(read: Any) -> None:
    prices = '<price currency="EUR">50</price><sale_price currency="EUR">40.00</sale_price>'
    entry = f'<product id="1" shelf="3"><title>Coat</title><image_link>{IMAGE}</image_link>{prices}</product>'
    result = read(f"<products>{entry}</products>")
    assert fields(result, "id", "price", "list_price", "currency") == [("1", 40.0, 50.0, "EUR")]


@pytest.mark.parametrize(
    ("prices", "shop", "expected"),
    [
        ({"Price (EUR)": "49,90"}, "", (49.9, None, "EUR")),
        ({"price_eur": "50", "sale_price_eur": "40"}, "", (40.0, 50.0, "EUR")),
        ({"price_eur": "50", "price_usd": "60"}, "", (50.0, None, "EUR")),
        ({"price_eur": "50", "price_usd": "60"}, "USD", (60.0, None, "USD")),
        ({"price_eur": "50", "currency": ""}, "USD", (50.0, None, "EUR")),
        ({"price_eur": "50 USD"}, "", (None, None, "")),
        ({"price_net": "50"}, "EUR", (None, None, "EUR")),
        ({"price_usd": "60", "price": "50"}, "EUR", (50.0, None, "EUR")),
    ],
)
def test_names_of_columns_may_have_the_currency(
    read: Any, prices: dict[str, str], shop: str, expected: tuple[float | None, float | None, str]
) -> None:
    result = read(table({"id": "1", "title": "Coat", "image_link": IMAGE, **prices}), currency=shop)
    assert fields(result, "price", "list_price", "currency") == [expected]


@pytest.mark.parametrize("name", ["stock", "Quantity", "Inventory"])
def test_numbers_of_pieces_say_what_is_in_stock(read: Any, name: str) -> None:
    rows = [
        {"id": str(pieces), "title": "Coat", "image_link": f"{IMAGE}?{pieces}", name: str(pieces)} for pieces in (0, 3)
    ]
    assert fields(read(table(*rows)), "in_stock") == [(False,), (True,)]


def test_shop_names_columns_one_by_one_or_as_a_list() -> None:
    shop = {"name": "ono", "kind": "feed", "feed": "feed.csv"}
    columns = {"id": "code", "title": ["name", "label"]}
    defaults = SourceDefaults.from_shop(Shop.model_validate({**shop, "columns": columns}))
    assert defaults.columns == {"id": ("code",), "title": ("name", "label")}
    for wrong in ({"colour": "x"}, {"id": ""}, {"id": 3}):
        with pytest.raises(ValueError, match=r"columns|feeds have no field colour"):
            Shop.model_validate({**shop, "columns": wrong})


def test_googles_names_come_before_plain_ones(read: Any) -> None:
    row = {"id": "tag:1", "g:id": "1", "title": "Coat", "g:title": "Wool coat", "image_link": IMAGE, "price": "9 USD"}
    content = table({**row, "g:price": "50 USD", "g:image_link": ""})
    assert fields(read(content), "id", "name", "price") == [("1", "Wool coat", 50.0)]


def test_rest_of_the_columns_may_have_any_names_that_shops_use(read: Any) -> None:
    row = {"SKU": "1", "Product Name": "Coat", "Image URL": f"['{IMAGE}', '{IMAGE}?2']", "Colour": "Navy", "MSRP": "60"}
    content = table(
        {**row, "Price": "50", "Currency Code": "GBP", "Stock Status": "sold out", "URL": "https://a.example/p"}
    )
    result = read(content)
    assert fields(result, "id", "name", "price", "list_price", "currency", "in_stock", "url") == [
        ("1", "Coat", 50.0, 60.0, "GBP", False, "https://a.example/p")
    ]
    assert result.items[0].image_urls == (IMAGE, f"{IMAGE}?2")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("5598", "Apparel & Accessories > Clothing > Outerwear > Coats & Jackets"),
        ("5598.0", "Apparel & Accessories > Clothing > Outerwear > Coats & Jackets"),
        ("166 - Apparel & Accessories", "Apparel & Accessories"),
        ("999999999", ""),
        ("999999999 - New > Newer", "New > Newer"),
        ("Apparel & Accessories > Shoes", "Apparel & Accessories > Shoes"),
        ("", ""),
    ],
)
def test_numbers_of_googles_categories_become_words(value: str, path: str) -> None:
    assert google_category(value) == path


def test_shops_own_category_comes_before_googles_unless_it_is_a_number(read: Any) -> None:
    row = {"id": "1", "title": "Coat", "image_link": IMAGE, "google_product_category": "187"}
    shoes = "Apparel & Accessories > Shoes"
    for own, category in (("Women>Boots ", "Women > Boots"), ("", shoes), ("4711", shoes)):
        assert fields(read(table({**row, "product_type": own})), "category") == [(category,)]
