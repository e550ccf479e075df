"""Returns the value of numbers whose separators can be those of decimals or of groups."""

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

NUMBER = re.compile(r"(?:(?<![^\W\d_])[.,·])?\d+(?:(?: (?=\d{3}(?!\d))|['.,·])\d+)*")
"""A number with its separators, as `normalise_number` writes them. A space separates groups of three digits alone; a
stop behind a letter is that of an abbreviation (``Rs.1299``)."""

_GROUPS = re.compile(r"\d{1,3}(?:([ '.,])\d{3})(?:\1\d{3})*|\d{1,2}(?:,\d{2})+,\d{3}")
"""Digits in groups of three, or of two and a last one of three as in India."""

_ANY_MARK = r"[ '.,·]"

_SEPARATORS = str.maketrans("\u066b\u066c\u2018\u2019\u00b4`\uff0e\uff0c", "·'''''.,", "\u200e\u200f")
"""Separators of Arabic, apostrophes, full-width punctuation, and marks of the direction of writing."""

_FOREIGN_DIGIT = re.compile(r"(?![0-9])\d")

_CERTAIN_SHARE = 0.95
"""Share of a source's numbers that has to agree on a separator: every large feed has some numbers typed by hand."""

_LIKELY_GROUPS = 5
"""Different numbers such as 45.999, with no other kind among them, that show that a separator is that of groups."""


def normalise_number(text: str) -> str:
    """Return text with ASCII digits, plain spaces and one character for each kind of separator.

    ``'`` separates groups and ``·`` decimals in any locale; what ``.`` and ``,`` separate has to be found.
    """
    if text.isascii() and "`" not in text:
        return " ".join(text.split())
    text = _FOREIGN_DIGIT.sub(lambda digit: str(int(digit[0])), text.translate(_SEPARATORS))
    return " ".join(text.split())


class NumberFormat:
    """What ``.`` and ``,`` separate in a source's numbers, learnt from those that can be read in one way only."""

    def __init__(self) -> None:
        self._decimal: Counter[str] = Counter()
        self._group: Counter[str] = Counter()
        self._likely_groups: dict[str, set[str]] = {".": set(), ",": set()}

    def learn(self, text: str, decimals: int = 2) -> None:
        """Note what the separators in a text's numbers mean; prices in its currency have ``decimals``."""
        for number in NUMBER.findall(normalise_number(text)):
            marks = [mark for mark in number if mark in ".,"]
            if not marks or "·" in number:
                continue
            other = set(marks) - {marks[-1]}
            if other or (len(marks) == 1 and not may_be_grouped(number, marks[-1])):
                self._decimal[marks[-1]] += 1
                self._group.update(other)
            elif len(marks) > 1:
                self._group[marks[-1]] += _GROUPS.fullmatch(number) is not None
            elif decimals < 3 and number[-1] != "0" and len(self._likely_groups[marks[-1]]) < _LIKELY_GROUPS:
                # Two decimals that are written as three end with a zero.
                self._likely_groups[marks[-1]].add(number)

    def separates_decimals(self, mark: str) -> bool | None:
        """Return whether a separator is that of decimals, None if it is not known. Raises ValueError if it is both."""
        decimal, group = self._decimal[mark], self._group[mark]
        if not decimal and not group:
            # Or the other one separates decimals, so this one does not.
            is_group = len(self._likely_groups[mark]) == _LIKELY_GROUPS or self._decimal["." if mark == "," else ","]
            return False if is_group else None
        share = decimal / (decimal + group)
        if 1 - _CERTAIN_SHARE < share < _CERTAIN_SHARE:
            raise ValueError("the numbers contradict each other")
        return share > _CERTAIN_SHARE


def may_be_grouped(number: str, mark: str) -> bool:
    """Return whether the digits around a number's only separator may be a group: ``1.299``, not ``1299.000``."""
    head, tail = number.split(mark)
    return bool(re.fullmatch(r"[1-9]\d{0,2}", head)) and len(tail) == 3


def parse_number(number: str, decimals: int, numbers: NumberFormat) -> Decimal | None:
    """Return the value of a number of a currency with ``decimals``, or None if it can be read in two ways."""
    try:
        mark = _decimal_mark(number, decimals, numbers.separates_decimals)
    except ValueError:
        return None
    whole, _, fraction = number.rpartition(mark) if mark else (number, "", "0")
    if not fraction.isdecimal() or not (whole.isdecimal() or not whole or _GROUPS.fullmatch(whole)):
        return None
    return Decimal(f"{re.sub(_ANY_MARK, '', whole) or 0}.{fraction}")


def _decimal_mark(number: str, decimals: int, separates_decimals: Callable[[str], bool | None]) -> str:
    """Return the separator of a number's decimals, ``""`` if it has none. Raises ValueError if that is not certain."""
    marks = [letter for letter in number if letter in ".,·"]
    if not marks or (len(marks) > 1 and len(set(marks)) == 1):
        return ""
    last = marks[-1]
    if len(marks) > 1 or last == "·" or not may_be_grouped(number, last):
        return last
    is_known = separates_decimals(last)
    if is_known is None:
        return _likely_mark(number, last, decimals)
    if is_known and (decimals == 0 or (decimals < 3 and not _is_payable(number))):
        raise ValueError(f"{number} has more decimals than its currency")
    return last if is_known else ""


def _likely_mark(number: str, mark: str, decimals: int) -> str:
    """Decide on one separator before three digits, of which nothing else is known."""
    is_one_digit = number[1] == mark
    if decimals >= 3 and (mark == "." or not is_one_digit):
        return mark
    # Nobody asks 1.299 of a currency with two decimals, and few things cost ten thousand.
    if decimals == 0 or (decimals < 3 and (mark == "," or is_one_digit)):
        return ""
    raise ValueError(f"{number} may have decimals")


def _is_payable(number: str) -> bool:
    """Return whether three decimals are a rounded price's or an amount of two decimals."""
    return number.endswith("0") or len(number) > len("1.299")
