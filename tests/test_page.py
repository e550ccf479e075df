import http.client
import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from closetspace.errors import FailedPrecondition
from infra.local.page import SDK, SDK_MODULES, PageServer

CONFIG = {"firebase": {"projectId": "demo"}, "emulators": {"auth": "127.0.0.1:9099"}, "region": "us-central1"}


@pytest.fixture(scope="module")
def sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("firebase")
    for name in SDK_MODULES:
        imports = 'import{a}from"https://www.gstatic.com/firebasejs/12.18.0/firebase-app.js";'
        (folder / f"firebase-{name}.js").write_text(imports)
    (folder / "package.json").write_text("{}")
    return folder


@pytest.fixture(scope="module")
def port(sdk: Path) -> Iterator[int]:
    with PageServer(config=CONFIG, sdk=sdk) as page:
        yield int(page.url.rstrip("/").rpartition(":")[2])


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "type"),
    [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/app.js?anything", "text/javascript"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/config.json", "application/json"),
        ("/sdk/firebase-auth.js", "text/javascript"),
    ],
)
def test_every_file_of_the_page_is_served_with_its_type(port: int, path: str, type: str) -> None:  # noqa: A002
    response, body = ask(port, path)
    assert response.status == 200
    assert response.headers["Content-Type"] == f"{type}; charset=utf-8"
    assert len(body) == int(response.headers["Content-Length"]) > 0


def test_the_page_finds_its_configuration(port: int) -> None:
    assert json.loads(ask(port, "/config.json")[1]) == CONFIG


def test_every_module_that_the_page_imports_is_served(port: int) -> None:
    waiting, seen = {"/app.js"}, set[str]()
    while waiting:
        path = waiting.pop()
        response, body = ask(port, path)
        assert response.status == 200, path
        seen.add(path)
        imported = (
            line.rpartition(' from "')[2].rstrip('";') for line in body.decode().splitlines() if ' from "' in line
        )
        waiting |= {name.removeprefix(".") for name in imported} - seen
    assert "/sdk/firebase-firestore.js" in seen


def test_the_sdk_imports_itself_from_here(port: int) -> None:
    assert ask(port, "/sdk/firebase-storage.js")[1] == b'import{a}from"/sdk/firebase-app.js";'


@pytest.mark.skipif(not SDK.is_dir(), reason="the npm package firebase is not installed in infra/local")
def test_the_installed_sdk_imports_nothing_from_elsewhere() -> None:
    with PageServer(config=CONFIG) as page:
        port = int(page.url.rstrip("/").rpartition(":")[2])
        for name in SDK_MODULES:
            body = ask(port, f"/sdk/firebase-{name}.js")[1]
            assert b"gstatic.com/firebasejs" not in body
            assert name == "app" or b'"/sdk/firebase-app.js"' in body


@pytest.mark.parametrize(
    "path",
    [
        "/page.py",
        "/../page.py",
        "/..%2fpage.py",
        "/%2e%2e/page.py",
        "/sdk/../page.py",
        "/sdk/package.json",
        "//etc/passwd",
        "/etc/passwd",
        "/sdk/",
    ],
)
def test_nothing_else_is_served(port: int, path: str) -> None:
    assert ask(port, path)[0].status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_the_page_can_only_be_read(port: int, method: str) -> None:
    assert ask(port, "/", method)[0].status == 501


def test_head_answers_without_a_body(port: int) -> None:
    response, body = ask(port, "/", "HEAD")
    assert response.status == 200
    assert int(response.headers["Content-Length"]) > 0
    assert body == b""


@pytest.mark.parametrize("path", ["/", "/config.json", "/missing"])
def test_every_answer_keeps_the_browser_on_this_machine(port: int, path: str) -> None:
    headers = ask(port, path)[0].headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self' http://127.0.0.1:*"
    assert policy["img-src"] == "'self' blob: data: http://127.0.0.1:*"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_foreign_name_for_this_machine_learns_nothing(port: int) -> None:
    assert ask(port, "/config.json", Host="rebound.example")[0].status == 403


def test_the_page_is_served_while_many_connections_say_nothing(port: int) -> None:
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    try:
        assert ask(port, "/")[0].status == 200
    finally:
        for connection in silent:
            connection.close()


def test_a_given_port_is_used_and_free_again_afterwards(sdk: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        chosen = probe.getsockname()[1]
    for _ in range(2):
        with PageServer(config=CONFIG, sdk=sdk, port=chosen) as page:
            assert page.url == f"http://127.0.0.1:{chosen}/"


def test_a_missing_sdk_is_told_before_anything_is_served(sdk: Path, tmp_path: Path) -> None:
    partial = shutil.copytree(sdk, tmp_path / "firebase")
    (partial / "firebase-auth.js").unlink()
    with pytest.raises(FailedPrecondition, match="npm ci"):
        PageServer(config=CONFIG, sdk=partial)
