"""The demo page: its server, its markup, and its modules in Node.js."""

import http.client
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from closetspace.api.requests import RecommendRequest
from closetspace.domain.encoder.descriptor import COLOUR, GENDER, USAGE
from closetspace.domain.person.opinions import OpinionKind
from closetspace.domain.ranking import query, reasons
from closetspace.domain.ranking.query import Order
from closetspace.domain.ranking.recommendation import DEFAULT_EXPLORE, DEFAULT_MIX, DEFAULT_SERENDIPITY
from closetspace.domain.wardrobe.state import Hint, Status
from closetspace.errors import FailedPrecondition
from closetspace_infra.local.page import SDK, SDK_MODULES, PageServer
from closetspace_infra.local.ports import free_port
from tests.support.paths import REPOSITORY
from tests.support.recommending import parse_feedback, parse_recommend
from tests.support.waiting import HANG_SECONDS

FILES = REPOSITORY / "infra" / "local" / "page"
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
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_SECONDS)
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
def test_files_of_the_page_are_served_with_their_types(port: int, path: str, type: str) -> None:  # noqa: A002
    response, body = ask(port, path)
    assert response.status == 200
    assert response.headers["Content-Type"] == f"{type}; charset=utf-8"
    assert len(body) == int(response.headers["Content-Length"]) > 0


def test_configuration_is_served(port: int) -> None:
    assert json.loads(ask(port, "/config.json")[1]) == CONFIG


def test_imported_modules_are_served_and_all_modules_are_imported(port: int) -> None:
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
    assert {f"/{file.name}" for file in FILES.glob("*.js")} <= seen


def test_sdk_imports_its_modules_from_this_server(port: int) -> None:
    assert ask(port, "/sdk/firebase-storage.js")[1] == b'import{a}from"/sdk/firebase-app.js";'


@pytest.mark.skipif(not SDK.is_dir(), reason="the npm package firebase is not installed in infra/local")
def test_installed_sdk_imports_nothing_from_other_servers() -> None:
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
def test_other_paths_are_not_found(port: int, path: str) -> None:
    assert ask(port, path)[0].status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_only_get_and_head_are_allowed(port: int, method: str) -> None:
    assert ask(port, "/", method)[0].status == 501


def test_head_has_no_body(port: int) -> None:
    response, body = ask(port, "/", "HEAD")
    assert response.status == 200
    assert int(response.headers["Content-Length"]) > 0
    assert body == b""


@pytest.mark.parametrize("path", ["/", "/config.json", "/missing"])
def test_responses_restrict_the_browser_to_this_machine(port: int, path: str) -> None:
    headers = ask(port, path)[0].headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self' http://127.0.0.1:*"
    assert policy["img-src"] == "'self' blob: data: http://127.0.0.1:*"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_foreign_host_name_is_refused(port: int) -> None:
    assert ask(port, "/config.json", Host="rebound.example")[0].status == 403


def test_page_is_served_while_other_connections_are_idle(port: int) -> None:
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    try:
        assert ask(port, "/")[0].status == 200
    finally:
        for connection in idle:
            connection.close()


def test_given_port_is_used_and_freed(sdk: Path) -> None:
    with ExitStack() as held:
        chosen = free_port(held)
        for _ in range(2):
            with PageServer(config=CONFIG, sdk=sdk, port=chosen) as page:
                assert page.url == f"http://127.0.0.1:{chosen}/"


def test_incomplete_sdk_is_refused(sdk: Path, tmp_path: Path) -> None:
    partial = shutil.copytree(sdk, tmp_path / "firebase")
    (partial / "firebase-auth.js").unlink()
    with pytest.raises(FailedPrecondition, match="npm ci"):
        PageServer(config=CONFIG, sdk=partial)


class Elements(HTMLParser):
    """The elements of a page, each with its tag and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.fixture(scope="module")
def elements() -> list[tuple[str, dict[str, str]]]:
    return Elements((FILES / "index.html").read_text()).found


@pytest.fixture(scope="module")
def inputs(elements: list[tuple[str, dict[str, str]]]) -> dict[str, dict[str, str]]:
    return {found["name"]: found for tag, found in elements if tag in {"input", "select"} and "name" in found}


def test_page_has_no_inline_styles_and_scripts(elements: list[tuple[str, dict[str, str]]]) -> None:
    assert not [found for _, found in elements if "style" in found or any(name.startswith("on") for name in found)]
    assert all("src" in found for tag, found in elements if tag == "script")
    assert "style" not in {tag for tag, _ in elements}


def test_no_module_interprets_text_as_markup() -> None:
    markup = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|DOMParser|eval\(")
    assert not [file.name for file in FILES.glob("*.js") if markup.search(file.read_text())]


def test_ids_that_the_modules_use_exist_once(elements: list[tuple[str, dict[str, str]]]) -> None:
    ids = [found["id"] for _, found in elements if "id" in found]
    assert len(ids) == len(set(ids))
    looked_for = set(re.findall(r'\$\("([^"]+)"\)', (FILES / "app.js").read_text()))
    assert looked_for <= set(ids)
    # A form has its elements as properties, and these names would hide its own.
    assert not {"reset", "submit", "elements", "action"} & set(ids)


def test_controls_are_fields_of_a_request_and_have_labels(
    elements: list[tuple[str, dict[str, str]]], inputs: dict[str, dict[str, str]]
) -> None:
    assert set(inputs) <= set(RecommendRequest.model_fields)
    labelled = {found["for"] for tag, found in elements if tag == "label" and "for" in found}
    dials = {name for name, found in inputs.items() if found.get("type") == "range"}
    assert dials == {"explore", "serendipity", "mix"} <= labelled


def test_dials_start_where_the_server_does(inputs: dict[str, dict[str, str]]) -> None:
    starts = {name: float(inputs[name]["value"]) for name in ("explore", "serendipity", "mix")}
    assert starts == {"explore": DEFAULT_EXPLORE, "serendipity": DEFAULT_SERENDIPITY, "mix": DEFAULT_MIX}


def test_all_orders_can_be_chosen(elements: list[tuple[str, dict[str, str]]]) -> None:
    assert {order.value for order in Order} <= {found["value"] for tag, found in elements if tag == "option"}


Script = Callable[[str], Any]


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """Return a function that runs a module beside those of the page, and returns the argument of its `answer`."""
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    folder = tmp_path_factory.mktemp("page")
    for file in FILES.glob("*.js"):
        shutil.copy(file, folder)
    (folder / "package.json").write_text('{"type": "module"}')

    def run(text: str) -> Any:
        (folder / "test.js").write_text(f"const answer = (it) => console.log(JSON.stringify(it));\n{text}")
        done = subprocess.run(["node", "test.js"], cwd=folder, capture_output=True, text=True, timeout=HANG_SECONDS)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def request_of(script: Script, values: dict[str, str], categories: list[str], brands_out: list[str]) -> Any:
    return script(f"""
        import {{ requestOf }} from "./request.js";
        answer(requestOf({json.dumps(values)}, new Set({json.dumps(categories)}), new Set({json.dumps(brands_out)})));
    """)


def test_values_of_the_controls_become_a_valid_request(script: Script) -> None:
    values = {"explore": "0.35", "serendipity": "0", "mix": "1", "order": "unlock", "gender": "Men"}
    values |= {"price_min": "0", "price_max": "99.5", "in_stock": "on", "own_similar": "on"}
    request = request_of(script, values, ["Shoes", "Topwear"], ["Kestrel"])
    assert request == {
        "explore": 0.35,
        "serendipity": 0,
        "mix": 1,
        "price_min": 0,
        "price_max": 99.5,
        "order": "unlock",
        "gender": "Men",
        "in_stock": True,
        "own_similar": True,
        "categories": ["Shoes", "Topwear"],
        "brands_out": ["Kestrel"],
    }
    assert parse_recommend(request).filters.brands_out == {"Kestrel"}


def test_empty_values_are_left_to_the_servers_defaults(script: Script) -> None:
    request = request_of(script, {"explore": "0.2", "gender": "", "price_min": "", "price_max": ""}, [], [])
    assert request == {"explore": 0.2}
    parse_recommend(request)


OPINIONS = """
    import { Opinions } from "./opinions.js";
    const sent = [], reported = [], failing = new Set();
    const feedback = async (request) => {
      sent.push(request);
      await new Promise((done) => setTimeout(done, sent.length === 1 ? 20 : 0)); // the first request takes longest
      if (failing.has(request.kind)) throw new Error("no room");
    };
    const opinions = new Opinions({ feedback, report: (error) => reported.push(error.message) });
"""


def test_opinion_shows_at_once_and_is_sent_in_the_servers_format(script: Script) -> None:
    seen = script(f"""{OPINIONS}
        const shown = [opinions.of("a")];
        const saved = opinions.set("a", "like");
        shown.push(opinions.of("a"));
        await saved;
        await opinions.set("a", undefined);
        answer({{ shown, sent, reported, after: opinions.of("a") ?? null }});
    """)
    assert seen["shown"] == [None, "like"]
    assert [parse_feedback(request) for request in seen["sent"]] == [("a", OpinionKind.LIKE), ("a", None)]
    assert (seen["reported"], seen["after"]) == ([], None)


def test_latest_opinion_is_sent_last_and_superseded_ones_are_not_sent(script: Script) -> None:
    seen = script(f"""{OPINIONS}
        const first = opinions.set("a", "like");
        while (!sent.length) await undefined;
        const later = [undefined, "own", undefined, "dismiss"].map((kind) => opinions.set("a", kind));
        await Promise.all([first, ...later, opinions.set("b", "like")]);
        answer({{ sent, a: opinions.of("a"), b: opinions.of("b") }});
    """)
    of_one = [request["kind"] for request in seen["sent"] if request["itemId"] == "a"]
    assert of_one == ["like", "dismiss"]
    assert (seen["a"], seen["b"]) == ("dismiss", "like")


def test_opinion_that_is_not_saved_is_reported_and_the_saved_one_shows_again(script: Script) -> None:
    seen = script(f"""{OPINIONS}
        failing.add("dismiss").add("own");
        await opinions.set("b", "own");
        await opinions.set("a", "like");
        await opinions.set("a", "dismiss");
        const shown = [opinions.of("a"), opinions.of("b") ?? null];
        failing.clear();
        await opinions.set("a", "dismiss");
        answer({{ shown, reported, after: opinions.of("a") }});
    """)
    assert seen == {"shown": ["like", None], "reported": ["no room"] * 2, "after": "dismiss"}


def test_errors_show_the_servers_message_without_the_sdks_status(script: Script) -> None:
    texts = script("""
        import { sentenceFor } from "./sentences.js";
        const error = (code, message) => sentenceFor({ code, message });
        answer([
          error("functions/resource-exhausted", "Clear some of them first. [429]"),
          error("functions/invalid-argument", "explore: Input should be less than or equal to 1. [400]"),
          error("functions/unauthenticated", "Sign in. [401]"),
          error("functions/internal", "INTERNAL [500]"),
          sentenceFor(undefined),
        ]);
    """)
    assert texts[:2] == ["Clear some of them first.", "explore: Input should be less than or equal to 1."]
    assert texts[2].startswith("You are signed out.")
    assert texts[3] == texts[4] == "Something went wrong here. Try again in a moment."


def test_each_status_and_hint_of_an_item_has_a_text(script: Script) -> None:
    badges, hints = script('import { BADGES, HINTS } from "./sentences.js"; answer([BADGES, HINTS]);')
    assert set(badges) == {status.value for status in Status}
    assert set(hints) == {hint.value for hint in Hint}
    assert all(sentence.endswith(".") for sentence in hints.values())


def test_each_part_of_a_score_has_a_text(script: Script) -> None:
    words = script('import { PARTS } from "./sentences.js"; answer(PARTS);')
    parts = {reasons.IMAGE, reasons.TEXT, COLOUR, GENDER, USAGE}
    assert set(words) == parts | {query.FEEDBACK, query.SEEN, query.SERENDIPITY}


def test_numbers_have_two_decimals_and_a_true_minus_sign(script: Script) -> None:
    assert script("""
        import { inPlaces } from "./reasons.js";
        answer([0, -0.001, -0.7, 1234.567].map(inPlaces));
    """) == ["0.00", "0.00", "\N{MINUS SIGN}0.70", "1,234.57"]


def test_only_web_addresses_become_links(script: Script) -> None:
    links = script("""
        import { linkTo } from "./dom.js";
        answer(["https://shop.example/1", "javascript:alert(1)", "//shop.example", "", null, undefined].map(linkTo));
    """)
    assert links[0] == {"href": "https://shop.example/1", "target": "_blank", "rel": "noopener noreferrer"}
    assert links[1:] == [{}] * 5
