"""What is measured of lists for personas, as pure functions of labels: whether they fit, and how they are made up.

Every number is of the list's first `PAGE` places, one of the first `DEPTH`; a place that a list is too short to fill
fits nobody.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.metrics.encoders import Estimate, Flags, Numbers, Rows, mean_estimate
from closetspace.domain.encoder.encoding import UNISEX

Names = NDArray[np.object_]

PAGE, DEPTH = 20, 50

METRICS = ("all20", "gender", "usage", "palette", "rel50", "coverage", "kl", "variety", "twins")
"""In the order of a table; the first is the headline. Less is better of ``kl`` and ``twins``, more of the others."""


@dataclass(frozen=True)
class Labels:
    """What is known of ``n`` products, ``(n,)`` texts each; brands and names in lower case."""

    gender: Names
    usage: Names
    colour: Names
    sub_category: Names
    article: Names
    brand: Names
    name: Names

    def only(self, rows: Rows | slice) -> "Labels":
        """Those of some rows, in order."""
        return Labels(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def __len__(self) -> int:
        return len(self.name)


def measure(persona: Persona, wardrobe: Labels, listed: Labels) -> dict[str, float]:
    """Every one of `METRICS` of one persona's list, which is in order and holds nothing of the wardrobe."""
    page = listed.only(slice(PAGE))
    fit = fits(persona, page)
    return {
        "all20": share(np.logical_and.reduce(list(fit.values())), PAGE),
        **{trait: share(flags, PAGE) for trait, flags in fit.items()},
        "rel50": relevance(persona, listed.only(slice(DEPTH))),
        "coverage": coverage(wardrobe.sub_category, page.sub_category),
        "kl": divergence(wardrobe.sub_category, page.sub_category),
        "variety": variety(page),
        "twins": twins(wardrobe.name, page.name),
    }


def estimates(
    each: Sequence[Mapping[str, float]], mean: Callable[[Numbers], Estimate] = mean_estimate
) -> dict[str, Estimate]:
    """Return the mean of every metric over lists, with its 95 % bootstrap interval."""
    return {metric: mean(np.array([one[metric] for one in each])) for metric in each[0]}


def fits(persona: Persona, listed: Labels) -> dict[str, Flags]:
    """Whether each product is of the persona's gender (or for everybody), usage and palette, ``(n,)`` each."""
    return {
        "gender": is_one_of(listed.gender, {persona.gender, UNISEX}),
        "usage": is_one_of(listed.usage, {persona.usage}),
        "palette": is_one_of(listed.colour, persona.palette),
    }


def relevance(persona: Persona, listed: Labels) -> float:
    """The share of `DEPTH` places that fit in every trait, and are of a sub-category that the persona wears."""
    worn = is_one_of(listed.sub_category, persona.sub_categories)
    return share(np.logical_and.reduce([*fits(persona, listed).values(), worn]), DEPTH)


def coverage(owned: Names, listed: Names) -> float:
    """The share of the kinds of things owned that the list has."""
    kinds = set(owned)
    return len(kinds & set(listed)) / len(kinds)


def divergence(owned: Names, listed: Names) -> float:
    """The Kullback-Leibler divergence from the wardrobe's mix of kinds to the page's, smoothed by 1 % of the former."""
    own, got = Counter(owned), Counter(listed)
    return sum(
        # In this order of operations, so that it is what others compute to the last digit.
        float(n / len(owned) * np.log((n / len(owned)) / (0.99 * got[kind] / PAGE + 0.01 * n / len(owned))))
        for kind, n in own.items()
    )


def variety(listed: Labels) -> float:
    """1 less how far two products of the list agree in article type, colour and brand, over all pairs."""
    if len(listed) < 2:
        return 1.0
    one, other = np.triu_indices(len(listed), 1)
    agree = sum((trait[one] == trait[other]).astype(int) for trait in (listed.article, listed.colour, listed.brand))
    return float(1 - np.mean(agree / 3))


def twins(owned: Names, listed: Names) -> float:
    """The share of the page whose name something owned has, or another of the page."""
    own, often = set(owned), Counter(listed)
    return share(np.array([name in own or often[name] > 1 for name in listed], np.bool_), PAGE)


def is_one_of(labels: Iterable[object], wanted: Collection[object]) -> Flags:
    """Return whether each label is among the wanted ones, ``(n,)``."""
    return np.array([label in wanted for label in labels], np.bool_)


def share(flags: Flags, places: int) -> float:
    """Return the share of so many places that are true."""
    return float(flags.sum() / places)
