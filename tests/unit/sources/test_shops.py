"""The configuration of shops, and the pure parts of a crawl."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from scrapy.http import TextResponse
from scrapy.settings import Settings
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from catalog_jobs.sources.fetch_failures import DISALLOWED, FetchFailure, fetch_failure, is_challenge
from catalog_jobs.sources.middlewares import seconds_to_wait
from catalog_jobs.sources.pages import INDEX, MAX_PAGE_BYTES, MAX_PAGES, UnreadablePages
from catalog_jobs.sources.scrapfly import redact_key, scrapfly_settings
from catalog_jobs.sources.settings import MAX_WAIT_SECONDS
from catalog_jobs.sources.shops import SHIPPED, Shop, read_shops
from catalog_jobs.sources.stats import CrawlStats, failure_message
from closetspace.errors import InvalidInput

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def configured(tmp_path: Path, text: str) -> dict[str, Shop]:
    path = tmp_path / "shops.toml"
    path.write_text(text)
    return read_shops(path)


def test_shops_are_returned_by_name(tmp_path: Path) -> None:
    shops = configured(
        tmp_path,
        """
        [shops.ono]
        kind = "structured"
        sitemap_urls = ["https://ono.example/robots.txt"]
        follow = ["/products/"]
        delay_seconds = 2

        [shops.ono.categories]
        "/dresses?/" = "Dresses"

        [shops.vela-us]
        kind = "feed"
        feed = "https://vela.example/feed.xml.gz"
        """,
    )
    assert list(shops) == ["ono", "vela-us"]
    assert shops["ono"].categories == {"/dresses?/": "Dresses"}
    assert (shops["ono"].delay_seconds, shops["ono"].obey_robots, shops["ono"].least_yield) == (2.0, True, 0.8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[shops.Ono]\nkind = "feed"\nfeed = "x"', r"\[shops\.Ono\] name: "),
        ('[shops.ono]\nkind = "feeds"\nfeed = "x"', r"\[shops\.ono\] kind: "),
        ('[shops.ono]\nkind = "feed"', r"a shop of kind feed needs feed"),
        ('[shops.ono]\nkind = "structured"', r"needs start_urls or sitemap_urls"),
        ('[shops.ono]\nkind = "shopify"\nstart_urls = ["ono.example"]', r"\[shops\.ono\] start_urls\.0: "),
        ('[shops.ono]\nkind = "shopify"\nstart_urls = ["http://[::1"]', r"start_urls\.0: .*not a valid http"),
        ('[shops.ono]\nkind = "feed"\nfeed = "x"\nfollow = ["("]', r"follow\.0: .*regular expression"),
        ('[shops.ono]\nkind = "feed"\nfeed = "x"\ndelay = 3', r"\[shops\.ono\] delay: "),
        ('[shops.ono]\nkind = "feed"\nfeed = "x"\nleast_yield = 3', r"least_yield: "),
        ("[shops]\nono = 3", r"shops\.ono has to be a table"),
        ("[shop.ono]", r"tables named \[shops\.NAME\]"),
        ("[shops", r"can't be read as TOML"),
    ],
)
def test_error_in_the_file_names_the_shop_and_the_field(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        configured(tmp_path, text)


def test_missing_file_raises_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="There is no file"):
        read_shops(tmp_path / "none.toml")


def test_shipped_shops_are_disabled() -> None:
    assert {name: shop.enabled for name, shop in read_shops(SHIPPED).items()} == {"nordstrom": False}


@pytest.mark.parametrize(
    ("attempt", "header", "seconds"),
    [
        (1, "", 2.0),
        (3, "", 8.0),
        (1, "17", 17.0),
        (1, "Tue, 24 Nov 2026 00:01:00 GMT", 60.0),
        (1, "Mon, 23 Nov 2026 00:00:00 GMT", 0.0),
        (1, "soon", 2.0),
        (60, "", MAX_WAIT_SECONDS),
        (1, "86400", None),
    ],
)
def test_waits_double_and_respect_retry_after(attempt: int, header: str, seconds: float | None) -> None:
    assert seconds_to_wait(attempt, 2.0, header, NOW) == seconds


def test_crawl_fails_if_many_product_pages_fail() -> None:
    stats = CrawlStats(read=90, items=90, settled=100)
    for number in range(10):
        stats.record_failure(f"https://a.example/{number}", "HTTP 500", listing=False)
    assert failure_message(stats, "finished") == ""
    for number in range(20):
        stats.record_failure(f"https://a.example/{number}", "it shows no product", listing=False)
    assert "30 of 120 product pages could not be read" in failure_message(stats, "finished")


def test_product_pages_that_are_gone_or_disallowed_do_not_fail_the_crawl() -> None:
    stats = CrawlStats(read=1, items=1)
    for reason in ("HTTP 404", "HTTP 410", DISALLOWED) * 10:
        stats.record_failure("https://a.example/1", reason, listing=False)
    assert failure_message(stats, "finished") == ""


@pytest.mark.parametrize(
    ("status", "body", "is_absent"),
    [
        (400, '{"errors": "Page * Limit exceeds the 25000 limit."}', True),
        (404, "", True),
        (410, "", True),
        (400, "<div class='captcha'>", False),
        *((status, "", False) for status in (401, 403, 408, 425, 429, 430, 500, 503)),
    ],
)
def test_page_is_absent_if_later_answers_will_be_the_same(status: int, body: str, is_absent: bool) -> None:
    response = TextResponse("https://a.example/sitemap.xml", status=status, body=body.encode())
    assert fetch_failure(Failure(HttpError(response))).is_absent is is_absent  # type: ignore[no-untyped-call]


def test_page_that_robots_txt_disallows_is_absent_and_one_without_an_answer_is_not() -> None:
    assert FetchFailure(DISALLOWED).is_absent
    assert not FetchFailure("it timed out").is_absent


def test_any_failed_listing_fails_the_crawl() -> None:
    stats = CrawlStats(read=100, items=100)
    stats.record_failure("https://a.example/sitemap.xml", "HTTP 500", listing=True)
    assert "https://a.example/sitemap.xml: HTTP 500" in failure_message(stats, "finished")


def test_failure_message_depends_on_the_close_reason() -> None:
    assert "timeout_seconds" in failure_message(CrawlStats(items=5), "closespider_timeout")
    assert "memusage_exceeded" in failure_message(CrawlStats(items=5), "memusage_exceeded")
    assert failure_message(CrawlStats(items=5), "closespider_itemcount") == ""


def test_challenges_are_recognised_by_their_text() -> None:
    assert is_challenge("<title>Just a moment...</title>")
    assert is_challenge("<div class='g-reCAPTCHA'>")
    assert not is_challenge("<h1>Linen shirt</h1>")


def test_unreadable_pages_are_limited_and_of_the_last_crawl(tmp_path: Path) -> None:
    folder = tmp_path / "ono"
    for _ in range(2):
        pages = UnreadablePages(folder)
        for number in range(MAX_PAGES + 5):
            pages.keep(f"https://a.example/{number}", b"x" * (MAX_PAGE_BYTES + 1), "it shows no product")
    kept = sorted(folder.glob("page-*.txt"))
    assert (len(kept), kept[0].stat().st_size) == (MAX_PAGES, MAX_PAGE_BYTES)
    index = (folder / INDEX).read_text().splitlines()
    assert len(index) == MAX_PAGES
    assert index[0] == '{"url": "https://a.example/0", "file": "page-01.txt", "why": "it shows no product"}'


def test_scrapfly_needs_the_shops_setting_and_a_key() -> None:
    wanted = Shop(name="ono", kind="shopify", start_urls=("https://ono.example",), scrapfly=True)
    unwanted = wanted.model_copy(update={"scrapfly": False})
    assert scrapfly_settings(wanted, {}) == {}
    assert scrapfly_settings(unwanted, {"SCRAPFLY_KEY": "k"}) == {}
    settings = scrapfly_settings(wanted, {"SCRAPFLY_KEY": "k", "SCRAPFLY_HOST": "http://127.0.0.1:1"})
    assert (settings["SCRAPFLY_API_KEY"], settings["SCRAPFLY_HOST"]) == ("k", "http://127.0.0.1:1")
    assert Settings(settings).get("HTTPCACHE_ENABLED") is False


def test_scrapfly_key_is_redacted() -> None:
    assert redact_key("401 for /account?key=sesame", {"SCRAPFLY_KEY": "sesame"}) == "401 for /account?key=***"
    assert redact_key("401", {}) == "401"
