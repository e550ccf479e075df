"""Product feeds in every form, and files that are not feeds."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.feeds.feed import OTHER_SIZE, read_feed
from catalog_jobs.sources.feeds.limits import FeedLimits
from catalog_jobs.sources.items import SourceDefaults
from closetspace.errors import InvalidInput, Transient
from tests.support.shop_server import Answer, ShopServer

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ONO = SourceDefaults("ono")

ENTRY = """<{tag}><g:id>{id}</g:id><title>Knit &amp;amp; belt {id}</title><g:description>Long</g:description>
<link>https://shop.example/p/{id}</link><g:image_link>https://shop.example/{id}.jpg</g:image_link>
<g:additional_image_link>https://shop.example/{id}-2.jpg</g:additional_image_link>
<g:additional_image_link>https://shop.example/{id}-3.jpg</g:additional_image_link>
<g:price>129.00 USD</g:price><g:sale_price>89,90 USD</g:sale_price><g:availability>in_stock</g:availability>
<g:brand>Ono</g:brand><g:item_group_id>G{id}</g:item_group_id><g:color>Navy/White</g:color>
<g:gender>female</g:gender><g:product_type>Clothing &gt; Women &gt; Knitwear</g:product_type></{tag}>"""

RSS = '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>{}</channel></rss>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>x</title>{}</feed>'


def rss(*ids: str) -> str:
    return RSS.format("<title>A shop</title>" + "".join(ENTRY.format(tag="item", id=id_) for id_ in ids))


def read(path: Path, content: str | bytes) -> SourceResult:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_feed(str(path), ONO, NOW)


def test_rss_feed_is_read_with_all_fields(tmp_path: Path) -> None:
    result = read(tmp_path / "feed.xml", rss("1", "2"))
    [item, _] = result.items
    assert (result.failure, dict(result.left_out)) == ("", {})
    assert (item.id, item.source, item.name, item.group, item.variant) == (
        "1",
        "ono",
        "Knit & belt 1",
        "G1",
        "Navy/White",
    )
    assert (item.brand, item.gender, item.category, item.colours) == (
        *("Ono", "Women", "Clothing > Women > Knitwear"),
        ("Navy", "White"),
    )
    assert (item.price, item.currency, item.in_stock, item.url) == (89.9, "USD", True, "https://shop.example/p/1")
    assert item.image_urls == tuple(f"https://shop.example/{name}.jpg" for name in ("1", "1-2", "1-3"))
    assert item.first_seen == NOW


def test_atom_and_compressed_feeds_are_read_like_rss(tmp_path: Path) -> None:
    plain = read(tmp_path / "feed.xml", rss("1")).items
    assert read(tmp_path / "feed.xml.gz", gzip.compress(rss("1").encode())).items == plain
    atom = ENTRY.format(tag="entry", id="1").replace(
        "<link>https://shop.example/p/1</link>", '<link href="https://shop.example/p/1"/>'
    )
    assert read(tmp_path / "atom.xml", "\ufeff" + ATOM.format(atom)).items == plain


@pytest.mark.parametrize("separator", ["\t", ",", ";", "|"])
def test_tables_are_read_with_any_separator(tmp_path: Path, separator: str) -> None:
    lines = [
        ["g:id", "Title", "image link", "additional_image_link", "price", "availability", "link", "unknown"],
        [
            "1",
            '"Shirt ""A"""',
            "https://a.example/1.jpg",
            '"https://a.example/2.jpg,https://a.example/3.jpg"',
            "12.99 USD",
            "out of stock",
        ],
        ["2", "Shirt B", "https://a.example/4.jpg", "", "", ""],
        [],
    ]
    table = "\ufeff" + "\r\n".join(separator.join(line) for line in lines)
    [first, second] = read(tmp_path / "feed.txt", table).items
    assert (first.name, first.price, first.in_stock, len(first.image_urls)) == ('Shirt "A"', 12.99, False, 3)
    assert (second.name, second.price, second.in_stock) == ("Shirt B", None, True)


def test_sizes_are_one_item_that_is_in_stock_if_any_size_is(tmp_path: Path) -> None:
    table = "id,title,image_link,item_group_id,color,availability\n"
    sizes = [("1-S", "Red", "out of stock"), ("1-M", "Red", "in stock"), ("1-S-b", "Blue", "out of stock")]
    table += "".join(f"{id_},Shirt,https://a.example/{colour}.jpg,1,{colour},{stock}\n" for id_, colour, stock in sizes)
    result = read(tmp_path / "feed.csv", table)
    assert [(item.id, item.in_stock) for item in result.items] == [("1-S", True), ("1-S-b", False)]
    assert dict(result.left_out) == {OTHER_SIZE: 1}


def test_unusable_rows_are_counted_by_reason(tmp_path: Path) -> None:
    table = "id,title,image_link\n,A,https://a.example/1.jpg\n2,,https://a.example/1.jpg\n3,C,javascript:x\n4,D,https://a.example/4.jpg\n4,D,https://a.example/4.jpg\n"
    result = read(tmp_path / "feed.csv", table.encode() + "5,Пальто,https://a.example/5.jpg\n".encode("cp1251"))
    assert [item.id for item in result.items] == ["4"]
    assert dict(result.left_out) == {
        "it has no id": 1,
        "it has no name": 1,
        "image_urls: it has no image": 1,
        "it came before": 1,
        "its text is not UTF-8": 1,
    }


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html><body>404</body></html>",
        "<",
        "name,price\nA,1\n",
        b"\x89PNG\r\n\x1a\n\x00\x00",
        '{"products": []}',
    ],
)
def test_file_that_is_not_a_feed_is_refused_with_what_is_accepted(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(InvalidInput, match=r"is no product feed: .* Accepted are RSS or Atom .* TSV or CSV"):
        read(tmp_path / "feed", content)


def test_feed_that_breaks_off_has_a_failure(tmp_path: Path) -> None:
    for content in (rss("1", "2")[:-40].encode(), gzip.compress(rss("1", "2").encode() * 1)[:-12]):
        result = read(tmp_path / "feed.xml", content)
        assert "could not be read to its end" in result.failure


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    bomb = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    doctype = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{bomb}<!ENTITY f SYSTEM "{secret.as_uri()}">]>'
    feed = rss("1", "2").replace("<rss", f"{doctype}<rss", 1)
    feed = feed.replace("<g:brand>Ono", "<g:brand>A&l11;", 1).replace("belt 2", "belt 2 &f;", 1)
    result = read(tmp_path / "feed.xml", feed)
    assert all("ha" not in item.brand and "hunter2" not in item.name for item in result.items)


def test_gzip_bomb_is_cut_off(tmp_path: Path) -> None:
    packed = gzip.compress((rss("1")[:-20] + " " * 5_000_000).encode())
    (tmp_path / "feed.gz").write_bytes(packed)
    result = read_feed(str(tmp_path / "feed.gz"), ONO, NOW, FeedLimits(unpacked=1_000_000))
    assert "unpacks to more than 1,000,000 bytes" in result.failure


def test_endless_line_is_cut_off(tmp_path: Path) -> None:
    result = read(tmp_path / "feed.csv", "id,title,image_link\n1,A,https://a.example/1.jpg\n" + "x" * 2_000_000)
    assert "a row of more than 1,000,000 characters" in result.failure


def test_feed_url_is_downloaded_with_a_user_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOSETSPACE_CONTACT", "ops@example.com")
    routes = {
        "/feed.xml": Answer("", 302, {"Location": "/real.xml"}),
        "/real.xml": Answer(rss("1"), kind="application/xml"),
        "/busy": Answer("", 503),
        "/loop": Answer("", 302, {"Location": "/loop"}),
    }
    with ShopServer(routes) as shop:
        assert [
            item.id for item in read_feed(f"{shop.url}/feed.xml", SourceDefaults("ono", prefix="ono:"), NOW).items
        ] == ["ono:1"]
        assert shop.asked[0].headers["user-agent"] == "Closetspace/0.1.0 (+ops@example.com)"
        with pytest.raises(InvalidInput, match="answered 404"):
            read_feed(f"{shop.url}/none", ONO, NOW)
        with pytest.raises(Transient, match="answered 503"):
            read_feed(f"{shop.url}/busy", ONO, NOW)
        with pytest.raises(InvalidInput, match="could not be downloaded: Too many redirects"):
            read_feed(f"{shop.url}/loop", ONO, NOW)
        with pytest.raises(InvalidInput, match="Split the feed"):
            read_feed(f"{shop.url}/real.xml", ONO, NOW, FeedLimits(download=100))
    with pytest.raises(InvalidInput, match="There is no file"):
        read_feed(str(tmp_path / "none.xml"), ONO, NOW)


def test_body_that_the_server_compresses_is_read() -> None:
    packed = Answer(gzip.compress(rss("1").encode()), headers={"Content-Encoding": "gzip"}, kind="application/xml")
    with ShopServer({"/feed.xml": packed}) as shop:
        assert [item.id for item in read_feed(f"{shop.url}/feed.xml", ONO, NOW).items] == ["1"]


def test_password_is_sent_to_its_own_host_alone() -> None:
    with ShopServer({"/feed.xml": Answer(rss("1"))}) as other, ShopServer() as shop:
        shop.routes["/feed.xml"] = Answer("", 302, {"Location": f"{other.url}/feed.xml"})
        address = shop.url.replace("http://", "http://ono:s%40same@")
        assert len(read_feed(f"{address}/feed.xml", ONO, NOW).items) == 1
        assert shop.asked[0].headers["authorization"] == "Basic b25vOnNAc2FtZQ=="
        assert "authorization" not in other.asked[0].headers
        with pytest.raises(InvalidInput) as caught:
            read_feed(f"{address}/none", ONO, NOW)
        assert "s%40same" not in caught.value.message


def test_feed_on_a_private_address_is_refused_unless_its_host_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with ShopServer({"/feed.xml": Answer(rss("1"))}) as shop:
        monkeypatch.setenv("CLOSETSPACE_PRIVATE_HOSTS", "inside.example")
        with pytest.raises(InvalidInput, match="not a host on the public internet"):
            read_feed(f"{shop.url}/feed.xml", ONO, NOW)
        monkeypatch.setenv("CLOSETSPACE_PRIVATE_HOSTS", "inside.example, 127.0.0.1")
        shop.routes["/old.xml"] = Answer("", 302, {"Location": "http://169.254.169.254/computeMetadata/v1/"})
        with pytest.raises(InvalidInput, match=r"169\.254\.169\.254 is not a host on the public internet"):
            read_feed(f"{shop.url}/old.xml", ONO, NOW)
        assert shop.times_asked("/feed.xml") == 0
