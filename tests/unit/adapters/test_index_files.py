"""The files of index bundles: indexes of an earlier format are read, damaged and foreign ones refused."""

import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from closetspace.adapters.index.checksums import file_hash
from closetspace.adapters.index.reader import Bundle
from closetspace.adapters.index.writer import write_bundle
from closetspace.domain.index.filters import Filters
from closetspace.errors import Incompatible
from tests.support.indexes import NOW, contents, no_score, query, truncate_annoy_file

FORMAT_3 = Path(__file__).parent / "index_of_format_3.zip"
"""``contents(30)``, written by the last release that kept answers in SQLite."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that no test changes."""
    folder = tmp_path_factory.mktemp("whole")
    write_bundle(folder, contents(30), NOW)
    return folder


def test_index_of_format_3_answers_as_one_of_today(whole: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(FORMAT_3) as files:
        files.extractall(tmp_path)
    before, today = (Bundle(folder, exact_scan_items=10_000) for folder in (tmp_path, whole))
    rows = np.arange(30)
    assert (before.manifest.format, today.manifest.format) == (3, 4)
    assert before.items(rows) == today.items(rows)
    assert before.facets == today.facets
    assert before.rows_of(["one-7", "none"]).tolist() == today.rows_of(["one-7", "none"]).tolist()
    for filters in (Filters(gender="Women"), Filters(brands=frozenset({"ARKET"})), Filters(price_max=9)):
        found, expected = before.matching(filters), today.matching(filters)
        assert found is not None
        assert expected is not None
        assert np.array_equal(found, expected)
    old, new = (bundle.candidates("Shoes", query(), 5, None, no_score) for bundle in (before, today))
    assert np.array_equal(old.rows, new.rows)
    assert np.array_equal(old.attributes, new.attributes)


def test_damaged_table_of_format_3_with_a_valid_checksum_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(FORMAT_3) as files:
        files.extractall(tmp_path)
    replace_file(tmp_path, "items.sqlite", b"SQLite format 3\0" + b"\0" * 100)
    with pytest.raises(Incompatible):
        Bundle(tmp_path, exact_scan_items=10_000)


def edit_manifest(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    fields = json.loads((folder / "manifest.json").read_bytes())
    edit(fields)
    (folder / "manifest.json").write_text(json.dumps(fields))


def swap_annoy_file(folder: Path) -> None:
    (folder / "category-000.ann").write_bytes((folder / "category-001.ann").read_bytes())


def move_files_out_of_the_folder(folder: Path) -> None:
    def edit(fields: dict[str, Any]) -> None:
        fields["files"] = {f"../{name}": digest for name, digest in fields["files"].items()}

    edit_manifest(folder, edit)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated Annoy file": truncate_annoy_file,
    "foreign Annoy file": swap_annoy_file,
    "missing columns": lambda folder: (folder / "columns.npz").unlink(),
    "missing answers": lambda folder: (folder / "answers.bin").unlink(),
    "empty manifest": lambda folder: (folder / "manifest.json").write_text("{}"),
    "other format": lambda folder: edit_manifest(folder, lambda fields: fields.update(format=99)),
    "other count": lambda folder: edit_manifest(folder, lambda fields: fields.update(count=299)),
    "files outside the folder": move_files_out_of_the_folder,
    "file without checksum": lambda folder: edit_manifest(folder, lambda fields: fields["files"].pop("vectors.npy")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_bundle_is_refused(tmp_path: Path, damage: str) -> None:
    write_bundle(tmp_path, contents(), NOW)
    DAMAGES[damage](tmp_path)
    with pytest.raises(Incompatible):
        Bundle(tmp_path, exact_scan_items=10_000)


def test_foreign_annoy_file_with_a_valid_checksum_fails_its_canary(tmp_path: Path) -> None:
    """As if the file had been swapped before the manifest was written."""
    write_bundle(tmp_path, contents(), NOW)
    swap_annoy_file(tmp_path)
    checksum = {"category-000.ann": file_hash(tmp_path / "category-000.ann")}
    edit_manifest(tmp_path, lambda fields: fields["files"].update(checksum))
    with pytest.raises(Incompatible, match="canaries"):
        Bundle(tmp_path, exact_scan_items=10_000)


@pytest.mark.parametrize("file", ["answers.bin", "columns.npz"])
def test_file_of_another_catalog_with_a_valid_checksum_is_refused(tmp_path: Path, file: str) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        folder.mkdir()
        write_bundle(folder, contents(30, folder.name), NOW)
    replace_file(one, file, (two / file).read_bytes())
    with pytest.raises(Incompatible):
        Bundle(one, exact_scan_items=10_000)


CONTENTS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("answers.bin", lambda data: data[:-1]),
    ("answers.bin", lambda data: data + b"0"),
    ("answers.bin", lambda data: data[:1]),
    ("columns.npz", lambda data: data[:-50]),
    ("names.json", lambda data: data[:-1]),
    ("names.json", lambda data: data.replace(b'"Arket", ', b"")),
    ("names.json", lambda data: data.replace(b"brand", b"label")),
]


@pytest.mark.parametrize(("file", "change"), CONTENTS)
def test_malformed_file_with_a_valid_checksum_is_refused(
    tmp_path: Path, file: str, change: Callable[[bytes], bytes]
) -> None:
    write_bundle(tmp_path, contents(30), NOW)
    replace_file(tmp_path, file, change((tmp_path / file).read_bytes()))
    with pytest.raises(Incompatible):
        Bundle(tmp_path, exact_scan_items=10_000)


def replace_file(folder: Path, name: str, data: bytes) -> None:
    """Replace a file, and its checksum in the manifest."""
    (folder / name).write_bytes(data)
    checksum = {name: file_hash(folder / name)}
    edit_manifest(folder, lambda fields: fields["files"].update(checksum))


@settings(max_examples=40)
@given(st.data())
def test_any_change_of_any_file_is_refused(whole: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(path.name for path in whole.iterdir() if path.suffix != ".json")))
    content = (whole / name).read_bytes()
    changed = data.draw(damaged(content))
    with tempfile.TemporaryDirectory() as folder:
        for path in whole.iterdir():
            (Path(folder) / path.name).write_bytes(changed if path.name == name else path.read_bytes())
        with pytest.raises(Incompatible):
            Bundle(Path(folder), exact_scan_items=10_000)


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Content that is cut, longer, changed in one byte, or another one."""
    places = st.integers(0, len(content) - 1)
    return st.one_of(
        places.map(lambda place: content[:place]),
        st.binary(min_size=1, max_size=9).map(lambda more: content + more),
        places.map(lambda place: content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]),
        st.binary(max_size=200).filter(lambda other: other != content),
    )
