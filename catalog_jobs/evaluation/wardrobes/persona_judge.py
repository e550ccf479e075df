"""Comparisons on personas, of whom it is known what fits them because it was drawn first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.datasets.products import LabelledProduct
from catalog_jobs.evaluation.inventory import EmbeddedInventory
from catalog_jobs.evaluation.metrics.encoders import Estimate, Flags, Numbers, Rows, mean_estimate
from catalog_jobs.evaluation.metrics.personas import METRICS, PAGE, fits, measure
from catalog_jobs.evaluation.wardrobes.comparison import Comparison, Steps, compare
from catalog_jobs.evaluation.wardrobes.judge import Belonging
from catalog_jobs.evaluation.wardrobes.recommending import persona_caller
from catalog_jobs.evaluation.wardrobes.shop import Shop, Shopper, labels_of, open_shop, shoppers_of, words_of
from closetspace.domain.index.index import Index
from closetspace.settings import Settings


@dataclass(frozen=True)
class PersonaJudge:
    """Measures lists by the traits of ``people``; ``wardrobes`` are the products that each owns, both by id."""

    shop: Shop
    people: Mapping[str, Persona]
    wardrobes: Mapping[str, Sequence[LabelledProduct]]

    metrics: ClassVar = METRICS
    legend: ClassVar = (
        f"{METRICS[0]} is the share of the first {PAGE} that fit gender, usage and palette at once, with its 95 %"
        " bootstrap interval over personas; gender, usage and palette are the shares that fit one of them. rel50 is the"
        " share of the first 50 that fit all three and are of a kind that the persona wears, coverage the share of the"
        " wardrobe's kinds in the list. Lower is better for kl, the distance between the mixes of kinds of list and"
        " wardrobe, and for twins, products that are repeated or owned."
    )

    @property
    def counts(self) -> Mapping[str, int]:
        return {"personas": len(self.people)}

    def measure(self, shopper: Shopper, rows: Rows) -> Mapping[str, float]:
        owned = labels_of(self.wardrobes[shopper.id])
        return measure(self.people[shopper.id], owned, self.shop.labels.only(rows))

    def fits(self, shopper: Shopper, rows: Rows) -> Mapping[str, Flags]:
        return fits(self.people[shopper.id], self.shop.labels.only(rows))

    def mean(self, values: Numbers) -> Estimate:
        return mean_estimate(values)

    def overall(self, _lists: Sequence[Rows]) -> Mapping[str, float]:
        return {}

    def describe(self, shopper: Shopper) -> tuple[str, str]:
        persona = self.people[shopper.id]
        palette, kinds = ", ".join(sorted(persona.palette)), ", ".join(sorted(persona.sub_categories))
        return f"{persona.id}: {persona.gender}, {persona.usage}", f"Wears {palette}: {kinds}."

    def belongings(self, shopper: Shopper) -> Sequence[Belonging]:
        owned = [product for product in self.wardrobes[shopper.id] if product.item.id in shopper.profile.worn.ids]
        fit = fits(self.people[shopper.id], labels_of(owned)) if owned else {}
        return [
            Belonging(product.picture, words_of(product), {trait: bool(flags[n]) for trait, flags in fit.items()})
            for n, product in enumerate(owned)
        ]


def compare_on_personas(
    people: Sequence[Persona], found: EmbeddedInventory, index: Index, settings: Settings, *, ablate: bool, steps: Steps
) -> Comparison:
    """Measure every method on personas.

    Raises `InvalidInput` for products without labels.
    """
    shop = open_shop(found, index, settings)
    wardrobes = {one.id: [found.products[i] for i in one.wardrobe if i in found.products] for one in people}
    judge = PersonaJudge(shop, {one.id: one for one in people}, wardrobes)
    with steps("deriving tastes") as progress:
        shoppers = shoppers_of([persona_caller(one, found) for one in people], found, shop, settings, progress)
    return compare(shop, shoppers, judge, ablate=ablate, steps=steps)
