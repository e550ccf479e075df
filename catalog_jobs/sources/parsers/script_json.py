"""Reads the JSON in a page's script as shops write it: in comments, escaped, with commas and quotes too many."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_MAX_WRAPPING = 2_000
"""Characters before a value that are searched for its start."""

_MAX_REPAIRED = 1_000_000
"""Characters of a script whose mistakes are corrected, which takes microseconds for each of its strings."""

_MAX_VALUES = 1_000

_WRAPPING = re.compile(
    r"""(?:[\s;,\0\ufeff\u200b]
      | <!--(?:[^{\[>]{0,200}-->)?
      | (?://|/\*)?\ ?<!\[CDATA\[\ ?(?:\*/)?
      | //[^\n]*\n
      | /\*(?:[^*]|\*(?!/))*+\*/
      | </?(?:p|br)\ ?/?>
    )*+""",
    re.VERBOSE,
)
_BEGINNINGS = ("{", "[", '"')
_ESCAPED_QUOTES = ("&quot;", "&#34;", "&#034;", "&#x22;")

_MISTAKE = re.compile(
    r"""("(?:[^"\\]|\\.)*+"?)
      | //[^\n]*
      | /\*(?:[^*]|\*(?!/))*+(?:\*/)?
      | ,(?=\s*[}\],])
      | :(?=\s*[,}\]])
      | </?(?:p|br)\ ?/?>
      | (?<=})\s*+;?\s*+(?={)
    """,
    re.VERBOSE | re.DOTALL,
)
"""A string, or what JSON forbids outside of strings: comments, commas too many, names without a value, tags that
an editor of pages puts in, and no comma between two objects."""

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_STRING_WITH_QUOTES = re.compile(
    r"""(?<![^\s{\[,:])"((?:[^"\\]|\\.|"(?!\s*(?:[:}\]]|,\s*["{\[}\]\d-]|,?\s*$)))*+)("?)""", re.DOTALL
)
"""A string with quotes that are not escaped: its last quote comes before a colon, a bracket, or another value.

All parts match whatever follows, so that no text is searched twice."""


class ScriptJson(NamedTuple):
    """The values in a script in their order. ``is_broken`` says that more could not be read."""

    values: tuple[Any, ...]
    is_broken: bool


def read_script(text: str) -> ScriptJson:
    """Return the JSON values in a script, of which most scripts have one."""
    best = ScriptJson((), True)
    for attempt in _attempts(text):
        read = _values(attempt)
        if not read.is_broken:
            return read
        best = max(best, read, key=lambda one: len(one.values))
    return best


def _attempts(text: str) -> Iterator[str]:
    """Yield the text as it is, and with ever more liberties."""
    yield text
    is_escaped = any(quote in text for quote in (*_ESCAPED_QUOTES, "&amp;quot;"))
    if is_escaped and '"' not in text:
        text = html.unescape(text.replace("&amp;quot;", "&quot;") if "&quot;" not in text else text)
        yield text
    if len(text) > _MAX_REPAIRED:
        return
    yield _corrected(text)
    yield _corrected(_STRING_WITH_QUOTES.sub(_escape_quotes, text))
    if is_escaped:
        yield _corrected(_STRING_WITH_QUOTES.sub(_escape_quotes, html.unescape(text)))


def _values(text: str, *, is_nested: bool = False) -> ScriptJson:
    decoder = json.JSONDecoder(strict=False)
    values: list[Any] = []
    end = _skip_wrapping(text, 0)
    while text.startswith(_BEGINNINGS, end) and len(values) < _MAX_VALUES:
        try:
            value, end = decoder.raw_decode(text, end)
        except (ValueError, RecursionError):
            return ScriptJson(tuple(values), True)
        # Some templates write the JSON as a string of JSON.
        values += (
            _values(value, is_nested=True).values or [value] if isinstance(value, str) and not is_nested else [value]
        )
        end = _skip_wrapping(text, end)
    return ScriptJson(tuple(values), not values)


def _skip_wrapping(text: str, start: int) -> int:
    match = _WRAPPING.match(text, start, start + _MAX_WRAPPING)
    return match.end() if match else start


def _corrected(text: str) -> str:
    """Return text without what JSON forbids but shops write. Twice: a comma may come before a comment."""
    return _MISTAKE.sub(_correct, _MISTAKE.sub(_correct, text))


def _correct(match: re.Match[str]) -> str:
    if match[1]:
        return _ESCAPE.sub(_correct_escape, match[1])
    return {"/": " ", "<": " ", ",": "", ":": ": null"}.get(match[0][:1], ",")


def _correct_escape(match: re.Match[str]) -> str:
    escaped = match[1]
    if escaped[0] in '"\\/bfnrt' or (escaped[0] == "u" and len(escaped) > 1):
        return match[0]
    return f"\\u00{escaped[1:]}" if escaped[0] == "x" and len(escaped) > 1 else escaped


def _escape_quotes(match: re.Match[str]) -> str:
    inner = re.sub(r'(?<!\\)"', r"\"", match[1])
    return f'"{inner}{match[2]}'
