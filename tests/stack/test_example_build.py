"""The example app: its types, its build, how it is served, and what it repeats of the server."""

import http.client
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_jobs.processes.child import ChildFailed
from catalog_jobs.processes.logs import Log
from closetspace.domain.encoder.descriptor import COLOUR, GENDER, USAGE
from closetspace.domain.ranking import query, reasons
from closetspace.domain.ranking.query import Order
from closetspace.domain.ranking.recommendation import DEFAULT_EXPLORE, DEFAULT_MIX, DEFAULT_SERENDIPITY
from closetspace.errors import FailedPrecondition
from closetspace_infra.local.example_app import FOLDER, ExampleApp, require_installed
from tests.support.waiting import HANG_SECONDS

SOURCES = FOLDER / "src"
VARIABLES = {"VITE_FIREBASE_PROJECT_ID": "of-this-test", "VITE_DEMO_EMAIL": "a@closetspace.example"}


@pytest.fixture(scope="module")
def port(app_installed: None) -> Iterator[int]:
    with ExampleApp(VARIABLES, log=Log(None)) as app:
        yield int(app.serve().rstrip("/").rpartition(":")[2])


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=HANG_SECONDS)
    try:
        connection.request(method, path, headers={"Accept": "*/*", **headers})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def scripts(port: int) -> list[str]:
    return re.findall(r'(?:src|href)="\.(/assets/[^"]+\.js)"', ask(port, "/")[1].decode())


def test_types_are_right(app_installed: None) -> None:
    compiler = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(["node", compiler, "--noEmit"], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_page_and_scripts_are_served_with_what_the_build_was_given(port: int) -> None:
    response, body = ask(port, "/")
    assert response.headers["Content-Type"] == "text/html"
    assert b"Closetspace" in body
    code = "".join(ask(port, path)[1].decode() for path in scripts(port))
    assert all(value in code for value in VARIABLES.values())


def test_scripts_are_compressed(port: int) -> None:
    for path in scripts(port):
        response, body = ask(port, path, **{"Accept-Encoding": "gzip"})
        assert response.headers["Content-Encoding"] == "gzip"
        assert len(body) < len(ask(port, path)[1]) / 2


def test_browser_may_connect_to_this_machine_only(port: int) -> None:
    headers = ask(port, "/")[0].headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["connect-src"] == "'self' http://127.0.0.1:*"
    assert policy["img-src"] == "'self' blob: data: http://127.0.0.1:*"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/assets/"])
def test_foreign_host_name_is_refused(port: int, path: str) -> None:
    assert ask(port, path, Host="rebound.example")[0].status == 403


@pytest.mark.parametrize(
    "path", ["/missing", "/package.json", "/../package.json", "/%2e%2e/package.json", "//etc/passwd", "/src/main.tsx"]
)
def test_files_outside_of_the_build_are_not_found(port: int, path: str) -> None:
    assert ask(port, path)[0].status == 404


def test_two_apps_are_built_and_served_at_the_same_time(port: int) -> None:
    with ExampleApp(VARIABLES | {"VITE_FIREBASE_PROJECT_ID": "of-another"}, log=Log(None)) as other:
        second = int(other.serve().rstrip("/").rpartition(":")[2])
        assert second != port
        assert set(scripts(second)) != set(scripts(port))


def test_failed_build_says_what_failed(app_installed: None) -> None:
    with (
        ExampleApp({"NODE_OPTIONS": "--no-such-option"}, log=Log(None)) as app,
        pytest.raises(ChildFailed, match="--no-such-option"),
    ):
        app.serve()


def test_missing_packages_are_named_with_the_command_that_installs_them(tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match=r"vite\.js is missing\. Run `make setup`"):
        require_installed((tmp_path / "vite.js",))


def source(name: str) -> str:
    return (SOURCES / name).read_text()


def test_sliders_start_where_the_server_does() -> None:
    sliders = re.findall(r'<Slider\s+name="(\w+)"[^/]*?usual=\{([\d.]+)\}', source("explore/FilterDialog.tsx"))
    starts = {name: float(value) for name, value in sliders}
    assert starts == {"explore": DEFAULT_EXPLORE, "serendipity": DEFAULT_SERENDIPITY, "mix": DEFAULT_MIX}


def test_all_orders_can_be_chosen() -> None:
    assert {order.value for order in Order} <= set(
        re.findall(r'<option value="(\w+)">', source("explore/FilterDialog.tsx"))
    )


def test_each_part_of_a_score_that_can_speak_for_a_product_has_a_sentence() -> None:
    sentences = re.search(r"const FOR: Record<string, string> = \{(.*?)\};", source("explore/Why.tsx"), re.DOTALL)
    assert sentences
    parts = {reasons.IMAGE, reasons.TEXT, COLOUR, GENDER, USAGE, query.FEEDBACK, query.SERENDIPITY}
    assert set(re.findall(r"^ +(\w+): ", sentences[1], re.MULTILINE)) == parts


def test_no_module_interprets_text_as_markup() -> None:
    markup = re.compile(r"innerHTML|InnerHTML|outerHTML|insertAdjacentHTML|document\.write|setHTML|DOMParser|eval\(")
    assert not [path.name for path in SOURCES.rglob("*.ts*") if markup.search(path.read_text())]
