"""Comparisons on real closets, whose things were labelled by eye."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from catalog_jobs.evaluation.datasets.closet_labels import COLOUR_GROUPS, LabelledPhoto
from catalog_jobs.evaluation.datasets.closets import PhotographedCloset
from catalog_jobs.evaluation.inventory import EmbeddedInventory
from catalog_jobs.evaluation.metrics.closets import (
    METRICS,
    ClosetProfile,
    ProductTraits,
    concentration,
    fits,
    measure,
    profile_of,
    traits_of,
)
from catalog_jobs.evaluation.metrics.encoders import Estimate, Flags, Numbers, Rows, cluster_mean_estimate
from catalog_jobs.evaluation.metrics.personas import PAGE
from catalog_jobs.evaluation.wardrobes.comparison import Comparison, Steps, compare
from catalog_jobs.evaluation.wardrobes.judge import Belonging
from catalog_jobs.evaluation.wardrobes.recommending import Caller
from catalog_jobs.evaluation.wardrobes.shop import COLUMNS, Shop, Shopper, open_shop, shoppers_of
from closetspace.domain.index.index import Index
from closetspace.settings import Settings

_MASTER_CATEGORY = "masterCategory"

PRODUCT_LABELS = (*COLUMNS.values(), _MASTER_CATEGORY)
"""The columns of a dataset's table that the metrics need."""


@dataclass(frozen=True)
class LabelledClosets:
    """Closets with the labels of their photos by closet id; ``folder`` holds the photos."""

    closets: Sequence[PhotographedCloset]
    labels: Mapping[str, Sequence[LabelledPhoto]]
    folder: Path

    @cached_property
    def senders(self) -> list[str]:
        """Return who sent each closet's photos, in order."""
        return [self.labels[closet.id][0].sender for closet in self.closets]


@dataclass(frozen=True)
class ClosetJudge:
    """Measures lists by the labels of closets and of the shop's products."""

    shop: Shop
    known: LabelledClosets

    metrics: ClassVar = METRICS
    legend: ClassVar = (
        f"{METRICS[0]} is the share of the first {PAGE} that fit gender, worn, kinds, palette and usage at once, with"
        " its 95 % bootstrap interval over senders. adult is the share that is not made for children, gender the share"
        " that is made for the person, worn the share that is clothing or an accessory; kinds, palette and usage are"
        " the shares whose kind, colour and usage occur in the closet. distinct is the share of different products"
        " among all places. Lower is better for kl, the distance between the mixes of kinds of list and closet, and for"
        " hub, the share of closets that get the product shown most often."
    )

    @property
    def counts(self) -> Mapping[str, int]:
        return {"closets": len(self.known.closets), "senders": len(set(self.known.senders))}

    @cached_property
    def traits(self) -> ProductTraits:
        """What the labels of the shop's products mean for closets."""
        return traits_of(self.shop.labels, [product.label(_MASTER_CATEGORY) for product in self.shop.products])

    @cached_property
    def _profiles(self) -> Mapping[str, ClosetProfile]:
        return {closet_id: profile_of(things) for closet_id, things in self.known.labels.items()}

    @cached_property
    def _photos(self) -> Mapping[str, Sequence[str]]:
        return {closet.id: closet.photos for closet in self.known.closets}

    def measure(self, shopper: Shopper, rows: Rows) -> Mapping[str, float]:
        return measure(self._profiles[shopper.id], self.traits.only(rows))

    def fits(self, shopper: Shopper, rows: Rows) -> Mapping[str, Flags]:
        return fits(self._profiles[shopper.id], self.traits.only(rows))

    def mean(self, values: Numbers) -> Estimate:
        return cluster_mean_estimate(values, self.known.senders)

    def overall(self, lists: Sequence[Rows]) -> Mapping[str, float]:
        return concentration(lists)

    def describe(self, shopper: Shopper) -> tuple[str, str]:
        profile = self._profiles[shopper.id]
        fit = [
            f"for {' or '.join(sorted(profile.genders))}",
            ", ".join(sorted(profile.usages)),
            ", ".join(sorted(set(profile.kinds))),
            ", ".join(COLOUR_GROUPS[colour][0] for colour in sorted(profile.palette)),
        ]
        return f"Closet {shopper.id}", f"What fits: {'; '.join(fit)}."

    def belongings(self, shopper: Shopper) -> Sequence[Belonging]:
        things = zip(self._photos[shopper.id], self.known.labels[shopper.id], strict=True)
        seen = frozenset(shopper.profile.worn.ids)
        return [Belonging(self.known.folder / photo, thing.words) for photo, thing in things if photo in seen]


def compare_on_closets(
    callers: Sequence[Caller],
    known: LabelledClosets,
    found: EmbeddedInventory,
    index: Index,
    settings: Settings,
    *,
    ablate: bool,
    steps: Steps,
) -> Comparison:
    """Measure every method on closets, whose owners are the ``callers``; products must have `PRODUCT_LABELS`."""
    shop = open_shop(found, index, settings)
    with steps("deriving tastes") as progress:
        shoppers = shoppers_of(callers, found, shop, settings, progress)
    return compare(shop, shoppers, ClosetJudge(shop, known), ablate=ablate, steps=steps)
