"""Patterns for the URLs of product pages, and tables of shops as they are written."""

import re
from pathlib import Path

import pytest

from catalog_jobs.sources.product_urls import follow_pattern, samples
from catalog_jobs.sources.shops import Shop, read_shops
from catalog_jobs.sources.shops_file import append_shop, shop_table
from closetspace.errors import InvalidInput

HOST = "https://ono.example"
PAGES = [f"{HOST}/", f"{HOST}/about", f"{HOST}/pages/help", f"{HOST}/blog/2026/coats-we-love", f"{HOST}/blog/2025/a"]


@pytest.mark.parametrize(
    ("products", "others"),
    [
        ([f"/products/coat-{number}" for number in range(9)], ["/products", "/products/coat-1/reviews"]),
        ([f"/en/p/{number}" for number in range(9)], ["/en/p/1/reviews", "/en/help"]),
        ([f"/produkte/coat-{number}/" for number in range(9)], []),
        ([f"/kleid-{number}.html" for number in range(9)], ["/women/kleider.html"]),
        ([f"/{folder}/coat-{folder}" for folder in ("a", "b", "c", "d", "e", "f", "g", "h")], ["/x/y/z"]),
        ([f"/women/coats/coat-{number}" for number in range(9)], ["/women/shoes/shoe-1", "/women/coats"]),
        ([f"/products/coat%20{number}" for number in range(3)], []),
    ],
)
def test_pattern_matches_products_and_few_others(products: list[str], others: list[str]) -> None:
    urls = [HOST + path for path in (*products, *others)] + PAGES
    pattern = follow_pattern(HOST + products[0], urls)
    assert all(re.search(pattern, HOST + path) for path in products)
    assert not any(re.search(pattern, HOST + path) for path in others)


def test_samples_begin_with_folders_of_products_then_the_most_frequent() -> None:
    urls = [*PAGES, f"{HOST}/item/1", *(f"{HOST}/coats/{number}" for number in range(5))]
    assert samples(urls)[:2] == [f"{HOST}/item/1", f"{HOST}/coats/2"]
    assert samples([]) == samples([f"{HOST}/", HOST]) == []


def test_pattern_takes_the_path_literally() -> None:
    pattern = follow_pattern(f"{HOST}/shop/a.b/(c)", [f"{HOST}/shop/a.b/(c)"])
    assert re.search(pattern, f"{HOST}/shop/anything/(d)")


def test_written_shops_are_read_again(tmp_path: Path) -> None:
    file = tmp_path / "shops.toml"
    ono = Shop(name="ono", kind="structured", sitemap_urls=(f"{HOST}/a.xml",), follow=(r'/p/\d+"é$',), limit=5)
    vela = Shop(name="vela", kind="feed", feed="https://vela.example/feed.xml", categories={"/coats?/": "Coats"})
    append_shop(ono, file)
    file.write_text("# Ours.\n" + file.read_text())
    append_shop(vela, file)
    assert read_shops(file) == {"ono": ono, "vela": vela}
    assert file.read_text().startswith("# Ours.\n[shops.ono]\n")
    assert [path.name for path in tmp_path.iterdir()] == ["shops.toml"]
    assert 'kind = "structured"' in shop_table(ono)
    assert "delay_seconds" not in shop_table(ono)


def test_file_keeps_its_shops_if_one_cannot_be_appended(tmp_path: Path) -> None:
    file = tmp_path / "shops.toml"
    shop = Shop(name="ono", kind="feed", feed="a.xml")
    append_shop(shop, file)
    before = file.read_bytes()
    with pytest.raises(InvalidInput, match="has a shop ono: give another name"):
        append_shop(shop, file)
    assert file.read_bytes() == before
    file.write_text("[shop.ono]")
    with pytest.raises(InvalidInput, match=r"tables named \[shops\.NAME\]"):
        append_shop(shop, file)
    with pytest.raises(InvalidInput, match="can't be written"):
        append_shop(shop, tmp_path / "missing" / "shops.toml")
