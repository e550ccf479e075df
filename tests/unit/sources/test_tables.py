"""Tables as shops export them: every separator, encoding and quoting, with no row lost without being counted."""

import bz2
import gzip
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog_jobs.catalog.folder import TOO_MANY_VALUES
from catalog_jobs.catalog.source import SourceResult
from catalog_jobs.sources.feeds.encodings import WINDOWS_1252
from catalog_jobs.sources.feeds.feed import LIMITS, read_feed
from catalog_jobs.sources.feeds.limits import FeedLimits
from catalog_jobs.sources.feeds.table_rows import TOO_FEW_VALUES
from catalog_jobs.sources.items import SourceDefaults
from closetspace.errors import InvalidInput

NOW = datetime(2026, 11, 24, tzinfo=UTC)
HEADER = "id,title,image_link,price"


@pytest.fixture
def read(tmp_path: Path) -> Any:
    def read_content(content: str | bytes, limits: FeedLimits = LIMITS, **defaults: Any) -> SourceResult:
        path = tmp_path / "feed"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_feed(str(path), SourceDefaults("ono", **defaults), NOW, limits)

    return read_content


def table(*rows: str, separator: str = ",", header: str = HEADER) -> str:
    return "".join(f"{row.replace(',', separator)}\n" for row in (header, *rows))


def image(number: int) -> str:
    return f"https://a.example/{number}.jpg"


def names(result: SourceResult) -> list[tuple[str, str, float | None]]:
    return [(item.id, item.name, item.price) for item in result.items]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ('1\t"Best" coat\t{}\t10 USD', '"Best" coat'),
        ('1\t"Dream coat\t{}\t10 USD', '"Dream coat'),
        ('1\tDream coat"\t{}\t10 USD', 'Dream coat"'),
        ('1\t15" bag\t{}\t10 USD', '15" bag'),
        ('1\t"Coat"\t{}\t10 USD', "Coat"),
        ('1\t"The ""best"" coat"\t{}\t10 USD', 'The "best" coat'),
        ('1\t"A ""coat\t{}\t10 USD', '"A ""coat'),
        ('1\t"Coat"\t"{}"\t"10 USD"', "Coat"),
        ('1\t"Coat\twith a tab"\t{}\t10 USD', "Coat with a tab"),
        ('1\t"Coat\nof two lines"\t{}\t10 USD', "Coat of two lines"),
        ("1\tO'Neill coat\t{}\t10 USD", "O'Neill coat"),
        ("1\tCoat &quot;Ono&quot; &amp;amp; belt\t{}\t10 USD", 'Coat "Ono" & belt'),
    ],
)
def test_quotes_in_a_table_with_tabs_move_no_value(read: Any, row: str, name: str) -> None:
    after = [f"{number}\tBag {number}{mark}\t{image(number)}\t{number}0 USD" for number, mark in ((2, ""), (3, '"'))]
    content = "\n".join([HEADER.replace(",", "\t"), row.format(image(1)), *after])
    result = read(content)
    assert names(result) == [("1", name, 10.0), ("2", "Bag 2", 20.0), ("3", 'Bag 3"', 30.0)]
    assert dict(result.left_out) == {}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ('"Coat, long"', "Coat, long"),
        ('"Coat\nof two lines"', "Coat of two lines"),
        ('"Coat\n\nof ""three"" lines, long"', 'Coat of "three" lines, long'),
        ('"Best" coat', '"Best" coat'),
        ('"Dream coat', '"Dream coat'),
        ('15" bag', '15" bag'),
        ('"A \\"coat\\", long"', 'A "coat", long'),
        ('"Best" coat "Ono"', '"Best" coat "Ono"'),
        (' "Coat, long"', "Coat, long"),
    ],
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_quotes_in_a_table_with_commas_move_no_value(read: Any, title: str, name: str, separator: str) -> None:
    rows = ["{0},{1},{2},10 USD", '"2","Bag, small",{3},20 USD', '3,Bag 3",{4},30 USD']
    lines = [row.replace(",", separator) for row in (HEADER, *rows)]
    lines[2] = lines[2].replace(f"Bag{separator}", "Bag,")
    values = ["1", title, image(1), image(2), image(3)]
    result = read("\r\n".join(lines).format(*values))
    assert names(result) == [("1", name, 10.0), ("2", "Bag, small", 20.0), ("3", 'Bag 3"', 30.0)]
    assert dict(result.left_out) == {}


def test_last_value_of_a_table_with_tabs_may_have_several_lines(read: Any) -> None:
    header = "id\timage_link\tprice\ttitle\n"
    rows = [f'1\t{image(1)}\t10 USD\t"Coat\nof two lines"', f'2\t{image(2)}\t20 USD\t"Bag', f"3\t{image(3)}\t30 USD\tC"]
    result = read(header + "\n".join([*rows, f'4\t{image(4)}\t40 USD\tD"']))
    assert names(result) == [
        *(("1", "Coat of two lines", 10.0), ("2", '"Bag', 20.0)),
        *(("3", "C", 30.0), ("4", 'D"', 40.0)),
    ]


def test_two_rows_with_a_stray_quote_each_are_not_one_row(read: Any) -> None:
    result = read(table(f'1,"Dream coat,{image(1)},10 USD', f"2,B,{image(2)},20 USD", f'3,C",{image(3)},30 USD'))
    assert names(result) == [("1", '"Dream coat', 10.0), ("2", "B", 20.0), ("3", 'C"', 30.0)]


def test_row_with_too_many_values_is_left_out_with_its_line(read: Any) -> None:
    rows = [f"1,A,{image(1)},10 USD", f"2,Coat, long, blue,{image(2)},20 USD", f"3,C, c,{image(3)},30 USD"]
    result = read(table(*rows))
    assert names(result) == [("1", "A", 10.0)]
    assert dict(result.left_out) == {f"{TOO_MANY_VALUES}, first in line 3": 2}


def test_empty_values_beyond_the_last_column_change_nothing(read: Any) -> None:
    result = read(table(f"1,A,{image(1)},10 USD,,,", ",,,,,,", "", f"2,B,{image(2)},20 USD,"))
    assert names(result) == [("1", "A", 10.0), ("2", "B", 20.0)]
    assert dict(result.left_out) == {}


def test_row_with_too_few_values_is_kept_if_it_can_be_and_counted(read: Any) -> None:
    result = read(table(f"1,A,{image(1)}", "2,B", f"3,C,{image(3)},30 USD"))
    assert names(result) == [("1", "A", None), ("3", "C", 30.0)]
    reason = f"{TOO_FEW_VALUES}, first in line 3"
    assert result.left_out == {f"{TOO_FEW_VALUES} (kept), first in line 2": 1, reason: 1}


def test_line_numbers_count_every_line_of_the_file(read: Any) -> None:
    content = f'sep=,\n\n{HEADER}\n1,"A\nB",{image(1)},10 USD\n2,B, b,{image(2)},20 USD\n'
    assert dict(read(content).left_out) == {f"{TOO_MANY_VALUES}, first in line 6": 1}


@pytest.mark.parametrize(
    "before",
    [
        "\n",
        "\r\n \r\n",
        "sep=;\n",
        "\ufeffsep=;\r\n",
        '"sep=;"\n',
        "SEP=;\n\n",
        "# Products of Ono\n",
        "# Required | A unique id, 100 characters at most;# Required | The name\n",
        "Products of Ono; 2026-11-24\n\n",
    ],
)
def test_lines_above_the_header_are_skipped(read: Any, before: str) -> None:
    result = read(before + table(f"1,A,{image(1)},10 USD", separator=";"))
    assert names(result) == [("1", "A", 10.0)]


def test_separator_is_the_one_that_names_the_columns(read: Any) -> None:
    content = f"id;title|en;image_link;price, with tax\n1;A|B, C;{image(1)};10 USD\n"
    assert names(read(content, columns={"title": ("title|en",), "price": ("price, with tax",)})) == [
        ("1", "A|B, C", 10.0)
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_table_is_read_in_every_unicode_encoding(read: Any, encoding: str) -> None:
    result = read(table(f"1,Größe Łódź コート,{image(1)},10 USD").encode(encoding))
    assert names(result) == [("1", "Größe Łódź コート", 10.0)]
    assert dict(result.left_out) == {}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_xml_is_read_in_utf_16(read: Any, encoding: str) -> None:
    entry = f"<item><id>1</id><title>Größe</title><image_link>{image(1)}</image_link></item>"
    content = f'<?xml version="1.0" encoding="UTF-16"?><rss><channel>{entry}</channel></rss>'
    assert names(read(content.encode(encoding))) == [("1", "Größe", None)]


@pytest.mark.parametrize("name", ["Café", "Größe \u2013 5 €", "été", "Men\u2019s Coat", "Señora", "Coração", "Blåbær"])
def test_western_text_in_windows_1252_is_read_and_counted(read: Any, name: str) -> None:
    rows = [f"1,{name},{image(1)},10 USD", f"2,Plain,{image(2)},20 USD"]
    result = read(table(*rows).encode("cp1252"))
    assert names(result) == [("1", name, 10.0), ("2", "Plain", 20.0)]
    assert dict(result.left_out) == {f"{WINDOWS_1252}, first in line 2": 1}


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("Пальто зимнее", "cp1251"),
        ("żółta sukienka", "cp1250"),
        ("k\u0131rm\u0131z\u0131", "cp1254"),
        ("コート", "shift-jis"),
    ],
)
def test_text_in_an_encoding_that_is_not_certain_is_counted_instead(read: Any, name: str, encoding: str) -> None:
    result = read(table(f"1,{name},{image(1)},10 USD", f"2,Plain,{image(2)},20 USD").encode(encoding))
    assert names(result) == [("2", "Plain", 20.0)]
    assert dict(result.left_out) == {"its text is not UTF-8": 1}


def test_control_characters_are_no_part_of_a_name(read: Any) -> None:
    assert names(read(table(f"1,Co\0at\x0b long\x1f,{image(1)},10 USD"))) == [("1", "Coat long", 10.0)]
    entry = f"<item><id>1</id><title>Co\0at \x02long</title><image_link>{image(1)}</image_link></item>"
    assert names(read(f"<rss><channel>{entry}</channel></rss>")) == [("1", "Coat long", None)]


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return buffer.getvalue()


FEED = table(f"1,A,{image(1)},10 USD")


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(FEED.encode()),
        bz2.compress(FEED.encode("utf-16")),
        zipped(feed_dot_csv=FEED),
        zipped(exports__feed_dot_TXT=FEED, readme_dot_md="hello", MACOSX_dot_="x"),
        zipped(feed=FEED),
    ],
    # Names of their own: gzip writes the time into its header, and every worker has to find the same tests.
    ids=["gzip", "bzip2", "zip", "zip with other files", "zip of a file without ending"],
)
def test_compressed_table_is_read(read: Any, content: bytes) -> None:
    assert names(read(content)) == [("1", "A", 10.0)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (zipped(a_dot_csv=FEED, b_dot_csv=FEED), "has 2 files, of which one has to be chosen: a.csv, b.csv"),
        (zipped(), "its ZIP archive is empty"),
        (zipped(xl__workbook_dot_xml="<x/>"), "it is an Excel workbook: save it as CSV"),
        (zipped(feed_dot_csv=FEED)[:-30], "its ZIP archive can't be read"),
    ],
)
def test_archive_without_one_feed_is_refused(read: Any, content: bytes, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        read(content)


def test_bombs_are_bounded(read: Any) -> None:
    bomb = FEED + " " * 3_000_000
    for content in (gzip.compress(bomb.encode()), bz2.compress(bomb.encode()), zipped(feed_dot_csv=bomb)):
        assert "unpacks to more than 1,000,000 bytes" in read(content, FeedLimits(unpacked=1_000_000)).failure
    many = zipped(**{f"{number}-{'x' * 200}": "" for number in range(4_000)})
    with pytest.raises(InvalidInput, match="its list of files is too long"):
        read(many)


def test_broken_archive_has_a_failure(read: Any) -> None:
    packed = bytearray(zipped(feed_dot_csv=table(*(f"{n},A{n * 7919},{image(n)},10 USD" for n in range(9_000)))))
    packed[60_000] ^= 255
    assert "the compressed file is broken" in read(bytes(packed)).failure
