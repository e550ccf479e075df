"""A comparison of methods as an HTML page: a table, and users' wardrobes and lists as pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from catalog_jobs.evaluation.html import Decode, page_template, thumbnail
from catalog_jobs.evaluation.metrics.personas import PAGE
from catalog_jobs.evaluation.wardrobes.comparison import Comparison
from catalog_jobs.evaluation.wardrobes.labelled_index import EvaluationUser, product_caption
from catalog_jobs.evaluation.wardrobes.methods import OURS, PROTOTYPE, ours
from closetspace.domain.index.index import Rows
from closetspace.domain.ranking.reasons import explain

USERS = 12
"""Users shown with pictures. With 55 pictures each the page is about 3 MB."""

Thumbnail = Callable[[Path], str]
"""Turns a picture's file into a data URI."""


@dataclass(frozen=True)
class Card:
    """A product on the page: ``picture`` is a data URI, ``fits`` says whether it fits in each trait."""

    picture: str
    caption: str
    fits: Mapping[str, bool] = field(default_factory=dict)
    reason: str = ""

    @property
    def fits_all(self) -> bool:
        return bool(self.fits) and all(self.fits.values())


@dataclass(frozen=True)
class UserSection:
    """A user's wardrobe, and per method its name, headline metric and first page."""

    title: str
    description: str
    wardrobe: Sequence[Card]
    lists: Sequence[tuple[str, float, Sequence[Card]]]


def comparison_page(comparison: Comparison, about: str, decode: Decode) -> str:
    """Return the page. ``about`` is a sentence that says what was measured."""

    @cache
    def to_thumbnail(path: Path) -> str:
        return thumbnail(path, decode)

    chosen = evenly_spaced(len(comparison.users), USERS)
    return page_template("catalog_jobs.evaluation.wardrobes").render(
        about=about,
        header=comparison.table_header(),
        rows=comparison.table_rows(),
        ours=OURS,
        headline=comparison.headline,
        legend=comparison.evaluator.legend,
        sections=[_section(comparison, number, to_thumbnail) for number in chosen],
    )


def evenly_spaced(count: int, most: int) -> list[int]:
    """Return up to ``most`` positions of ``count``, evenly spaced."""
    return [number * count // most for number in range(most)] if count > most else list(range(count))


def _section(comparison: Comparison, number: int, to_thumbnail: Thumbnail) -> UserSection:
    user, evaluator = comparison.users[number], comparison.evaluator
    title, description = evaluator.describe(user)
    prototype, own = comparison.result(PROTOTYPE), comparison.result(OURS)
    rows, reasons = _explained_page(comparison, user)
    return UserSection(
        title,
        description,
        wardrobe=[Card(to_thumbnail(item.picture), item.caption, item.fits) for item in evaluator.owned_items(user)],
        lists=[
            (
                "The prototype's",
                prototype.per_user[number][comparison.headline],
                _cards(comparison, user, prototype.lists[number][:PAGE], to_thumbnail),
            ),
            (
                "Ours",
                own.per_user[number][comparison.headline],
                _cards(comparison, user, rows, to_thumbnail, reasons),
            ),
        ],
    )


def _explained_page(comparison: Comparison, user: EvaluationUser) -> tuple[Rows, list[str]]:
    """Return the rows of our first page, with a reason for each."""
    index = comparison.labelled.index
    ranked = ours(user, index)[:PAGE]
    reasons = [reason.sentence for reason in explain(ranked, user.profile, index)]
    return np.array([one.row for one in ranked], np.int64), reasons


def _cards(
    comparison: Comparison, user: EvaluationUser, rows: Rows, to_thumbnail: Thumbnail, reasons: Sequence[str] = ()
) -> list[Card]:
    fits = comparison.evaluator.fits(user, rows)
    products = [comparison.labelled.products[row] for row in rows]
    return [
        Card(
            to_thumbnail(product.picture),
            product_caption(product),
            {trait: bool(flags[place]) for trait, flags in fits.items()},
            reasons[place] if reasons else "",
        )
        for place, product in enumerate(products)
    ]
