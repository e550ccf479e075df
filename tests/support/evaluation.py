"""Datasets, commands and HTML pages of the tests of evaluation."""

import csv
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from catalog_jobs.cli.app import app
from closetspace.services.embed_catalog import Progress
from tests.conftest import ignore_progress
from tests.support.journey import photo

HOSTILE = "\"><script>alert('1')</script><img src=https://evil.example/x.png onerror=alert(1)>"


def read_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "products.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(folder: Path, rows: list[dict[str, str]]) -> Path:
    (folder / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "products.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return folder


def write_dataset(folder: Path, rows: list[dict[str, str]]) -> Path:
    """Write products with a picture of noise each."""
    write_rows(folder, rows)
    for number, row in enumerate(rows):
        (folder / "images" / f"{row['id'].strip()}.jpg").write_bytes(photo(number))
    return folder


def link_dataset(folder: Path, source: Path, rows: list[dict[str, str]]) -> Path:
    """Write products whose pictures are those of another dataset."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "images").symlink_to(source / "images")
    return write_rows(folder, rows)


def write_photos(folder: Path, classes: dict[str, int]) -> Path:
    """Write photos of noise, so many of each class."""
    for number, (photo_class, count) in enumerate(classes.items()):
        (folder / photo_class).mkdir(parents=True)
        for one in range(count):
            (folder / photo_class / f"{one}.jpg").write_bytes(photo(100 * number + one))
    return folder


def write_json(file: Path, content: Any) -> Path:
    file.write_text(json.dumps(content))
    return file


@contextmanager
def silent(_step: str) -> Iterator[Progress]:
    """Show no progress."""
    yield ignore_progress


def invoke(*arguments: object) -> Any:
    """Run ``closetspace`` in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def invoke_json(*arguments: object) -> dict[str, Any]:
    """Run ``closetspace`` with ``--json`` and return its result."""
    result = invoke(*arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return answer


def invoke_error(*arguments: object) -> str:
    """Run ``closetspace``, which must fail with 1, and return its standard error as one line."""
    result = invoke(*arguments)
    assert result.exit_code == 1, result.output
    return str(result.stderr).replace("\n", " ")


def usage_error(*arguments: object) -> str:
    """Run ``closetspace``, which must reject its options, and return the message without its frame."""
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", result.stderr).split())


class HtmlPage(HTMLParser):
    """A parsed page: its tags and attributes. Parsing fails if tags are not closed in order."""

    VOID = ("meta", "img", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def values(self, *names: str) -> list[str]:
        """Return the values of all attributes with these names."""
        return [str(value) for name, value in self.attributes if name in names]


def parse_page(page: str) -> HtmlPage:
    parsed = HtmlPage()
    parsed.feed(page)
    parsed.close()
    assert parsed.open == []
    return parsed


def check_no_injection(page: str) -> None:
    """Check that `HOSTILE`, which the page shows, is text and not markup."""
    parsed = parse_page(page)
    assert "script" not in parsed.tags
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]
    assert HOSTILE not in page
    assert "&lt;script&gt;" in page
