"""Metrics of a list of recommendations for a persona.

Every metric is of the first `PAGE` places of the list, ``rel50`` of the first `DEPTH`. Places that a short list does
not fill count as misses.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.metrics.estimates import Estimate, Numbers, mean_estimate
from closetspace.domain.encoder.descriptor import UNISEX
from closetspace.domain.index.index import Mask, Rows

TextArray = NDArray[np.object_]

PAGE, DEPTH = 20, 50

PERSONA_METRICS = ("all20", "gender", "usage", "palette", "rel50", "coverage", "kl", "variety", "twins")
"""In the order of a table, the headline first. Lower is better for ``kl`` and ``twins``, higher for the others."""


@dataclass(frozen=True)
class ProductLabels:
    """The labels of ``n`` products, a text array ``(n,)`` each. Brands and names are in lower case."""

    gender: TextArray
    usage: TextArray
    colour: TextArray
    sub_category: TextArray
    article: TextArray
    brand: TextArray
    name: TextArray

    def take(self, rows: Rows | slice) -> "ProductLabels":
        """Return the labels of some rows, in order."""
        return ProductLabels(**{column.name: getattr(self, column.name)[rows] for column in fields(self)})

    def __len__(self) -> int:
        return len(self.name)


def persona_metrics(persona: Persona, wardrobe: ProductLabels, listed: ProductLabels) -> dict[str, float]:
    """Return `PERSONA_METRICS` of a list, which is in order and contains nothing of the wardrobe."""
    page = listed.take(slice(PAGE))
    fits = persona_fits(persona, page)
    return {
        "all20": share(np.logical_and.reduce(list(fits.values())), PAGE),
        **{trait: share(flags, PAGE) for trait, flags in fits.items()},
        "rel50": relevance(persona, listed.take(slice(DEPTH))),
        "coverage": coverage(wardrobe.sub_category, page.sub_category),
        "kl": divergence(wardrobe.sub_category, page.sub_category),
        "variety": variety(page),
        "twins": twins(wardrobe.name, page.name),
    }


def estimates(
    lists: Sequence[Mapping[str, float]], mean: Callable[[Numbers], Estimate] = mean_estimate
) -> dict[str, Estimate]:
    """Return the mean of every metric over lists, with its interval."""
    return {metric: mean(np.array([metrics[metric] for metrics in lists])) for metric in lists[0]}


def persona_fits(persona: Persona, listed: ProductLabels) -> dict[str, Mask]:
    """Return which products ``(n,)`` fit the persona's gender (or are unisex), usage and palette."""
    return {
        "gender": is_one_of(listed.gender, {persona.gender, UNISEX}),
        "usage": is_one_of(listed.usage, {persona.usage}),
        "palette": is_one_of(listed.colour, persona.palette),
    }


def relevance(persona: Persona, listed: ProductLabels) -> float:
    """Return the share of `DEPTH` places that fit in every trait and in a sub-category that the persona wears."""
    worn = is_one_of(listed.sub_category, persona.sub_categories)
    return share(np.logical_and.reduce([*persona_fits(persona, listed).values(), worn]), DEPTH)


def coverage(owned: TextArray, listed: TextArray) -> float:
    """Return the share of the owned sub-categories that the list contains."""
    kinds = set(owned)
    return len(kinds & set(listed)) / len(kinds)


def divergence(owned: TextArray, listed: TextArray) -> float:
    """Return the Kullback-Leibler divergence from the wardrobe's mix of kinds to the page's.

    The page's mix is smoothed by 1 % of the wardrobe's.
    """
    owned_counts, listed_counts = Counter(owned), Counter(listed)
    return sum(
        # The independent scorer computes in this order, so the results are equal to the last digit.
        float(n / len(owned) * np.log((n / len(owned)) / (0.99 * listed_counts[kind] / PAGE + 0.01 * n / len(owned))))
        for kind, n in owned_counts.items()
    )


def variety(listed: ProductLabels) -> float:
    """Return 1 minus the mean agreement of all pairs of products in article type, colour and brand."""
    if len(listed) < 2:
        return 1.0
    first, second = np.triu_indices(len(listed), 1)
    traits = (listed.article, listed.colour, listed.brand)
    agreement = sum((trait[first] == trait[second]).astype(int) for trait in traits)
    return float(1 - np.mean(agreement / 3))


def twins(owned: TextArray, listed: TextArray) -> float:
    """Return the share of the page whose name is owned, or occurs on the page again."""
    owned_names, counts = set(owned), Counter(listed)
    return share(np.array([name in owned_names or counts[name] > 1 for name in listed], np.bool_), PAGE)


def is_one_of(labels: Iterable[object], accepted: Collection[object]) -> Mask:
    """Return whether each label is accepted, ``(n,)``."""
    return np.array([label in accepted for label in labels], np.bool_)


def share(flags: Mask, places: int) -> float:
    """Return the number of true flags divided by the number of places."""
    return float(flags.sum() / places)
