"""Reads whom a thing is made for from what shops write about gender and age, in the languages of large markets."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from catalog_jobs.catalog.item import MAX_TEXT, MAX_URL
from catalog_jobs.sources.parsers import audience_words as words
from catalog_jobs.sources.parsers.values import as_list, text_of

_CHILD_YEARS = 14
_CACHED = 10_000
"""Texts of which the answers are kept: a source repeats few categories a million times."""

_AGE = re.compile(r"(\d{1,2})\s*(?:y|yrs?|years?|jahre|ans|años|anni|anos|jaar|lat|år|yaş)\b")
_MONTHS = re.compile(r"\d\s*(m|mo|months?|monate|mois|meses|mesi|maanden|miesięcy|mån|mdr|ay)\b")
_STEPS = re.compile(r"[>/|\\\u203a\u00bb]+|\s-\s")
_WORD = re.compile(r"\w+")


def _plain(text: str) -> str:
    """Return text in lower case without accents, as addresses write it."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate({0x131: "i", 0x142: "l"}))
    return unicodedata.normalize("NFKC", "".join(letter for letter in decomposed if not _is_accent(letter)))


def _is_accent(letter: str) -> bool:
    # Not the marks of kana, which make other letters.
    return unicodedata.combining(letter) > 0 and letter < "\u3000"


def _people(*lists: tuple[str, Iterable[str]]) -> dict[str, str]:
    return {_plain(word): people for people, names in lists for word in names}


_CERTAIN = _people(("Women", words.WOMEN), ("Men", words.MEN), ("Unisex", words.UNISEX))
"""Adults, whom a word names wherever it stands."""

_CHILDREN = _people(("Girls", words.GIRLS), ("Boys", words.BOYS), ("Child", words.CHILDREN))
_ALONE = _CERTAIN | _CHILDREN | _people(*words.ALONE.items())
_IN_FIELDS = _ALONE | _people(*words.IN_FIELDS.items())
_FILLERS = frozenset(map(_plain, words.FILLERS))
_WITHOUT_SPACES = {word: people for word, people in _ALONE.items() if len(word) > 1 and word > "\u3000"}
"""Japanese and Chinese, which write no spaces between words."""


def gender_of(value: Any, age: Any = "") -> str:
    """Return the catalog's word for a gender and an age group; unknown words stay as they are."""
    values = tuple(text for entry in as_list(value) if (text := text_of(entry)))
    return _gender_of_texts(values, tuple(map(text_of, as_list(age)))) or next(iter(values), "")


def gender_in(category: str, url: str = "") -> str:
    """Return the gender that a category or else the path of a URL names for certain, ``""`` if neither does."""
    return _gender_of_category(category[:MAX_TEXT]) or _gender_of_steps(_folders(url[:MAX_URL]))


@lru_cache(_CACHED)
def _gender_of_texts(values: tuple[str, ...], ages: tuple[str, ...]) -> str:
    people = {name for text in values for name in _named_in_field(text)}
    return _gender(people, any(map(is_for_children, ages))) or ("Unisex" if _is_for_all(people) else "")


@lru_cache(_CACHED)
def is_for_children(age: str) -> bool:
    """Return whether an age group, or a range of ages, is that of children."""
    text = age.casefold()
    if match := _AGE.search(text):
        return int(match[1]) <= _CHILD_YEARS
    named = {_IN_FIELDS.get(word) for word in _words(_last_part(age))}
    return bool(_MONTHS.search(text)) or not named.isdisjoint(("Child", "Girls", "Boys"))


@lru_cache(_CACHED)
def _named_in_field(text: str) -> frozenset[str]:
    found = _words(_last_part(text))
    known = [_IN_FIELDS.get(word) for word in found if word not in _FILLERS or word in _IN_FIELDS]
    return frozenset(filter(None, known)) if all(known) else frozenset(_certain(found))


@lru_cache(_CACHED)
def _gender_of_category(category: str) -> str:
    return _gender_of_steps(_STEPS.split(category))


def _gender_of_steps(steps: Iterable[str]) -> str:
    people = {name for step in steps for name in _named_in_step(step)}
    return _gender(people - {"Child"}, "Child" in people) if people else ""


@lru_cache(_CACHED)
def _named_in_step(step: str) -> frozenset[str]:
    found = _words(step)
    others = [word for word in found if word not in _FILLERS]
    if others and all(word in _ALONE for word in others):
        return frozenset(_ALONE[word] for word in others)
    return frozenset(_certain(found))


def _certain(found: Iterable[str]) -> Iterator[str]:
    for word in found:
        if word in _CERTAIN:
            yield _CERTAIN[word]
        for people, beginnings in words.COMPOUND_BEGINNINGS.items():
            if word.startswith(beginnings):
                yield people


def _gender(people: Iterable[str], is_child: bool) -> str:
    """Return the one gender of the people, ``""`` if there are several or none."""
    named = set(people)
    is_child = is_child or not named.isdisjoint(("Child", "Girls", "Boys"))
    genders = {{"Girls": "Women", "Boys": "Men"}.get(name, name) for name in named - {"Child"}}
    if len(genders) != 1 or named in ({"Women", "Girls"}, {"Men", "Boys"}):
        return ""
    gender = genders.pop()
    return {"Women": "Girls", "Men": "Boys"}.get(gender, gender) if is_child else gender


def _is_for_all(people: Iterable[str]) -> bool:
    return {"Women", "Men"} <= set(people) or {"Girls", "Boys"} <= set(people) or "Unisex" in set(people)


def _words(text: str) -> list[str]:
    """Return the words of a text; of one without spaces, those that name people."""
    folded = _plain(text.replace("'", "").replace("\u2019", ""))
    if any(letter > "\u3000" for letter in folded):
        known = [word for word in _WITHOUT_SPACES if word in folded]
        return known or _WORD.findall(folded)
    return _WORD.findall(folded.replace("_", " "))


def _last_part(value: str) -> str:
    """Return the term of a URL such as ``https://schema.org/Female``, other text as it is."""
    return re.split("[/#]", value.rstrip("/"))[-1] if value.startswith("http") else value


def _folders(url: str) -> Iterator[str]:
    """Yield the parts of a URL's path without numbers, and without the last one, which has the words of a name."""
    for part in url.partition("?")[0].split("/")[3:-1]:
        if not any(map(str.isdecimal, part)) or "%" in part:
            yield unquote(part).replace("-", " ")
