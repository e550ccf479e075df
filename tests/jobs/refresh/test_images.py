"""Images from the store and from a local server."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from catalog_jobs.catalog.item import CatalogItem, image_name
from catalog_jobs.refresh.images import (
    CONNECTIONS_PER_HOST,
    FIRST_PAUSE_SECONDS,
    INTERVAL_SECONDS,
    LIMITS,
    CatalogImages,
    ImageDecoder,
    ImageDownloader,
    failing_alone,
)
from catalog_jobs.refresh.index_builder import image_decoder
from closetspace.adapters.memory import MemoryObjects
from closetspace.domain.encoder.encoding import Picture
from closetspace.domain.index.pictures import thumbnail_names
from closetspace.errors import ClosetspaceError, InvalidInput, Transient
from closetspace.settings import Settings
from tests.support.fakes import decode_anything
from tests.support.photo_files import noise, saved
from tests.support.refreshed_catalog import DECODER, item
from tests.support.shop_server import Answer, Asked, ShopServer
from tests.support.waiting import HANG_SECONDS

HOST = "127.0.0.1"
IMAGE = Answer(b"an image", kind="image/jpeg")


@pytest.fixture
def shop() -> Iterator[ShopServer]:
    with ShopServer({"/1.jpg": IMAGE}) as server:
        yield server


def trusting(**limits: Any) -> ImageDownloader:
    """Return a downloader that trusts this machine and does not sleep."""
    return ImageDownloader({HOST}, sleep=lambda _: None, limits=replace(LIMITS, **limits))


def images(store: MemoryObjects, decoder: ImageDecoder = DECODER) -> CatalogImages:
    return CatalogImages(store, trusting(), decoder)


def names(store: MemoryObjects) -> list[str]:
    return [stat.name for stat in store.list("")]


def one_after_another(*answers: Answer) -> Callable[[Asked], Answer]:
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_image_is_downloaded_unchanged(shop: ShopServer) -> None:
    assert trusting()(f"{shop.url}/1.jpg") == b"an image"
    (asked,) = shop.asked
    assert asked.headers["user-agent"].startswith("Closetspace")
    assert asked.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("status", [404, 410, 204])
def test_missing_image_is_requested_once(shop: ShopServer, status: int) -> None:
    shop.routes["/1.jpg"] = Answer(status=status)
    with pytest.raises(InvalidInput, match=str(status)) as raised:
        trusting()(f"{shop.url}/1.jpg")
    assert not isinstance(raised.value, Transient)
    assert shop.times_asked("/1.jpg") == 1


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_busy_server_is_requested_again(shop: ShopServer, status: int) -> None:
    shop.routes["/1.jpg"] = one_after_another(Answer(status=status), IMAGE)
    assert trusting()(f"{shop.url}/1.jpg") == b"an image"
    assert shop.times_asked("/1.jpg") == 2


def test_server_that_fails_three_times_is_given_up(shop: ShopServer) -> None:
    shop.routes["/1.jpg"] = one_after_another(*[Answer(status=500)] * 3, IMAGE)
    with pytest.raises(Transient, match="500"):
        trusting()(f"{shop.url}/1.jpg")
    assert shop.times_asked("/1.jpg") == 3


def test_pauses_between_attempts_double(shop: ShopServer) -> None:
    shop.routes["/1.jpg"] = Answer(status=500)
    pauses: list[float] = []
    with pytest.raises(Transient):
        ImageDownloader({HOST}, clock=lambda: 0.0, sleep=pauses.append)(f"{shop.url}/1.jpg")
    back_offs = [pause for pause in pauses if pause >= FIRST_PAUSE_SECONDS]
    assert back_offs == [FIRST_PAUSE_SECONDS, 2 * FIRST_PAUSE_SECONDS]


def test_refused_connection_is_transient() -> None:
    with ShopServer() as shop:
        address = f"{shop.url}/1.jpg"
    with pytest.raises(Transient, match="does not answer"):
        trusting()(address)


def test_redirect_is_followed(shop: ShopServer) -> None:
    shop.routes["/old.jpg"] = Answer(status=302, headers={"Location": "/1.jpg"})
    assert trusting()(f"{shop.url}/old.jpg") == b"an image"


def test_too_many_redirects_raise_an_error(shop: ShopServer) -> None:
    shop.routes["/a.jpg"] = Answer(status=301, headers={"Location": "/a.jpg"})
    with pytest.raises(InvalidInput, match="Too many redirects"):
        trusting()(f"{shop.url}/a.jpg")
    assert shop.times_asked("/a.jpg") == 4


@pytest.mark.parametrize(
    "elsewhere", ["http://localhost:{port}/1.jpg", "http://169.254.169.254/", "file:///etc/passwd"]
)
def test_redirect_to_a_forbidden_url_is_refused(shop: ShopServer, elsewhere: str) -> None:
    port = shop.url.rpartition(":")[2]
    shop.routes["/old.jpg"] = Answer(status=302, headers={"Location": elsewhere.format(port=port)})
    with pytest.raises(InvalidInput, match=r"not a host on the public internet|Not a valid http or https URL"):
        trusting()(f"{shop.url}/old.jpg")
    assert shop.times_asked("/1.jpg") == 0


@pytest.mark.parametrize("host", [HOST, "localhost", "2130706433", "0x7f.1", "127.1", "[::1]"])
def test_this_machine_is_refused_unless_it_is_trusted(shop: ShopServer, host: str) -> None:
    port = shop.url.rpartition(":")[2]
    with pytest.raises(InvalidInput, match="not a host on the public internet"):
        ImageDownloader(sleep=lambda _: None)(f"http://{host}:{port}/1.jpg")
    assert shop.asked == []


@pytest.mark.parametrize("host", ["10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"])
def test_private_addresses_are_refused(host: str) -> None:
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
def test_invalid_urls_are_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="URL"):
        trusting()(url)


def test_too_large_image_is_refused(shop: ShopServer) -> None:
    download = trusting(bytes=1_000)
    shop.routes |= {"/1.jpg": Answer(b"x" * 1_000), "/2.jpg": Answer(b"x" * 1_001)}
    assert len(download(f"{shop.url}/1.jpg")) == 1_000
    with pytest.raises(InvalidInput, match="1,000 bytes"):
        download(f"{shop.url}/2.jpg")


def test_slow_download_is_given_up(shop: ShopServer) -> None:
    with pytest.raises(Transient, match="did not send it within 0 s"):
        trusting(seconds=0.0)(f"{shop.url}/1.jpg")


@dataclass
class FakeClock:
    """A clock that only sleeping advances."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Together:
    """Answers no request before as many as ``expected`` wait, and counts the most that waited at the same time."""

    def __init__(self, expected: int) -> None:
        self.most = self._now = 0
        self._expected = expected
        self._changed = threading.Condition()

    def __call__(self, _: Asked) -> Answer:
        with self._changed:
            self._now += 1
            self.most = max(self.most, self._now)
            self._changed.notify_all()
            assert self._changed.wait_for(lambda: self.most >= self._expected, HANG_SECONDS)
        time.sleep(0.1)
        with self._changed:
            self._now -= 1
        return IMAGE


def download_concurrently(download: ImageDownloader, urls: list[str]) -> None:
    with ThreadPoolExecutor(len(urls)) as pool:
        assert set(pool.map(download, urls)) == {b"an image"}


def test_connections_to_one_host_are_limited(shop: ShopServer) -> None:
    together = _Together(CONNECTIONS_PER_HOST)
    shop.routes["/slow.jpg"] = together
    download_concurrently(trusting(), [f"{shop.url}/slow.jpg"] * 3 * CONNECTIONS_PER_HOST)
    assert together.most == CONNECTIONS_PER_HOST


def test_downloads_from_one_host_are_spaced_by_the_number_of_tasks(shop: ShopServer) -> None:
    for tasks in (1, 3):
        clock = FakeClock()
        download = ImageDownloader({HOST}, tasks, clock=clock, sleep=clock.sleep)
        for _ in range(8):
            download(f"{shop.url}/1.jpg")
        assert clock.now == pytest.approx(7 * tasks * INTERVAL_SECONDS)


def item_on(shop: ShopServer, name: str = "1.jpg") -> CatalogItem:
    return item(1, image_urls=(f"{shop.url}/{name}",))


def test_downloaded_image_is_stored_and_not_downloaded_again(shop: ShopServer) -> None:
    store = MemoryObjects()
    for _ in range(2):
        assert np.array_equal(images(store).read(item_on(shop)), DECODER.decode(b"an image"))
    assert shop.times_asked("/1.jpg") == 1
    assert store.read(item_on(shop).image) == b"an image"
    assert names(store) == sorted([item_on(shop).image, *thumbnail_names(item_on(shop).image)])


def test_image_with_thumbnails_is_decoded_without_making_them_again(shop: ShopServer) -> None:
    def fail(_: bytes) -> tuple[Picture, Sequence[bytes]]:
        raise AssertionError("the thumbnails are stored")

    store = MemoryObjects()
    images(store).read(item_on(shop))
    picture = images(store, ImageDecoder(decode_anything, fail)).read(item_on(shop))
    assert np.array_equal(picture, decode_anything(b"an image"))


def test_failed_download_stores_nothing(shop: ShopServer) -> None:
    store = MemoryObjects()
    with pytest.raises(InvalidInput, match="404"):
        images(store).read(item_on(shop, "2.jpg"))
    assert names(store) == []


@pytest.mark.parametrize("answer", [b'{"access_token": "ya29"}', b"<html>router</html>", b"", b"\xff\xd8\xff half"])
def test_answer_that_is_no_image_is_not_stored(shop: ShopServer, answer: bytes) -> None:
    shop.routes["/1.jpg"] = Answer(answer, kind="image/jpeg")
    store = MemoryObjects()
    with image_decoder(Settings(), workers=1) as decoder, pytest.raises(InvalidInput) as caught:
        images(store, decoder).read(item_on(shop))
    assert caught.value.code.startswith("photo_")
    assert names(store) == []


def test_thumbnails_are_webp_files_of_both_sizes() -> None:
    with image_decoder(Settings(), workers=1) as decoder:
        _, thumbnails = decoder.with_thumbnails(saved(noise(900), "PNG"))
        with pytest.raises(InvalidInput):
            decoder.with_thumbnails(b"no image")
    pictures = [Image.open(BytesIO(data)) for data in thumbnails]
    assert [(picture.format, picture.size) for picture in pictures] == [("WEBP", (640, 640)), ("WEBP", (160, 160))]


def test_decoder_that_does_not_work_now_is_a_failure_of_one_image() -> None:
    def fail(_: bytes) -> object:
        raise Transient("no process for a decoder")

    with pytest.raises(InvalidInput, match="no process"):
        failing_alone(fail)(b"an image")


def test_transient_failure_of_an_image_is_invalid_input(shop: ShopServer) -> None:
    shop.routes["/1.jpg"] = Answer(status=500)
    with pytest.raises(ClosetspaceError) as raised:
        images(MemoryObjects()).read(item_on(shop))
    assert isinstance(raised.value, InvalidInput)
    assert "500" in str(raised.value)


def test_missing_image_of_a_folder_says_what_to_do() -> None:
    imported = item(1, image_urls=(), image=image_name(b"x", ".jpg"))
    with pytest.raises(InvalidInput, match="import the folder again"):
        images(MemoryObjects()).read(imported)
