"""The scheduled refresh of the local stack, while people request recommendations."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from catalog_jobs.processes.logs import Log
from closetspace.bootstrap import open_store
from closetspace.services.index_versions import IndexVersions
from closetspace_infra.local.stack import LocalStack, Recurring
from tests.support.journey import Journey
from tests.support.waiting import HANG_SECONDS, eventually

CLOSETSPACE = [sys.executable, "-m", "catalog_jobs"]


def raise_prices(folder: Path) -> None:
    """Set all prices to 999."""
    with (folder / "products.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "products.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, [*rows[0], *({"price"} - rows[0].keys())])
        table.writeheader()
        table.writerows(row | {"price": "999"} for row in rows)


def test_recommendations_follow_the_shop_and_no_request_fails(
    installed: None, drawn_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(drawn_catalog, shop)
    lines: list[str] = []
    failures: list[Exception] = []
    prices: list[set[float | None]] = []
    stop = threading.Event()
    with LocalStack(log=lines.append) as stack:
        for name, value in stack.environment.items():
            monkeypatch.setenv(name, value)
        journey = Journey(stack, lines)
        person = journey.person()
        journey.add(person, 17)
        command = [*CLOSETSPACE, "catalog", "refresh", "--store", f"gs://{stack.bucket}", "--source", str(shop)]
        with Recurring("refresh", command, 4.0, os.environ, Log(lines.append)):
            versions = IndexVersions(open_store(f"gs://{stack.bucket}"))
            eventually(versions.current, "the first index")

            def ask() -> None:
                while not stop.is_set():
                    try:
                        answer = person.call("recommend", {"count": 5})
                    except Exception as error:
                        failures.append(error)
                    else:
                        prices.append({item["price"] for item in answer["items"]})

            threads = [threading.Thread(target=ask) for _ in range(3)]
            for thread in threads:
                thread.start()
            try:
                eventually(lambda: prices, "the first answer")
                assert 999 not in prices[-1]
                raise_prices(shop)
                eventually(lambda: prices[-1] == {999}, "the new prices")
            finally:
                stop.set()
                for thread in threads:
                    thread.join()
    assert failures == []
    assert any("refresh" in line and "changed price 60" in line for line in lines)


def test_local_up_refreshes_its_catalog_and_leaves_no_process(
    installed: None, drawn_catalog: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    command = [*CLOSETSPACE, "local", "up", "--free-ports", "--log", str(log), "--refresh-every", "3s"]
    with subprocess.Popen([*command, "--catalog", str(drawn_catalog)], stdout=subprocess.DEVNULL) as running:
        try:
            eventually(lambda: log.exists() and log.read_text().count("60 items, in") >= 2, "two refreshes")
            running.send_signal(signal.SIGINT)
            assert running.wait(HANG_SECONDS) == 0
        finally:
            running.kill()
    find = ["pgrep", "-f", str(drawn_catalog)]
    eventually(lambda: subprocess.run(find, check=False).returncode == 1, "every process to end")
