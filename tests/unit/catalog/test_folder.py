"""Reading a catalog from a folder, and the commands that import, build and publish it."""

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from catalog_jobs.catalog.folder import TOO_MANY_VALUES, read_folder
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.cli.app import app
from catalog_jobs.demo.run import find_photos
from closetspace.adapters.storage.directory import DirectoryObjects
from closetspace.errors import FailedPrecondition, Incompatible, InvalidInput
from tests.support.journey import photo


def write_catalog(folder: Path, rows: list[dict[str, str]], pictures: list[str]) -> Path:
    (folder / "images").mkdir(parents=True)
    columns = sorted({column for row in rows for column in row})
    with (folder / "products.csv").open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    for number, name in enumerate(pictures):
        (folder / "images" / name).write_bytes(photo(number))
    return folder


def test_names_are_cleaned_and_prices_parsed(tmp_path: Path) -> None:
    rows = [{"id": "1", "productDisplayName": " Caf&eacute;  Blue\r\nShirt ", "price": "19.90", "currency": "EUR"}]
    [found] = read_folder(write_catalog(tmp_path / "c", rows, ["1.jpg"])).products
    product = found.product
    assert (product.name, product.brand, product.price, product.currency) == ("Café Blue Shirt", "Café", 19.9, "EUR")
    assert (found.image.name, found.row["productDisplayName"]) == ("1.jpg", rows[0]["productDisplayName"])


def test_row_with_an_unquoted_comma_is_left_out_instead_of_truncated(tmp_path: Path) -> None:
    folder = write_catalog(tmp_path / "c", [{"id": "1", "productDisplayName": "Ono Coat"}], ["1.jpg", "2.jpg"])
    with (folder / "products.csv").open("a", encoding="utf-8") as file:
        file.write("2,Ono Coat, long\n")
    catalog = read_folder(folder)
    assert [found.product.id for found in catalog.products] == ["1"]
    assert catalog.left_out == [("2", TOO_MANY_VALUES)]


def test_group_and_stock_are_read_from_their_columns(tmp_path: Path) -> None:
    columns = {"1": ("am-1", "false"), "2": ("am-1", "yes"), "3": ("", ""), "4": ("", "Sold out")}
    rows = [
        {"id": i, "productDisplayName": "Shirt", "group": group, "in_stock": stock}
        for i, (group, stock) in columns.items()
    ]
    found = read_folder(write_catalog(tmp_path / "c", rows, [f"{i}.jpg" for i in columns])).products
    assert [(entry.product.group, entry.product.in_stock) for entry in found] == [
        ("am-1", False),
        ("am-1", True),
        ("", True),
        ("", False),
    ]


@pytest.mark.parametrize(("before", "list_price"), [("80", 80.0), ("60", None), ("40", None), ("", None)])
def test_list_price_is_higher_than_the_price(tmp_path: Path, before: str, list_price: float | None) -> None:
    rows = [{"id": "1", "productDisplayName": "Shirt", "price": "60", "list_price": before}]
    assert read_folder(write_catalog(tmp_path / "c", rows, ["1.jpg"])).products[0].product.list_price == list_price


@pytest.mark.parametrize("price", ["", "free", "-5", "1e400", "nan", "12,50", "0", "0.00"])
def test_invalid_price_is_none(tmp_path: Path, price: str) -> None:
    rows = [{"id": "1", "productDisplayName": "Shirt", "price": price}]
    assert read_folder(write_catalog(tmp_path / "c", rows, ["1.jpg"])).products[0].product.price is None


def test_unusable_rows_are_left_out_with_their_reason(tmp_path: Path) -> None:
    rows = [
        {"id": "1", "productDisplayName": "Shirt"},
        {"id": "1", "productDisplayName": "Shirt again"},
        {"id": "2", "productDisplayName": "No picture"},
        {"id": "", "productDisplayName": "No id"},
        {"id": "3", "productDisplayName": ""},
        {"id": "../../etc/passwd", "productDisplayName": "Elsewhere"},
    ]
    found = read_folder(write_catalog(tmp_path / "c", rows, ["1.jpg", "3.jpg"]))
    assert [entry.product.id for entry in found.products] == ["1"]
    assert found.left_out == [
        ("1", "an earlier row has the same id"),
        ("2", "no image in images/"),
        ("line 5", "no id or no name"),
        ("3", "no id or no name"),
        ("../../etc/passwd", "no image in images/"),
    ]


def test_folder_that_is_not_a_catalog_raises_an_error_that_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"needs products\.csv"):
        read_folder(tmp_path)
    (tmp_path / "products.csv").write_text("id,title\n1,Shirt\n")
    with pytest.raises(InvalidInput, match="lacks the columns productDisplayName"):
        read_folder(tmp_path)
    (tmp_path / "products.csv").write_bytes(b"id,productDisplayName\n1,\xff\xfe\n")
    with pytest.raises(InvalidInput, match="UTF-8"):
        read_folder(tmp_path)
    (tmp_path / "products.csv").write_text("id,productDisplayName\n")
    with pytest.raises(InvalidInput, match="no usable product"):
        read_folder(tmp_path)


def test_missing_or_damaged_catalog_raises_an_error_that_names_it(tmp_path: Path) -> None:
    snapshots = Snapshots(DirectoryObjects(tmp_path))
    with pytest.raises(FailedPrecondition, match="catalog import"):
        snapshots.require_current()
    snapshots.store.write("catalog/imported.json", b'{"snapshot": "a"}')
    assert snapshots.require_current() == "a"
    snapshots.store.write("catalog/snapshots/a.parquet", b"PAR1")
    with pytest.raises(Incompatible, match="snapshot a"):
        snapshots.read("a")
    snapshots.store.write("catalog/imported.json", b'{"snapshot"')
    with pytest.raises(Incompatible, match="catalog/imported"):
        snapshots.require_current()


def test_limit_takes_photos_evenly_from_all_folders(tmp_path: Path) -> None:
    for kind in ("dress", "hat", "shoes"):
        (tmp_path / kind).mkdir()
        for number in range(10):
            (tmp_path / kind / f"{number}.jpg").write_bytes(photo(number))
    assert [p.path.parent.name for p in find_photos(tmp_path, 3)] == ["dress", "hat", "shoes"]
    assert len(find_photos(tmp_path, None)) == 30
    with pytest.raises(InvalidInput, match="no photos"):
        find_photos(tmp_path / "dress" / "none", None)


def run(*arguments: str) -> dict[str, object]:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    printed: dict[str, object] = json.loads(result.stdout.splitlines()[-1])
    return printed


def test_commands_import_build_publish_list_and_roll_back(drawn_catalog: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    assert run("catalog", "import", str(drawn_catalog), "--store", store) == {"items": 60, "left_out": 0}
    first = run("index", "build", "--store", store)
    assert (first["items"], first["recall"]) == (60, 1.0)
    assert run("index", "list", "--store", store)["current"] is None
    assert run("index", "publish", "--store", store) == {"current": first["version"]}
    run("catalog", "import", str(drawn_catalog), "--store", store, "--limit", "50")
    second = run("index", "build", "--store", store)
    assert run("index", "publish", "--store", store) == {"current": second["version"]}
    listed = run("index", "list", "--store", store)
    assert listed["current"] == second["version"]
    assert isinstance(listed["versions"], list)
    assert [v["items"] for v in listed["versions"]] == [50, 60]
    assert run("index", "rollback", "--store", store) == {"current": first["version"]}
    assert run("index", "publish", str(second["version"]), "--store", store) == {"current": second["version"]}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["catalog", "import", "nowhere"], "is not a catalog"),
        (["index", "build"], "closetspace catalog import"),
        (["index", "publish"], "closetspace index build"),
        (["index", "publish", "20260101T000000000Z-00000000"], "There is no object"),
        (["index", "rollback"], "closetspace index publish"),
    ],
)
def test_command_without_its_precondition_says_what_to_run_first(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(app, [*arguments, "--store", str(tmp_path / "store")])
    assert result.exit_code == 1
    assert sentence in result.stderr


def test_invalid_store_is_refused(drawn_catalog: Path) -> None:
    result = CliRunner().invoke(app, ["catalog", "import", str(drawn_catalog), "--store", "gs://bucket/folder"])
    assert result.exit_code == 1
    assert "gs://BUCKET" in result.stderr


def test_bucket_without_credentials_says_how_to_get_them(
    drawn_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "STORAGE_EMULATOR_HOST", "GCLOUD_PROJECT", "GOOGLE_CLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    # No metadata server and no configuration of gcloud.
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    result = CliRunner().invoke(app, ["catalog", "import", str(drawn_catalog), "--store", "gs://bucket"])
    assert result.exit_code == 1
    assert "gcloud auth application-default login" in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        *("", "demo", "local up", "evaluate", "bench", "doctor", "catalog import", "encoder export"),
        *("index build", "index publish", "index list", "index rollback"),
    ],
)
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output
