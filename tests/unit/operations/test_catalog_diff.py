"""``closetspace catalog diff``: how snapshots are named, and how they differ."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from catalog_jobs.catalog.item import CatalogItem, ScrapedProduct, catalog_item
from catalog_jobs.catalog.item_table import table_of
from catalog_jobs.catalog.snapshots import Snapshots
from catalog_jobs.cli.app import app
from catalog_jobs.operations.snapshot_diff import changed_fields, compare_snapshots, find_snapshot
from closetspace.bootstrap import open_store
from closetspace.errors import FailedPrecondition, InvalidInput, NotFound

NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
NAMES = ["20261120T030000000Z-aaaa1111", "20261121T030000000Z-bbbb2222", "20261121T040000000Z-cccc3333"]


def item(number: int, shop: str = "north", **fields: Any) -> CatalogItem:
    """An item of a shop."""
    fields = {"name": f"Shirt {number}", "price": 19.99, "image_urls": [f"https://shop.example/{number}.jpg"], **fields}
    return catalog_item(ScrapedProduct(id=f"{shop}-{number}", **fields), shop, NOW)


EARLIER = [item(1), item(2), item(3), item(4), item(1, "south"), item(2, "south"), item(3, "south")]
LATER = [
    item(1),
    item(2, price=14.99, in_stock=False),
    item(3, name="Linen shirt 3", colours=("navy", "white")),
    item(4, image_urls=["https://shop.example/4-new.jpg"], price=25),
    item(1, "south"),
    item(2, "south").model_copy(update={"missing_since": NOW}),
    item(9, "south"),
]


BEFORE, AFTER = table_of(EARLIER), table_of(LATER)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NAMES[0], NAMES[0]),
        ("20261120", NAMES[0]),
        ("20261121T03", NAMES[1]),
        ("last", NAMES[2]),
        ("previous", NAMES[1]),
    ],
)
def test_snapshot_is_found_by_name_beginning_or_age(name: str, expected: str) -> None:
    assert find_snapshot(name, NAMES) == expected


def test_ambiguous_beginning_is_refused_with_the_matching_names() -> None:
    with pytest.raises(InvalidInput, match=f"{NAMES[1]}, {NAMES[2]}"):
        find_snapshot("20261121", NAMES)


def test_unknown_snapshot_is_refused_with_similar_names() -> None:
    with pytest.raises(NotFound, match=NAMES[1]):
        find_snapshot("20261121T030000000Z-bbbb2223", NAMES)
    with pytest.raises(NotFound, match=f"There are {NAMES[2]}"):
        find_snapshot("x", NAMES)
    with pytest.raises(NotFound, match="and 7 more"):
        find_snapshot("x", [f"{number:02}" for number in range(12)])


def test_too_few_snapshots_raise_an_error_with_the_next_step() -> None:
    with pytest.raises(FailedPrecondition, match="closetspace catalog refresh"):
        find_snapshot("last", [])
    with pytest.raises(FailedPrecondition, match="none before it"):
        find_snapshot("previous", NAMES[:1])


def test_each_item_counts_once_in_total_and_in_its_shop() -> None:
    found = compare_snapshots(BEFORE, AFTER, examples=3)
    assert found.counts == {
        "new": 1,
        "changed_picture": 1,
        "changed_text": 1,
        "changed_price": 1,
        "gone": 2,
        "unchanged": 2,
    }
    assert set(found.shops) == {"north", "south"}
    for kind, count in found.counts.items():
        assert sum(counts[kind] for counts in found.shops.values()) == count
    assert found.shops["south"]["gone"] == 2


def test_examples_show_changed_fields_up_to_the_limit() -> None:
    found = compare_snapshots(BEFORE, AFTER, examples=1)
    assert {kind: [example.id for example in shown] for kind, shown in found.examples.items()} == {
        "new": ["south-9"],
        "gone": ["south-2"],
        "changed_picture": ["north-4"],
        "changed_text": ["north-3"],
        "changed_price": ["north-2"],
    }
    assert found.examples["changed_price"][0].changed == {"price": ("19.99", "14.99"), "available": ("yes", "no")}
    assert found.examples["gone"][0].changed == {}
    assert compare_snapshots(BEFORE, AFTER, examples=0).examples == {}


def test_changed_fields_are_formatted_as_text() -> None:
    assert changed_fields(EARLIER[0], LATER[0]) == {}
    assert changed_fields(EARLIER[2], LATER[2]) == {
        "name": ("Shirt 3", "Linen shirt 3"),
        "colours": ("", "navy, white"),
    }
    assert changed_fields(EARLIER[3], LATER[3]) == {
        "picture": ("https://shop.example/4.jpg", "https://shop.example/4-new.jpg"),
        "price": ("19.99", "25"),
    }


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with two snapshots."""
    snapshots = Snapshots(open_store(str(tmp_path)))
    snapshots.write(BEFORE, NOW)
    snapshots.write(AFTER, NOW + timedelta(days=1))
    return tmp_path


def diff(store: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["catalog", "diff", "--store", str(store), *arguments], env={"COLUMNS": "120"})


def test_last_two_snapshots_are_compared_by_default(store: Path) -> None:
    result = json.loads(diff(store, "--json").stdout.splitlines()[-1])
    assert (result["before"][:8], result["after"][:8]) == ("20261120", "20261121")
    assert (result["new"], result["gone"], result["unchanged"]) == (1, 2, 2)
    assert result["shops"]["north"]["changed_text"] == 1
    assert result["examples"]["changed_price"] == [
        {
            "id": "north-2",
            "name": "Shirt 2",
            "source": "north",
            "changed": {"price": ["19.99", "14.99"], "available": ["yes", "no"]},
        }
    ]


def test_snapshot_does_not_differ_from_itself(store: Path) -> None:
    result = diff(store, "20261120", "20261120", "--json")
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["unchanged"] == len(BEFORE)
    assert found["examples"] == {}


def test_output_shows_counts_by_shop_and_examples(store: Path) -> None:
    result = diff(store, "20261120", "last", "--limit", "1")
    assert result.exit_code == 0
    for text in (
        "north",
        "south",
        "changed price",
        "gone, 1 of 2",
        "price: 19.99 -> 14.99",
        "colours: - -> navy, white",
    ):
        assert text in result.stdout


def test_unknown_snapshot_exits_with_an_error(store: Path) -> None:
    result = diff(store, "2025", "last")
    assert result.exit_code == 1
    assert "There is no snapshot 2025 here" in result.output
