"""The comparison as one HTML page that needs nothing from anywhere: a table, and personas as pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from catalog_jobs.encoder_evaluation.material import Decode
from catalog_jobs.encoder_evaluation.report import template, thumbnail
from catalog_jobs.labelled_products import LabelledProduct
from catalog_jobs.personas import Persona
from catalog_jobs.wardrobe_evaluation.comparison import HEADER, HEADLINE, Comparison, lines
from catalog_jobs.wardrobe_evaluation.methods import OURS, PROTOTYPE, ours
from catalog_jobs.wardrobe_evaluation.shop import COLUMNS, Shopper, labels_of
from catalog_jobs.wardrobe_metrics import PAGE, fits
from closetspace.domain.reasons import explain

PERSONAS = 12
"""Shown as pictures: with 55 each the page is about 3 MB."""


@dataclass(frozen=True)
class Card:
    """A product: ``picture`` is a data URI, ``fits`` whether it does in each trait, ``reason`` why it is there."""

    picture: str
    text: str
    fits: dict[str, bool]
    reason: str = ""

    @property
    def all_fit(self) -> bool:
        return all(self.fits.values())


@dataclass(frozen=True)
class Shown:
    """A persona with their wardrobe, and the first page that the prototype and we have for them."""

    persona: Persona
    wardrobe: Sequence[Card]
    lists: Sequence[tuple[str, float, Sequence[Card]]]


def report(comparison: Comparison, about: str, decode: Decode) -> str:
    """Return the page; ``about`` is a sentence on what was measured."""
    return template("catalog_jobs.wardrobe_evaluation").render(
        about=about,
        header=HEADER,
        lines=lines(comparison),
        ours=OURS,
        headline=HEADLINE,
        page=PAGE,
        shown=_shown(comparison, decode),
    )


def evenly_chosen(count: int, most: int) -> list[int]:
    """Up to ``most`` places of ``count``, evenly apart."""
    return [number * count // most for number in range(most)] if count > most else list(range(count))


def _shown(comparison: Comparison, decode: Decode) -> list[Shown]:
    @cache
    def picture(path: Path) -> str:
        return thumbnail(path, decode)

    def cards(shopper: Shopper, products: Sequence[LabelledProduct], reasons: Sequence[str] = ()) -> list[Card]:
        fit = fits(shopper.persona, labels_of(products)) if products else {}
        return [
            Card(
                picture(product.picture),
                _text(product),
                {trait: bool(flags[place]) for trait, flags in fit.items()},
                reasons[place] if reasons else "",
            )
            for place, product in enumerate(products)
        ]

    found = []
    for place in evenly_chosen(len(comparison.shoppers), PERSONAS):
        shopper, shop = comparison.shoppers[place], comparison.shop
        ranked = ours(shopper, shop.index)[:PAGE]
        reasons = [reason.sentence for reason in explain(ranked, shopper.wearer, shop.index)]
        rival = comparison.method(PROTOTYPE)
        lists = [
            (
                "The prototype's",
                rival.each[place][HEADLINE],
                cards(shopper, [shop.products[row] for row in rival.lists[place][:PAGE]]),
            ),
            (
                "Ours",
                comparison.method(OURS).each[place][HEADLINE],
                cards(shopper, [shop.products[one.row] for one in ranked], reasons),
            ),
        ]
        seen = [product for product in shopper.wardrobe if product.item.id in shopper.wearer.worn.ids]
        found.append(Shown(shopper.persona, cards(shopper, seen), lists))
    return found


def _text(product: LabelledProduct) -> str:
    return " - ".join(part for part in (product.item.name, *(product.label(c) for c in COLUMNS.values())) if part)
