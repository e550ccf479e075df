"""Downloads of photos from allowed hosts, over real sockets."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpcore
import pytest

from closetspace.adapters.images.download import HttpPhotos
from closetspace.adapters.network.fetching import FetchLimits
from closetspace.errors import InvalidInput, Transient
from tests.support.waiting import HANG_SECONDS

HOST = "res.cloudinary.com"
MAX_BYTES = 100_000


class Host(BaseHTTPRequestHandler):
    """A photo host that redirects, fails and stalls."""

    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        match self.path:
            case "/photo.jpg":
                self.answer(200, b"a photo")
            case "/large.jpg":
                self.answer(200, b"x" * (MAX_BYTES + 1))
            case "/inside":
                self.answer(302, location="/photo.jpg")
            case "/metadata-server":
                self.answer(302, location="http://169.254.169.254/computeMetadata/v1/")
            case "/downgrade":
                self.answer(302, location=f"http://{HOST}/photo.jpg")
            case "/circle":
                self.answer(302, location="/circle")
            case "/nowhere":
                self.answer(302)
            case "/broken-redirect":
                self.answer(302, location="https://[")
            case path if path.startswith("/status/"):
                self.answer(int(path.removeprefix("/status/")))
            case "/endless" | "/drip":
                self.drip(1000 if self.path == "/endless" else 0.05)
            case "/slow-headers":
                self.connection.settimeout(None)
                with contextlib.suppress(OSError):
                    for letter in b"HTTP/1.0 200 OK\r\nX-Slow: ":
                        self.wfile.write(bytes([letter]))
                        time.sleep(0.1)
            case "/cut":
                self.send_response(200)
                self.send_header("Content-Length", "1000")
                self.end_headers()
                self.wfile.write(b"half")
            case "/busy":
                self.answer(503)
            case "/limited":
                self.answer(429)
            case _:
                self.answer(404)

    def answer(self, status: int, body: bytes = b"", location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self, chunks_a_second: float) -> None:
        """Send more than the limit of bytes, or too slowly for the limit of time."""
        self.send_response(200)
        self.end_headers()
        try:
            for _ in range(200):
                self.wfile.write(b"x" * (10_000 if chunks_a_second > 1 else 1))
                time.sleep(min(1 / chunks_a_second, 0.1))
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        return


class Plain(httpcore.AsyncNetworkStream):
    """A connection without encryption, whatever the URL says."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self.read, self.write, self.aclose = stream.read, stream.write, stream.aclose  # type: ignore[method-assign]
        self.get_extra_info = stream.get_extra_info  # type: ignore[method-assign]

    async def start_tls(self, *_: Any, **__: Any) -> httpcore.AsyncNetworkStream:
        return self


class Rerouted(httpcore.AnyIOBackend):
    """A network on which the allowed host is a server on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect_tcp(self, host: str, port: int, *limits: Any, **more_limits: Any) -> httpcore.AsyncNetworkStream:
        assert (host, port) == (HOST, 443), "a request to another host"
        return Plain(await super().connect_tcp("127.0.0.1", self.port, *limits, **more_limits))


def photos_from(port: int, seconds: float = HANG_SECONDS) -> HttpPhotos:
    return HttpPhotos({HOST}, FetchLimits(MAX_BYTES, seconds), Rerouted(port))


@pytest.fixture
def port() -> Iterator[int]:
    Host.requests = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Host) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def photos(port: int) -> HttpPhotos:
    return photos_from(port)


def test_photo_is_downloaded(photos: HttpPhotos) -> None:
    assert photos.fetch(f"https://{HOST}/photo.jpg") == b"a photo"


def test_redirect_to_an_allowed_host_is_followed(photos: HttpPhotos) -> None:
    assert photos.fetch(f"https://{HOST}/inside") == b"a photo"


@pytest.mark.parametrize("path", ["metadata-server", "downgrade"])
def test_redirect_to_another_host_is_refused_without_a_request(photos: HttpPhotos, path: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        photos.fetch(f"https://{HOST}/{path}")
    assert caught.value.code == "photo_url_not_allowed"
    assert Host.requests == [f"/{path}"]


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/a.jpg",
        "https://192.168.1.1/a.jpg",
        "https://localhost/a.jpg",
        f"http://{HOST}/photo.jpg",
        f"https://{HOST}:8443/photo.jpg",
        f"https://user:secret@{HOST}/photo.jpg",
        f"https://{HOST}.evil.example/photo.jpg",
        "file:///etc/passwd",
        f" https://{HOST}/photo.jpg",
        f"https://{HOST}/a photo.jpg",
        f"https://{HOST}/photo.jpg\n",
        "not a url",
        "",
    ],
)
def test_url_that_is_not_allowed_is_refused_without_a_request(photos: HttpPhotos, url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        photos.fetch(url)
    assert caught.value.code == "photo_url_not_allowed"
    assert not Host.requests


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("large.jpg", "photo_too_large"),
        ("endless", "photo_too_large"),
        ("circle", "photo_not_found"),
        ("nowhere", "photo_not_found"),
        ("broken-redirect", "photo_not_found"),
        ("status/204", "photo_not_found"),
        ("status/304", "photo_not_found"),
        ("status/410", "photo_not_found"),
        ("gone.jpg", "photo_not_found"),
    ],
)
def test_photo_that_will_not_be_served_is_invalid_input(photos: HttpPhotos, path: str, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        photos.fetch(f"https://{HOST}/{path}")
    assert caught.value.code == code


@pytest.mark.parametrize("path", ["drip", "slow-headers"])
def test_slow_photo_is_transient_after_the_time_limit(port: int, path: str) -> None:
    with pytest.raises(Transient, match="within 1 s"):
        photos_from(port, seconds=1.0).fetch(f"https://{HOST}/{path}")


@pytest.mark.parametrize("path", ["busy", "limited", "cut", "status/403", "status/408", "status/425"])
def test_temporary_failure_is_transient(photos: HttpPhotos, path: str) -> None:
    with pytest.raises(Transient):
        photos.fetch(f"https://{HOST}/{path}")


def test_unreachable_host_is_transient() -> None:
    with pytest.raises(Transient):
        photos_from(1).fetch(f"https://{HOST}/photo.jpg")
