"""Sources without an end: reading stops at a limit, whatever is repeated."""

import gc
import io
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from scrapy.exceptions import CloseSpider

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.bounded_xml import BoundedXml, BrokenXml
from catalog_jobs.sources.events import EventWriter
from catalog_jobs.sources.feeds.feed import read_feed
from catalog_jobs.sources.feeds.limits import BrokenFeed, FeedLimits, NotAFeed
from catalog_jobs.sources.feeds.options import FeedOptions
from catalog_jobs.sources.feeds.rows import read_rows
from catalog_jobs.sources.items import ItemCollector, Page, SourceDefaults
from catalog_jobs.sources.pages import UnreadablePages
from catalog_jobs.sources.shops import Shop
from catalog_jobs.sources.spiders.base import CrawlContext
from catalog_jobs.sources.spiders.structured import StructuredSpider
from closetspace.errors import InvalidInput

NOW = datetime(2026, 11, 24, tzinfo=UTC)
OPTIONS = FeedOptions(FeedLimits(row=20_000, rows=1_000))
ITEM = "<item><id>1</id></item>"


class Endless(io.RawIOBase):
    """A file that begins with ``start`` and repeats ``unit``, with ``{}`` as a number, for ever."""

    def __init__(self, start: str, unit: str) -> None:
        self.read_bytes = 0
        self._waiting = start.encode()
        self._units: Iterator[bytes] = (unit.replace("{}", f"{number:x}").encode() for number in count())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while len(self._waiting) < len(buffer):
            self._waiting += b"".join(next(self._units) for _ in range(1_000))
        size = len(buffer)
        buffer[:], self._waiting = self._waiting[:size], self._waiting[size:]
        self.read_bytes += size
        return size


@pytest.mark.parametrize(
    ("start", "unit", "problem"),
    [
        ("<rss><channel>", "<x/>", "no entry within 20,000 bytes"),
        (f"<rss><channel>{ITEM}", "<x/>", "no entry within 20,000 bytes"),
        (f"<rss><channel>{ITEM}<item>", "<x/>", "no entry within 20,000 bytes"),
        (f"<rss><channel>{ITEM}<item>", "<title>a</title>", "no entry within 20,000 bytes"),
        (f"<rss><channel>{ITEM}<item><title>", "text ", "no entry within 20,000 bytes"),
        (f"<rss><channel>{ITEM}<item><title><![CDATA[", "text ", "no entry within 20,000 bytes"),
        (f"<rss><channel>{ITEM}<item", ' a{}="1"', "no entry within 20,000 bytes"),
        (f'<rss><channel>{ITEM}<item a="', "text ", "no entry within 20,000 bytes"),
        ("<rss><channel>", "<!---->", "no entry within 20,000 bytes"),
        ("<rss><channel>", "<?x y?>", "no entry within 20,000 bytes"),
        ("<rss><channel>", "\n", "no entry within 20,000 bytes"),
        ("<rss><channel>", "<a>", "broken XML"),
        ("<rss><channel>", f"<a>{ITEM}", "broken XML"),
        ("<rss>", f"<channel>{ITEM}</channel>", "more than 1,000 rows"),
        ("<rss><channel>", "<item/>", "more than 1,000 rows"),
        ("id,title,image_link\n", "x", "a row of more than 20,000 characters"),
        ("id,title,image_link\n", "\n", "a row of more than 20,000 characters"),
        ('id,title,image_link\n1,"', "x\n", "more than 1,000 rows"),
        ("id,title,image_link\n1", ',"a\n"', "more than 1,000 rows"),
        ('id,title,image_link\n1,"', "x", "a row of more than 20,000 characters"),
        ("id,title,image_link\n", "1,A,b\n", "more than 1,000 rows"),
    ],
)
def test_endless_feed_breaks_off_at_a_limit(start: str, unit: str, problem: str) -> None:
    file = Endless(start, unit)
    with pytest.raises(BrokenFeed, match=problem):
        for _ in read_rows(io.BufferedReader(file), OPTIONS):
            pass
    assert file.read_bytes < 400_000


@pytest.mark.parametrize(
    "unit",
    [f"{ITEM}<x{{}}/>", f'{ITEM}<x a{{}}="1"/>', f'{ITEM}<x xmlns:n{{}}="u"/>', f'{ITEM}<x xmlns="{{}}"/>'],
)
@pytest.mark.parametrize("recover", [True, False])
def test_endless_names_end_the_reading(unit: str, recover: bool) -> None:
    file = Endless("<rss><channel>", unit)
    entries = BoundedXml(io.BufferedReader(file), ["item"], 20_000, max_names=200, recover=recover)
    with pytest.raises(BrokenXml, match="more than 200 names"):
        for _ in entries:
            pass
    assert file.read_bytes < 400_000


@pytest.mark.parametrize(
    ("start", "unit"),
    [
        ("<!DOCTYPE rss [", '<!ENTITY e{} "x">'),
        ("<!--", "-"),
        ("<", "x"),
        ("\ufeff<?x ", "y"),
        ("id,title,image_link", ",x"),
        ("", "\0"),
    ],
)
def test_endless_file_is_no_feed(start: str, unit: str) -> None:
    file = Endless(start, unit)
    with pytest.raises(NotAFeed):
        next(read_rows(io.BufferedReader(file), OPTIONS))
    assert file.read_bytes < 400_000


def test_rows_before_a_limit_are_read() -> None:
    rows = read_rows(io.BufferedReader(Endless("<rss><channel>" + ITEM * 3, "<x/>")), OPTIONS)
    assert [next(rows) for _ in range(3)] == [{"id": ["1"]}] * 3
    with pytest.raises(BrokenFeed):
        next(rows)


def product(number: int) -> ScrapedProduct:
    return ScrapedProduct(str(number), "Shirt", image_urls=(f"https://a.example/{number}.jpg",))


def test_source_with_too_many_items_is_noticed() -> None:
    collector = ItemCollector(SourceDefaults("ono"), NOW, max_items=2)
    for number in range(3):
        assert not collector.has_too_many
        collector.collect(product(number))
    assert collector.has_too_many


def test_feed_with_too_many_items_is_read_up_to_the_limit(tmp_path: Path) -> None:
    table = tmp_path / "feed.csv"
    table.write_text("id,title,image_link\n" + "".join(f"{n},Shirt,https://a.example/{n}.jpg\n" for n in range(9)))
    result = read_feed(str(table), SourceDefaults("ono"), NOW, FeedLimits(items=2))
    assert [item.id for item in result.items] == ["0", "1", "2"]
    assert "more items than a source may have" in result.failure


@pytest.mark.parametrize(
    "content", ["id,title,image_link\n1,Shirt,https://a.example/1.jpg\n", "<rss><channel>", "nothing"]
)
def test_garbage_is_collected_again_after_a_feed_was_read(tmp_path: Path, content: str) -> None:
    feed = tmp_path / "feed"
    feed.write_text(content)
    with suppress(InvalidInput):
        read_feed(str(feed), SourceDefaults("ono"), NOW)
    assert gc.isenabled()


def test_crawl_of_a_shop_with_too_many_items_is_ended(tmp_path: Path) -> None:
    shop = Shop(name="ono", kind="structured", start_urls=("https://ono.example/",))
    events, pages = EventWriter(tmp_path / "events.jsonl"), UnreadablePages(tmp_path)
    spider = StructuredSpider(CrawlContext(shop, NOW, events, pages))
    spider.collector = ItemCollector(SourceDefaults("ono"), NOW, max_items=1)
    page = Page(tuple(product(number) for number in range(5)))
    collected = map(spider.collector.collect, spider.usable_products(page))
    assert next(collected)
    assert next(collected)
    with pytest.raises(CloseSpider):
        next(collected)
