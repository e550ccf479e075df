"""Products as their source describes them become items."""

from datetime import UTC, datetime

import pytest

from catalog_jobs.catalog.item import MAX_TEXT, ScrapedProduct, catalog_item, clean_text

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PRODUCT = {"id": "1", "name": "Coat", "image_urls": ("https://a.example/1.jpg",)}


@pytest.mark.parametrize("price", [None, 0.0, 1.0, 12.5])
@pytest.mark.parametrize("in_stock", [True, False])
def test_item_has_every_field_of_its_product(price: float | None, in_stock: bool) -> None:
    product = ScrapedProduct(**PRODUCT, price=price, list_price=price, in_stock=in_stock, sizes=("S", "M"))  # type: ignore[arg-type]
    item = catalog_item(product, "ono", NOW)
    assert all(getattr(item, name) == value for name, value in product._asdict().items() if name != "remarks")
    assert (item.source, item.first_seen, item.last_seen) == ("ono", NOW, NOW)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("", ""),
        ("Coat", "Coat"),
        ("x" * 2_000, "x" * MAX_TEXT),
        ("  Wool \n coat ", "Wool coat"),
        ("Knit &amp;amp; &quot;belt&quot;", 'Knit & "belt"'),
        ("Co\0at\x1b\ufeff \u200bA\u00a0B", "Coat A B"),
        ("\u0663\u0660 \u30b3\u30fc\u30c8", "\u0663\u0660 \u30b3\u30fc\u30c8"),
    ],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example:8080/p?q=[1]#x", "https://a.example:8080/p?q=[1]#x"),
        (" https://a.example/p ", "https://a.example/p"),
        ("https://a.example/ü", "https://a.example/ü"),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://[::1", ""),
    ],
)
def test_only_urls_that_a_browser_may_open_are_kept(url: str, kept: str) -> None:
    assert catalog_item(ScrapedProduct(**PRODUCT, url=url), "ono", NOW).url == kept  # type: ignore[arg-type]
