"""Feeds that the store keeps: an unchanged one is not downloaded again, and never mixed up with another state."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.feeds.feed import read_feed
from catalog_jobs.sources.items import SourceDefaults
from catalog_jobs.sources.selection import FeedSource
from closetspace.adapters.memory import MemoryObjects
from tests.conftest import ignore_progress
from tests.support.shop_server import Answer, Asked, ShopServer

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MODIFIED = "Tue, 24 Nov 2026 00:00:00 GMT"


class Feed:
    """A feed on a server that answers conditional requests. ``name`` is what it has now."""

    def __init__(self, server: ShopServer) -> None:
        self.name = "Coat"
        self.statuses: list[int] = []
        self.url = f"{server.url}/feed.csv"
        server.routes["/feed.csv"] = self.answer

    def answer(self, asked: Asked) -> Answer:
        state = {"ETag": f'"{self.name}"', "Last-Modified": MODIFIED}
        unchanged = asked.headers.get("if-none-match") == state["ETag"]
        self.statuses.append(304 if unchanged else 200)
        if unchanged:
            return Answer("", 304, state)
        return Answer(f"id,title,image_link\n1,{self.name},https://a.example/1.jpg\n", headers=state, kind="text/csv")


@pytest.fixture
def feed() -> Iterator[Feed]:
    with ShopServer() as server:
        yield Feed(server)


def names(result: SourceResult) -> list[str]:
    return [item.name for item in result.items]


def test_unchanged_feed_is_read_from_the_store_and_a_changed_one_is_not(feed: Feed) -> None:
    store = MemoryObjects()
    read = [names(read_feed(feed.url, SourceDefaults("ono"), NOW, cache=store)) for _ in range(2)]
    feed.name = "Dress"
    read += [names(read_feed(feed.url, SourceDefaults("ono"), NOW, cache=store)) for _ in range(2)]
    assert read == [["Coat"], ["Coat"], ["Dress"], ["Dress"]]
    assert feed.statuses == [200, 304, 200, 304]


@pytest.mark.parametrize("damage", ["body pruned", "body replaced", "record broken"])
def test_feed_is_downloaded_if_what_is_kept_does_not_fit_together(feed: Feed, damage: str) -> None:
    store = MemoryObjects()
    read_feed(feed.url, SourceDefaults("ono"), NOW, cache=store)
    body, record = sorted(stat.name for stat in store.list("page-cache/"))
    if damage == "body pruned":
        store.delete(body)
    elif damage == "body replaced":
        store.write(body, b"id,title,image_link\n1,Other,https://a.example/1.jpg\n")
    else:
        store.write(record, b'{"etag": 3')
    assert names(read_feed(feed.url, SourceDefaults("ono"), NOW, cache=store)) == ["Coat"]
    assert feed.statuses[-1] == 200


def test_feed_of_the_operator_is_kept_unless_the_run_is_dry(feed: Feed, tmp_path: Path) -> None:
    source = FeedSource(feed.url, str(tmp_path))
    source.read(NOW, dry_run=True, progress=ignore_progress)
    assert list(tmp_path.iterdir()) == []
    for _ in range(2):
        assert names(source.read(NOW, dry_run=False, progress=ignore_progress)) == ["Coat"]
    assert feed.statuses == [200, 200, 304]


def test_addresses_with_passwords_are_not_in_the_names_of_objects(feed: Feed) -> None:
    store = MemoryObjects()
    url = feed.url.replace("http://", "http://ono:sesame@")
    assert names(read_feed(url, SourceDefaults("ono"), NOW, cache=store)) == ["Coat"]
    for stat in store.list(""):
        assert b"sesame" not in stat.name.encode() + store.read(stat.name)


def test_feed_without_validators_is_not_kept() -> None:
    store = MemoryObjects()
    with ShopServer({"/feed.csv": Answer("id,title,image_link\n1,Coat,https://a.example/1.jpg\n")}) as server:
        for _ in range(2):
            assert names(read_feed(f"{server.url}/feed.csv", SourceDefaults("ono"), NOW, cache=store)) == ["Coat"]
        assert all("if-none-match" not in asked.headers for asked in server.asked)
    assert list(store.list("")) == []
