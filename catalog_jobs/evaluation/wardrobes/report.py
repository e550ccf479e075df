"""The comparison as one HTML page without references to other files: a table, and shoppers as pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from catalog_jobs.evaluation.encoders.material import Decode
from catalog_jobs.evaluation.encoders.report import template, thumbnail
from catalog_jobs.evaluation.metrics.encoders import Rows
from catalog_jobs.evaluation.metrics.personas import PAGE
from catalog_jobs.evaluation.wardrobes.comparison import Comparison, header, lines
from catalog_jobs.evaluation.wardrobes.methods import OURS, PROTOTYPE, ours
from catalog_jobs.evaluation.wardrobes.shop import Shopper, words_of
from closetspace.domain.ranking.reasons import explain

SHOPPERS = 12
"""Shown as pictures: with 55 each the page is about 3 MB."""

Picture = Callable[[Path], str]
"""A picture's file to a data URI."""


@dataclass(frozen=True)
class Card:
    """A product: ``picture`` is a data URI, ``fits`` whether it does in each trait, ``reason`` why it is there."""

    picture: str
    text: str
    fits: Mapping[str, bool] = field(default_factory=dict)
    reason: str = ""

    @property
    def all_fit(self) -> bool:
        return bool(self.fits) and all(self.fits.values())


@dataclass(frozen=True)
class Shown:
    """A shopper with their things, and the first page that the prototype and we have for them."""

    title: str
    about: str
    wardrobe: Sequence[Card]
    lists: Sequence[tuple[str, float, Sequence[Card]]]


def report(comparison: Comparison, about: str, decode: Decode) -> str:
    """Return the page; ``about`` is a sentence on what was measured."""

    @cache
    def picture(path: Path) -> str:
        return thumbnail(path, decode)

    return template("catalog_jobs.evaluation.wardrobes").render(
        about=about,
        header=header(comparison),
        lines=lines(comparison),
        ours=OURS,
        headline=comparison.headline,
        legend=comparison.judge.legend,
        shown=[_shown(comparison, place, picture) for place in evenly_chosen(len(comparison.shoppers), SHOPPERS)],
    )


def evenly_chosen(count: int, most: int) -> list[int]:
    """Return up to ``most`` places of ``count``, evenly apart."""
    return [number * count // most for number in range(most)] if count > most else list(range(count))


def _shown(comparison: Comparison, place: int, picture: Picture) -> Shown:
    shopper, judge = comparison.shoppers[place], comparison.judge
    owned = [Card(picture(one.picture), one.text, one.fits) for one in judge.belongings(shopper)]
    rows, reasons = _explained(comparison, shopper)
    baseline, own = comparison.method(PROTOTYPE), comparison.method(OURS)
    return Shown(
        *judge.describe(shopper),
        owned,
        [
            (
                "The prototype's",
                baseline.each[place][comparison.headline],
                _cards(comparison, shopper, baseline.lists[place][:PAGE], picture),
            ),
            ("Ours", own.each[place][comparison.headline], _cards(comparison, shopper, rows, picture, reasons)),
        ],
    )


def _explained(comparison: Comparison, shopper: Shopper) -> tuple[Rows, list[str]]:
    """Return the rows of our first page, and why each product is on it."""
    index = comparison.shop.index
    ranked = ours(shopper, index)[:PAGE]
    reasons = [reason.sentence for reason in explain(ranked, shopper.profile, index)]
    return np.array([one.row for one in ranked], np.int64), reasons


def _cards(
    comparison: Comparison, shopper: Shopper, rows: Rows, picture: Picture, reasons: Sequence[str] = ()
) -> list[Card]:
    fits = comparison.judge.fits(shopper, rows)
    products = [comparison.shop.products[row] for row in rows]
    return [
        Card(
            picture(product.picture),
            words_of(product),
            {trait: bool(flags[place]) for trait, flags in fits.items()},
            reasons[place] if reasons else "",
        )
        for place, product in enumerate(products)
    ]
