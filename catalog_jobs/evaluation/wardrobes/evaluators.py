"""How lists of recommendations are evaluated: for personas and for real closets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Protocol

from catalog_jobs.evaluation.datasets.closets import COLOUR_GROUPS, LabelledPhoto, PhotographedCloset
from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.datasets.products import LabelledProduct
from catalog_jobs.evaluation.metrics.closets import (
    CLOSET_METRICS,
    ClosetProfile,
    ProductTraits,
    closet_fits,
    closet_metrics,
    closet_profile,
    concentration,
    product_traits,
)
from catalog_jobs.evaluation.metrics.estimates import Estimate, Numbers, cluster_mean_estimate, mean_estimate
from catalog_jobs.evaluation.metrics.personas import PAGE, PERSONA_METRICS, persona_fits, persona_metrics
from catalog_jobs.evaluation.wardrobes.labelled_index import (
    COLUMNS,
    EvaluationUser,
    LabelledIndex,
    product_caption,
    product_labels,
)
from closetspace.domain.index.index import Mask, Rows

_MASTER_CATEGORY = "masterCategory"

CLOSET_COLUMNS = (*COLUMNS.values(), _MASTER_CATEGORY)
"""The columns of a dataset's table that the metrics of closets need."""


@dataclass(frozen=True)
class OwnedItem:
    """An item of a user's wardrobe: picture, caption, and in which traits it fits its owner, if that is measured."""

    picture: Path
    caption: str
    fits: Mapping[str, bool] = field(default_factory=dict)


class Evaluator(Protocol):
    """Evaluates lists, which are rows of a labelled index, best first."""

    @property
    def metrics(self) -> Sequence[str]:
        """The names of the metrics of a list, in the order of a table, the headline first."""
        ...

    @property
    def legend(self) -> str:
        """Sentences that explain the metrics."""
        ...

    @property
    def counts(self) -> Mapping[str, int]:
        """The number of users, and of groups of users, by their names."""
        ...

    def measure(self, user: EvaluationUser, rows: Rows) -> Mapping[str, float]:
        """Return every metric of a user's list."""
        ...

    def fits(self, user: EvaluationUser, rows: Rows) -> Mapping[str, Mask]:
        """Return for each trait which of the products ``(n,)`` fit the user."""
        ...

    def mean(self, values: Numbers) -> Estimate:
        """Estimate the mean of a value per user ``(n,)``."""
        ...

    def overall(self, lists: Sequence[Rows]) -> Mapping[str, float]:
        """Return the metrics of all lists together."""
        ...

    def describe(self, user: EvaluationUser) -> tuple[str, str]:
        """Return a title, and a sentence that says what fits the user."""
        ...

    def owned_items(self, user: EvaluationUser) -> Sequence[OwnedItem]:
        """Return the items of the user's closet that the methods have seen."""
        ...


@dataclass(frozen=True)
class PersonaEvaluator:
    """Evaluates lists by the preferences of personas. ``wardrobes`` contains each persona's products by its id."""

    labelled: LabelledIndex
    personas: Mapping[str, Persona]
    wardrobes: Mapping[str, Sequence[LabelledProduct]]

    metrics: ClassVar = PERSONA_METRICS
    legend: ClassVar = (
        f"{PERSONA_METRICS[0]} is the share of the first {PAGE} that fit gender, usage and palette, with its 95 %"
        " bootstrap interval over personas. gender, usage and palette are the shares that fit one of them. rel50 is the"
        " share of the first 50 that fit all three and are of a kind that the persona wears, coverage the share of the"
        " wardrobe's kinds in the list. Lower is better for kl, the distance between the mixes of kinds of list and"
        " wardrobe, and for twins, the share of products that are repeated or owned."
    )

    @property
    def counts(self) -> Mapping[str, int]:
        return {"personas": len(self.personas)}

    def measure(self, user: EvaluationUser, rows: Rows) -> Mapping[str, float]:
        owned = product_labels(self.wardrobes[user.id])
        return persona_metrics(self.personas[user.id], owned, self.labelled.labels.take(rows))

    def fits(self, user: EvaluationUser, rows: Rows) -> Mapping[str, Mask]:
        return persona_fits(self.personas[user.id], self.labelled.labels.take(rows))

    def mean(self, values: Numbers) -> Estimate:
        return mean_estimate(values)

    def overall(self, _lists: Sequence[Rows]) -> Mapping[str, float]:
        return {}

    def describe(self, user: EvaluationUser) -> tuple[str, str]:
        persona = self.personas[user.id]
        palette, kinds = ", ".join(sorted(persona.palette)), ", ".join(sorted(persona.sub_categories))
        return f"{persona.id}: {persona.gender}, {persona.usage}", f"Wears {palette}: {kinds}."

    def owned_items(self, user: EvaluationUser) -> Sequence[OwnedItem]:
        owned = [product for product in self.wardrobes[user.id] if product.item.id in user.profile.closet.ids]
        fits = persona_fits(self.personas[user.id], product_labels(owned)) if owned else {}
        return [
            OwnedItem(
                product.picture, product_caption(product), {trait: bool(flags[n]) for trait, flags in fits.items()}
            )
            for n, product in enumerate(owned)
        ]


@dataclass(frozen=True)
class LabelledClosets:
    """Closets with the labels of their photos by closet id. ``folder`` contains the photos."""

    closets: Sequence[PhotographedCloset]
    labels: Mapping[str, Sequence[LabelledPhoto]]
    folder: Path

    @cached_property
    def senders(self) -> list[str]:
        """The sender of each closet's photos, in order."""
        return [self.labels[closet.id][0].sender for closet in self.closets]


@dataclass(frozen=True)
class ClosetEvaluator:
    """Evaluates lists by the labels of closets and products."""

    labelled: LabelledIndex
    known: LabelledClosets

    metrics: ClassVar = CLOSET_METRICS
    legend: ClassVar = (
        f"{CLOSET_METRICS[0]} is the share of the first {PAGE} that fit gender, worn, kinds, palette and usage, with"
        " its 95 % bootstrap interval over senders. adult is the share of products that are not for children, gender"
        " the share of products for the owner's gender, worn the share of clothes and accessories. kinds, palette and"
        " usage are the shares whose kind, colour and usage occur in the closet. distinct is the share of different"
        " products among all places. Lower is better for kl, the distance between the mixes of kinds of list and"
        " closet, and for hub, the share of closets that get the most frequent product."
    )

    @property
    def counts(self) -> Mapping[str, int]:
        return {"closets": len(self.known.closets), "senders": len(set(self.known.senders))}

    @cached_property
    def traits(self) -> ProductTraits:
        """The traits of the index's products."""
        masters = [product.label(_MASTER_CATEGORY) for product in self.labelled.products]
        return product_traits(self.labelled.labels, masters)

    @cached_property
    def _profiles(self) -> Mapping[str, ClosetProfile]:
        return {closet_id: closet_profile(items) for closet_id, items in self.known.labels.items()}

    @cached_property
    def _photos(self) -> Mapping[str, Sequence[str]]:
        return {closet.id: closet.photos for closet in self.known.closets}

    def measure(self, user: EvaluationUser, rows: Rows) -> Mapping[str, float]:
        return closet_metrics(self._profiles[user.id], self.traits.take(rows))

    def fits(self, user: EvaluationUser, rows: Rows) -> Mapping[str, Mask]:
        return closet_fits(self._profiles[user.id], self.traits.take(rows))

    def mean(self, values: Numbers) -> Estimate:
        return cluster_mean_estimate(values, self.known.senders)

    def overall(self, lists: Sequence[Rows]) -> Mapping[str, float]:
        return concentration(lists)

    def describe(self, user: EvaluationUser) -> tuple[str, str]:
        profile = self._profiles[user.id]
        fitting = [
            f"for {' or '.join(sorted(profile.genders))}",
            ", ".join(sorted(profile.usages)),
            ", ".join(sorted(set(profile.kinds))),
            ", ".join(COLOUR_GROUPS[colour][0] for colour in sorted(profile.palette)),
        ]
        return f"Closet {user.id}", f"What fits: {'; '.join(fitting)}."

    def owned_items(self, user: EvaluationUser) -> Sequence[OwnedItem]:
        items = zip(self._photos[user.id], self.known.labels[user.id], strict=True)
        seen = frozenset(user.profile.closet.ids)
        return [OwnedItem(self.known.folder / photo, label.description) for photo, label in items if photo in seen]
