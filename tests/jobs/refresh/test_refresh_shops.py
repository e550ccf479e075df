"""From shops on a local server to an index, with the command that the scheduler runs."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from closetspace.adapters.storage.directory import DirectoryObjects
from closetspace.services.index_versions import IndexVersions
from tests.support.journey import photo
from tests.support.shop_server import Answer, ShopServer, as_json, as_xml, product_page, shirt, sitemap
from tests.support.waiting import HANG_SECONDS

PRODUCTS = 24


class Street:
    """Two shops on one server: one of pages with structured data, one of a Shopify list."""

    def __init__(self, server: ShopServer, folder: Path) -> None:
        self.server, self.store, self.shops = server, folder / "store", folder / "shops.toml"
        self.pages = [f"{server.url}/p/{number}" for number in range(PRODUCTS)]
        server.routes |= {"/sitemap.xml": as_xml(sitemap(*self.pages)), "/products.json": self._list()}
        for number in range(PRODUCTS):
            self.show(number)
            server.routes[f"/pictures/{number}.jpg"] = Answer(photo(number), kind="image/jpeg")
        self.shops.write_text(
            f'[shops.pages]\nkind = "structured"\nsitemap_urls = ["{server.url}/sitemap.xml"]\nfollow = ["/p/"]\n'
            f'delay_seconds = 0\n[shops.list]\nkind = "shopify"\nstart_urls = ["{server.url}"]\ndelay_seconds = 0\n'
        )

    def show(self, number: int, **fields: Any) -> None:
        self.server.routes[f"/p/{number}"] = Answer(product_page(shirt(str(number), **fields)))

    def _list(self) -> Any:
        images = [{"id": n, "src": f"{self.server.url}/pictures/{n}.jpg"} for n in range(2)]
        products = [
            {
                "id": n,
                "title": f"Wool scarf {n}",
                "vendor": "Ono",
                "handle": f"scarf-{n}",
                "images": [images[n]],
                "options": [{"name": "Size", "values": ["One"]}],
                "variants": [{"id": n, "title": "One", "option1": "One", "price": "19.00", "available": True}],
            }
            for n in range(2)
        ]
        return lambda asked: as_json({"products": products if asked.query.get("page", "1") == "1" else []})

    def refresh(self, *options: str) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "catalog_jobs", "catalog", "refresh", "--store", str(self.store)]
        command += ["--shops", str(self.shops), "--json", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS)
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return done.returncode, report

    def record(self) -> dict[str, Any]:
        newest = max((self.store / "catalog" / "runs").iterdir())
        record: dict[str, Any] = json.loads((newest / "record.json").read_text())
        return record


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    with ShopServer() as server:
        yield Street(server, tmp_path)


def counts(report: dict[str, Any]) -> dict[str, int]:
    return {name: count for name, count in report.items() if type(count) is int and count}


def test_shops_become_an_index_and_a_failed_shop_keeps_its_items(street: Street) -> None:
    code, report = street.refresh("--tasks", "2")
    assert (code, counts(report)) == (0, {"new": PRODUCTS + 2, "embedded": PRODUCTS + 2})
    pictures = street.server.times_asked("/pictures/5.jpg")
    street.show(0, name="Linen shirt, renamed")
    street.show(1, offers={"@type": "Offer", "price": "9.90", "priceCurrency": "EUR"})
    street.server.routes["/p/2"] = Answer("<html>a page of another kind</html>")
    code, report = street.refresh("--shop", "pages")
    assert (code, counts(report)) == (
        0,
        {"changed_text": 1, "changed_price": 1, "gone": 1, "unchanged": PRODUCTS - 3, "embedded": 1},
    )
    assert street.server.times_asked("/pictures/5.jpg") == pictures, "an image is downloaded once"
    kept = [path for path in (street.store / "catalog" / "pages").rglob("*") if path.is_file()]
    assert any("another kind" in path.read_text() for path in kept), "unreadable pages are kept"
    street.server.routes["/sitemap.xml"] = Answer("Are you a robot? Solve the captcha.", 403)
    code, report = street.refresh()
    assert code == 0
    assert report["published"]
    assert [guard["name"] for guard in report["guards"] if not guard["ok"]] == ["reading of pages"]
    assert set(street.record()["stopped"]) == {"pages"}
    current = IndexVersions(DirectoryObjects(street.store)).current()
    assert current is not None
    assert current.version == report["version"]
    code, report = street.refresh("--shop", "pages")
    assert (code, report["published"]) == (1, False)


def test_feed_url_becomes_an_index(street: Street) -> None:
    lines = ["id\ttitle\tlink\timage_link\tprice\tavailability\tbrand"]
    for number in range(5):
        picture = f"{street.server.url}/pictures/{number}.jpg"
        lines.append(f"f{number}\tCap {number}\t{street.pages[number]}\t{picture}\t12,50 EUR\tin stock\tOno")
    street.server.routes["/feed.tsv"] = Answer("\n".join(lines), kind="text/tab-separated-values")
    code, report = street.refresh("--source", f"{street.server.url}/feed.tsv")
    assert (code, counts(report)) == (0, {"new": 5, "embedded": 5})


def test_images_on_private_addresses_are_not_downloaded(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOSETSPACE_PRIVATE_HOSTS")
    feed = tmp_path / "feed.csv"
    feed.write_text(
        f"id,title,link,image_link,price\n1,Cap,{street.pages[0]},{street.server.url}/pictures/0.jpg,12 EUR\n"
    )
    code, report = street.refresh("--source", str(feed))
    assert (code, counts(report)) == (1, {"new": 1, "failed": 1})
    assert "not a host on the public internet" in street.record()["failed"]["1"]
    assert street.server.times_asked("/pictures/0.jpg") == 0
