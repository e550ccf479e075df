"""What shops ask of crawlers, and whom we name as ourselves."""

import pytest
from protego import Protego
from scrapy.http import HtmlResponse, Response

from catalog_jobs.sources.robots import NOFOLLOW, NOINDEX, requests_of, seconds_between_requests
from catalog_jobs.sources.settings import require_contact
from closetspace.errors import InvalidInput

BOTH = {NOINDEX, NOFOLLOW}


@pytest.mark.parametrize(
    ("head", "asked"),
    [
        ('<meta name="robots" content="noindex">', {NOINDEX}),
        ("<META CONTENT='NoIndex,NoFollow' NAME=ROBOTS>", BOTH),
        ('<meta name="robots" content="none">', BOTH),
        ('<meta name="robots" content="max-image-preview:large, noimageindex">', {NOINDEX}),
        ('<meta name="closetspace" content="nofollow">', {NOFOLLOW}),
        ('<meta name="googlebot" content="noindex">', set()),
        ('<meta name="description" content="noindex">', set()),
        ('<meta name="robots" content="index, follow">', set()),
        ('<!-- <meta name="robots" content="noindex"> -->', set()),
        ('<script>var tag = \'<meta name="robots" content="noindex">\'</script>', set()),
    ],
)
def test_requests_of_a_page_are_read_from_its_head(head: str, asked: set[str]) -> None:
    response = HtmlResponse("https://a.example/", body=f"<html><head>{head}</head></html>".encode())
    assert requests_of(response) == asked


@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        (["noindex"], {NOINDEX}),
        (["NOINDEX, nofollow"], BOTH),
        (["none"], BOTH),
        (["googlebot: noindex, nofollow"], set()),
        (["googlebot: noindex", "nofollow"], {NOFOLLOW}),
        (["Closetspace: noindex"], {NOINDEX}),
        (["unavailable_after: 25 Jun 2027 15:00:00 PST, nofollow"], {NOFOLLOW}),
        (["max-image-preview:large"], set()),
        ([""], set()),
    ],
)
def test_requests_of_a_page_are_read_from_its_headers(headers: list[str], asked: set[str]) -> None:
    assert requests_of(Response("https://a.example/", headers={"X-Robots-Tag": headers})) == asked


@pytest.mark.parametrize(
    ("rules", "seconds"),
    [
        ("Crawl-delay: 10", 10.0),
        ("Crawl-delay: 0.5", 0.5),
        ("Request-rate: 1/30", 30.0),
        ("Crawl-delay: 2\nRequest-rate: 10/30", 3.0),
        ("Crawl-delay: inf", 0.0),
        ("Crawl-delay: nan", 0.0),
        ("Crawl-delay: -4", 0.0),
        ("Crawl-delay: soon", 0.0),
        ("Request-rate: 0/5", 0.0),
        ("Disallow: /cart", 0.0),
    ],
)
def test_delay_is_read_from_robots_txt(rules: str, seconds: float) -> None:
    assert seconds_between_requests(Protego.parse(f"User-agent: *\n{rules}\n")) == seconds


def test_delay_for_another_crawler_is_not_ours() -> None:
    rules = "User-agent: Slurp\nCrawl-delay: 60\n\nUser-agent: closetspace\nCrawl-delay: 2\n"
    assert seconds_between_requests(Protego.parse(rules)) == 2


@pytest.mark.parametrize("contact", ["", "me", "ops@example.com\r\nX-Evil: 1", "@", "http://"])
def test_public_shop_needs_a_contact(monkeypatch: pytest.MonkeyPatch, contact: str) -> None:
    monkeypatch.setenv("CLOSETSPACE_CONTACT", contact)
    monkeypatch.setenv("CLOSETSPACE_PRIVATE_HOSTS", "shop.internal")
    require_contact("http://shop.internal/feed.xml", "http://127.0.0.1:8080/", "/home/feed.xml", "")
    with pytest.raises(InvalidInput, match=r"Set CLOSETSPACE_CONTACT .* ono\.example can reach you"):
        require_contact("http://shop.internal/feed.xml", "https://ono.example/feed.xml")


@pytest.mark.parametrize("contact", ["ops@example.com", "https://closets.example/bot"])
def test_contact_is_a_url_or_an_address(monkeypatch: pytest.MonkeyPatch, contact: str) -> None:
    monkeypatch.setenv("CLOSETSPACE_CONTACT", contact)
    require_contact("https://ono.example/feed.xml")
