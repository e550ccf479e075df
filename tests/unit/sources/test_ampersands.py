"""XML with ampersands that begin nothing, as shops write it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_jobs.sources.ampersands import Ampersands
from catalog_jobs.sources.bounded_xml import BoundedXml


def mended(data: bytes, size: int = 1 << 15) -> bytes:
    ampersands = Ampersands()
    parts = [ampersands.mend(data[start : start + size]) for start in range(0, len(data), size)]
    return b"".join([*parts, ampersands.end()])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"Shirt & tie", b"Shirt &amp; tie"),
        (b"H&M", b"H&amp;M"),
        (b"a.jpg?w=1&h=2", b"a.jpg?w=1&amp;h=2"),
        (b"?copy=1&copy=2", b"?copy=1&amp;copy=2"),
        (b"Caf&eacute;&nbsp;&euro;", b"Caf&#233;&#160;&#8364;"),
        (b"&brand;", b"&amp;brand;"),
        (b"&#xyz; &#; &;", b"&amp;#xyz; &amp;#; &amp;;"),
        (b"&amp; &lt; &#39; &#x27;", b"&amp; &lt; &#39; &#x27;"),
        (b"<![CDATA[a & b]]> & c", b"<![CDATA[a & b]]> &amp; c"),
        (b"<!-- a & b --> & c", b"<!-- a & b --> &amp; c"),
        (b"<![CDATA[never & closed", b"<![CDATA[never & closed"),
        (b"&", b"&amp;"),
        (b"", b""),
    ],
)
def test_ampersands_that_begin_nothing_become_text(written: bytes, read: bytes) -> None:
    assert mended(written) == read


@given(
    st.lists(
        st.sampled_from(
            [b"&", b"&amp;", b"&nbsp;", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<a>", b"text", b"]", b"-", b";"]
        )
    ),
    st.integers(1, 20),
)
def test_size_of_the_parts_that_are_read_does_not_matter(words: list[bytes], size: int) -> None:
    data = b"".join(words)
    assert mended(data, size) == mended(data)


def test_entries_behind_an_ampersand_are_read() -> None:
    names = "H&M &nbsp;coat", "Shirt & tie", "<![CDATA[R&B &amp; more]]>"
    xml = "<rss>" + "".join(f"<item><title>{name}</title></item>" for name in names) + "</rss>"
    entries = BoundedXml(io.BytesIO(xml.encode()), ["item"], 1_000)
    assert [entry[0].text for entry in entries] == ["H&M \xa0coat", "Shirt & tie", "R&B &amp; more"]
