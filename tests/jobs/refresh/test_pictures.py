"""Pictures from the store and from the web, over a server of our own."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from catalog_jobs.catalog.item import CatalogItem, stored_picture
from catalog_jobs.refresh import pictures
from catalog_jobs.refresh.pictures import AT_ONCE, Downloads, Pictures
from closetspace.adapters.memory import MemoryObjects
from closetspace.errors import ClosetspaceError, InvalidInput, Transient
from tests.support.refreshed_catalog import item
from tests.support.shop_server import Answer, Asked, ShopServer

HOST = "127.0.0.1"
PICTURE = Answer(b"a picture", kind="image/jpeg")


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with ShopServer({"/1.jpg": PICTURE}) as server:
        yield server


def trusting() -> Downloads:
    """Downloads from this machine that do not wait long between attempts."""
    return Downloads({HOST}, back_off=0.001)


def one_after_another(*answers: Answer) -> Callable[[Asked], Answer]:
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_a_picture_is_downloaded_as_it_is(shop: ShopServer) -> None:
    assert trusting()(f"{shop.url}/1.jpg") == b"a picture"
    (asked,) = shop.asked
    assert asked.headers["user-agent"].startswith("Closetspace")
    assert asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [404, 403, 410, 204])
def test_a_picture_that_is_not_there_is_asked_for_once(shop: ShopServer, status: int) -> None:
    shop.routes["/1.jpg"] = Answer(status=status)
    with pytest.raises(InvalidInput, match=str(status)) as raised:
        trusting()(f"{shop.url}/1.jpg")
    assert not isinstance(raised.value, Transient)
    assert shop.times_asked("/1.jpg") == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_is_busy_once_is_asked_again(shop: ShopServer, status: int) -> None:
    shop.routes["/1.jpg"] = one_after_another(Answer(status=status), PICTURE)
    assert trusting()(f"{shop.url}/1.jpg") == b"a picture"
    assert shop.times_asked("/1.jpg") == 2


def test_a_server_that_fails_three_times_is_left_alone(shop: ShopServer) -> None:
    shop.routes["/1.jpg"] = one_after_another(*[Answer(status=500)] * 3, PICTURE)
    with pytest.raises(Transient, match="500"):
        trusting()(f"{shop.url}/1.jpg")
    assert shop.times_asked("/1.jpg") == 3


def test_attempts_are_ever_further_apart(shop: ShopServer) -> None:
    shop.routes["/1.jpg"] = Answer(status=500)
    with pytest.raises(Transient):
        Downloads({HOST}, back_off=0.1)(f"{shop.url}/1.jpg")
    first, second, third = (asked.at for asked in shop.asked)
    assert second - first >= 0.1
    assert third - second >= 0.2


def test_nobody_listening_may_be_listening_later() -> None:
    with ShopServer() as shop:
        address = f"{shop.url}/1.jpg"
    with pytest.raises(Transient, match="does not answer"):
        trusting()(address)


def test_a_redirect_is_followed(shop: ShopServer) -> None:
    shop.routes["/old.jpg"] = Answer(status=302, headers={"Location": "/1.jpg"})
    assert trusting()(f"{shop.url}/old.jpg") == b"a picture"


def test_redirects_in_circles_end(shop: ShopServer) -> None:
    shop.routes["/a.jpg"] = Answer(status=301, headers={"Location": "/a.jpg"})
    with pytest.raises(InvalidInput, match="circles"):
        trusting()(f"{shop.url}/a.jpg")
    assert shop.times_asked("/a.jpg") == 4


@pytest.mark.parametrize(
    "elsewhere", ["http://localhost:{port}/1.jpg", "http://169.254.169.254/", "file:///etc/passwd"]
)
def test_a_redirect_to_where_nothing_may_be_fetched_is_refused(shop: ShopServer, elsewhere: str) -> None:
    port = shop.url.rpartition(":")[2]
    shop.routes["/old.jpg"] = Answer(status=302, headers={"Location": elsewhere.format(port=port)})
    with pytest.raises(InvalidInput, match=r"not a host on the public internet|not one of the web"):
        trusting()(f"{shop.url}/old.jpg")
    assert shop.times_asked("/1.jpg") == 0


@pytest.mark.parametrize("host", [HOST, "localhost", "2130706433", "0x7f.1", "127.1", "[::1]"])
def test_this_machine_is_refused_unless_it_is_trusted(shop: ShopServer, host: str) -> None:
    port = shop.url.rpartition(":")[2]
    with pytest.raises(InvalidInput, match="not a host on the public internet"):
        Downloads(back_off=0.001)(f"http://{host}:{port}/1.jpg")
    assert shop.asked == []


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_a_host_of_our_own_network_is_refused_at_once(host: str) -> None:
    with pytest.raises(InvalidInput, match="not a host on the public internet"):
        trusting()(f"http://{host}/1.jpg")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "data:image/png;base64,x",
        "ftp://127.0.0.1/1.jpg",
        "http://user@127.0.0.1/1.jpg",
        "http://127.0.0.1:99999/1.jpg",
        "http://[127.0.0.1/1.jpg",
        "/1.jpg",
        "",
    ],
)
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="address"):
        trusting()(url)


def test_a_picture_that_is_too_large_is_refused(shop: ShopServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST_BYTES", 1_000)
    shop.routes |= {"/1.jpg": Answer(b"x" * 1_000), "/2.jpg": Answer(b"x" * 1_001)}
    assert len(trusting()(f"{shop.url}/1.jpg")) == 1_000
    with pytest.raises(InvalidInput, match="1,000 bytes"):
        trusting()(f"{shop.url}/2.jpg")


def test_a_server_that_is_slow_with_a_picture_is_left_alone(shop: ShopServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LONGEST_SECONDS", 0.0)
    with pytest.raises(Transient, match="too slow"):
        trusting()(f"{shop.url}/1.jpg")


class _Together:
    """Answers, and how many of them were under way at the same time."""

    def __init__(self) -> None:
        self.most = self._now = 0
        self._lock = threading.Lock()

    def __call__(self, _: Asked) -> Answer:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.1)
        with self._lock:
            self._now -= 1
        return PICTURE


def download_at_once(downloads: Downloads, urls: list[str]) -> None:
    with ThreadPoolExecutor(len(urls)) as pool:
        assert set(pool.map(downloads, urls)) == {b"a picture"}


def test_one_host_is_asked_for_a_few_pictures_at_a_time(shop: ShopServer) -> None:
    together = _Together()
    shop.routes["/slow.jpg"] = together
    download_at_once(trusting(), [f"{shop.url}/slow.jpg"] * 3 * AT_ONCE)
    assert together.most == AT_ONCE


def test_downloads_from_one_host_keep_their_distance_and_more_tasks_a_greater_one(shop: ShopServer) -> None:
    for tasks, least in ((1, 0.02), (3, 0.06)):
        shop.asked.clear()
        began = time.monotonic()
        download_at_once(Downloads({HOST}, tasks), [f"{shop.url}/1.jpg"] * 8)
        assert time.monotonic() - began >= 7 * least


def web(shop: ShopServer, name: str = "1.jpg") -> CatalogItem:
    return item(1, image_urls=(f"{shop.url}/{name}",))


def test_a_picture_is_stored_and_no_shop_is_asked_twice(shop: ShopServer) -> None:
    store = MemoryObjects()
    for _ in range(2):
        assert Pictures(store, trusting()).of(web(shop)) == b"a picture"
    assert shop.times_asked("/1.jpg") == 1
    assert [stat.name for stat in store.list("")] == [web(shop).image]


def test_a_picture_that_could_not_be_had_is_not_stored(shop: ShopServer) -> None:
    store = MemoryObjects()
    with pytest.raises(InvalidInput, match="404"):
        Pictures(store, trusting()).of(web(shop, "2.jpg"))
    assert list(store.list("")) == []


def test_a_picture_that_may_come_later_holds_up_no_other(shop: ShopServer) -> None:
    shop.routes["/1.jpg"] = Answer(status=500)
    with pytest.raises(ClosetspaceError) as raised:
        Pictures(MemoryObjects(), trusting()).of(web(shop))
    assert isinstance(raised.value, InvalidInput)
    assert "500" in str(raised.value)


def test_a_picture_of_a_folder_that_is_gone_says_what_to_do() -> None:
    by_hand = item(1, image_urls=(), image=stored_picture(b"x", ".jpg"))
    with pytest.raises(InvalidInput, match="import the folder again"):
        Pictures(MemoryObjects(), trusting()).of(by_hand)
