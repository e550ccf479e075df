"""Names in archives: safe to unpack, each of its own."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from closetspace.domain.person.archive_names import ArchiveNames


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("shirt/photo.jpg", "photos/shirt/photo.jpg"),
        ("ü 👕/Foto 1.JPG", "photos/ü 👕/Foto 1.JPG"),
        ("../../etc/passwd", "photos/_/_/etc/passwd"),
        ("shirt/..\\..\\boot.ini", "photos/shirt/_.._boot.ini"),
        ("C:/x", "photos/C_/x"),
        ("shirt//x", "photos/shirt/_/x"),
        ("shirt/con.jpg", "photos/shirt/_con.jpg"),
        ("shirt/a\x00b\n\u202egpj.exe", "photos/shirt/a_b__gpj.exe"),
        ("shirt/dots. . .", "photos/shirt/dots"),
        ("x" * 1000 + ".jpg", "photos/" + "x" * 96 + ".jpg"),
        ("ü" * 500, "photos/" + "ü" * 50),
    ],
)
def test_name_is_kept_as_far_as_it_is_safe(path: str, expected: str) -> None:
    assert ArchiveNames().name("photos", path) == expected


def test_files_that_some_system_takes_for_the_same_get_numbers() -> None:
    names = ArchiveNames()
    paths = ["a/x.jpg", "a/x-2.jpg", "a/X.JPG", "a/x.jpg", "b/x.jpg", "a/x", "a/x"]
    assert [names.name("photos", path) for path in paths] == [
        "photos/a/x.jpg",
        "photos/a/x-2.jpg",
        "photos/a/X-3.JPG",
        "photos/a/x-4.jpg",
        "photos/b/x.jpg",
        "photos/a/x",
        "photos/a/x-2",
    ]


PATHS = st.lists(st.text(st.sampled_from([*"aA./\\: -2\n", "ü", "\u0308", "\ud83d"]), max_size=12), max_size=20)


@given(PATHS)
def test_any_names_are_distinct_and_stay_in_their_folder(paths: list[str]) -> None:
    names = ArchiveNames()
    given = [names.name("photos", path) for path in paths]
    assert len({name.casefold() for name in given}) == len(paths)
    for name in given:
        assert name.isprintable()
        for parts in (PurePosixPath(name).parts, PureWindowsPath(name).parts):
            assert parts[0] == "photos"
            assert len(parts) > 1
            assert not {"", ".", ".."} & set(parts)
