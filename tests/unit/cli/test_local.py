"""The options of ``closetspace local up``, and what it prints."""

import json
from pathlib import Path

import pytest
import typer

from catalog_jobs.cli.local import DRAWN, CatalogPlan, seconds_of
from closetspace_infra.local.frontend import FrontendSetup
from closetspace_infra.local.ports import Ports

FOLDER = Path("my-catalog")
SETUP = FrontendSetup({"apiKey": "local", "projectId": "demo-x"}, Ports().addresses(), "europe-west1")


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), (" 2m ", 120)])
def test_interval_is_parsed(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "m", "-3m", "0s", "10 minutes", "1e3s"])
def test_invalid_interval_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="10m"):
        seconds_of(text)


def plan(
    catalog: Path | None = None,
    *,
    no_catalog: bool = False,
    refreshes: bool = False,
    source: str | None = None,
    has_shops: bool = False,
) -> CatalogPlan:
    return CatalogPlan.of(catalog, no_catalog, refreshes=refreshes, source=source, has_shops=has_shops)


def test_catalog_is_drawn_unless_another_or_none_is_asked_for() -> None:
    assert plan() == plan(has_shops=True) == CatalogPlan(DRAWN)
    assert plan(FOLDER) == CatalogPlan(FOLDER)
    assert plan(no_catalog=True) == CatalogPlan(None)


def test_refresh_without_a_shop_reads_the_catalog_that_was_filled() -> None:
    assert plan(refreshes=True) == CatalogPlan(DRAWN, str(DRAWN))
    assert plan(FOLDER, refreshes=True) == CatalogPlan(FOLDER, "my-catalog")


def test_refresh_from_shops_or_a_source_fills_the_catalog_itself() -> None:
    assert plan(refreshes=True, has_shops=True) == CatalogPlan(None, None)
    assert plan(refreshes=True, source="feed.xml", has_shops=True) == CatalogPlan(None, "feed.xml")
    assert plan(FOLDER, refreshes=True, source="feed.xml") == CatalogPlan(FOLDER, "feed.xml")


def test_options_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(typer.BadParameter, match="excludes --catalog"):
        plan(FOLDER, no_catalog=True)
    with pytest.raises(typer.BadParameter, match="needs --refresh-every"):
        plan(source="feed.xml")
    with pytest.raises(typer.BadParameter, match="no shop is configured"):
        plan(refreshes=True, no_catalog=True)


def test_environment_file_has_the_prefix_of_the_build_tool() -> None:
    lines = list(SETUP.lines())
    vite = lines[: lines.index("")]
    assert vite == [
        "# .env.development.local of Vite",
        "VITE_FIREBASE_API_KEY=local",
        "VITE_FIREBASE_PROJECT_ID=demo-x",
        "VITE_REGION=europe-west1",
        "VITE_AUTH_EMULATOR=127.0.0.1:9099",
        "VITE_FIRESTORE_EMULATOR=127.0.0.1:8080",
        "VITE_STORAGE_EMULATOR=127.0.0.1:9199",
        "VITE_FUNCTIONS_EMULATOR=127.0.0.1:5001",
    ]
    assert {line.replace("VITE_", "REACT_APP_") for line in vite[1:]} <= set(lines)


def test_code_connects_every_service_without_the_banner_of_auth() -> None:
    code = list(SETUP.code())
    assert 'connectAuthEmulator(auth, "http://127.0.0.1:9099", {disableWarnings: true});' in code
    assert 'connectFirestoreEmulator(db, "127.0.0.1", 8080);' in code
    assert 'connectStorageEmulator(storage, "127.0.0.1", 9199);' in code
    assert 'connectFunctionsEmulator(functions, "127.0.0.1", 5001);' in code
    assert 'const functions = getFunctions(app, "europe-west1");' in code


def test_json_has_the_configuration_and_the_addresses() -> None:
    printed = json.loads(json.dumps(SETUP.as_json()))
    assert printed["firebaseConfig"] == {"apiKey": "local", "projectId": "demo-x"}
    assert printed["addresses"]["auth"] == "127.0.0.1:9099"
    assert printed["region"] == "europe-west1"
