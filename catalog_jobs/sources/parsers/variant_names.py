"""Finds what distinguishes the variants of a product by their names: ``Coat - Dark Red / S`` is ``Dark Red``."""

import re
from collections.abc import Sequence
from itertools import takewhile

_SEPARATOR = re.compile(r"[\s,;|()\[\]\u2013\u2014\u2022\u00b7]+|(?<!\S)[-/:](?!\S)|(?<=\S)[-:](?=\s)")
_MAX_NAME_WORDS = 50
_MAX_WORDS = 5
"""Words of a look. More are a description."""

_UNIT = r"""(?:cm|mm|in|["'\u2033]|y|yrs?|m|mo|a|t|j|[a-k]{1,3}|w|r)"""
_SYSTEM = "(?:eu|us|uk|it|fr|de|jp|au|w|l|gr|size)"
_SIZE = re.compile(
    rf"""x{{0,4}}[sl] | m | [2-8]x[sl]? | x-?(?:small|large) | small | medium | large
      | {_SYSTEM}\.? | (?:cm|mm|inch|in|ml|t|tg|sz)\.? | {_SYSTEM}?[-.]?\d{{1,3}}(?:[.,\u00bd]\d?)?{_UNIT}?
      | \d{{1,3}}[-x]\d{{1,3}}(?:cm|m|y|yrs?|a|mo)? | w\d{{2}}l\d{{2}}
      | years? | yrs | months? | jahre | monate | ans | mois | años | anni | mesi | anos | meses | jaar | lat
      | größe | grösse | taille | talla | taglia | tamanho | maat | rozmiar | storlek | størrelse | beden | サイズ
      | one | os | osfa | onesize | one-size | einheitsgröße | unique | única | único | unica | tu
      | regular | petite | tall | short | long | slim | wide | narrow | plus | curve | maternity""",
    re.VERBOSE | re.IGNORECASE,
)
"""A word of a size, a length or a fit."""


def look_names(names: Sequence[str], product: str, sizes: Sequence[str]) -> list[str]:
    """Return for each variant's name what is its own: without the product's name, what all share, and sizes.

    ``sizes`` are the variants' own, each ``""`` if it is not known. A name without anything of its own gives ``""``.
    """
    words = [_words(name) for name in names]
    shared = _words(product)
    rest = [_without(own, shared) for own in words]
    if not shared or any(own == left for own, left in zip(words, rest, strict=True)):
        before, after = _shared_ends(words)
        rest = [own[before : len(own) - after] for own in words]
    looks = [" ".join(_without_size(own, size)) for own, size in zip(rest, sizes, strict=True)]
    return looks if all(look.count(" ") < _MAX_WORDS for look in looks) else [""] * len(looks)


def shared_name(names: Sequence[str]) -> str:
    """Return the words with which all names begin, the first name if they share none."""
    words = [_words(name) for name in names]
    before, _ = _shared_ends(words)
    # The words of a name, with what is between them.
    pattern = r".*?".join(map(re.escape, words[0][:before])) if words else ""
    found = re.match(pattern, names[0]) if names and before < len(words[0]) else None
    return found[0] if found and found[0] else next(iter(names), "")


def _words(text: str) -> list[str]:
    return [word for word in _SEPARATOR.split(text) if word][:_MAX_NAME_WORDS]


def _without(words: Sequence[str], shared: Sequence[str]) -> list[str]:
    """Return words without the first occurrence of others in a row."""
    folded, wanted = [word.casefold() for word in words], [word.casefold() for word in shared]
    places = range(len(folded) - len(wanted) + 1)
    start = next((place for place in places if folded[place : place + len(wanted)] == wanted), len(folded))
    return [*words[:start], *words[start + len(wanted) :]]


def _shared_ends(names: Sequence[Sequence[str]]) -> tuple[int, int]:
    """Return how many words all names have in common at their beginning and, of the others, at their end."""
    before = _shared_beginning(names)
    return before, _shared_beginning([name[before:][::-1] for name in names])


def _shared_beginning(names: Sequence[Sequence[str]]) -> int:
    return sum(1 for _ in takewhile(lambda words: len(set(map(str.casefold, words))) == 1, zip(*names, strict=False)))


def _without_size(words: Sequence[str], size: str) -> list[str]:
    own = {word.casefold() for word in _words(size)}
    parts = ([part for part in word.split("/") if part and not _is_size(part, own)] for word in words)
    return ["/".join(left) for left in parts if left]


def _is_size(word: str, own: set[str]) -> bool:
    return word.casefold() in own or _SIZE.fullmatch(word) is not None
