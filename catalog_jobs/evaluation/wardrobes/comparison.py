"""Methods measured one after the other for the same people, and the numbers of that."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from catalog_jobs.evaluation.metrics.encoders import Estimate, Numbers
from catalog_jobs.evaluation.metrics.personas import estimates
from catalog_jobs.evaluation.wardrobes.judge import Judge
from catalog_jobs.evaluation.wardrobes.methods import OURS, Contender, ablations, contenders
from catalog_jobs.evaluation.wardrobes.shop import Shop, Shopper
from closetspace.domain.index.index import Rows
from closetspace.services.embed_catalog import Progress

Steps = Callable[[str], AbstractContextManager[Progress]]
"""Opens the progress of a step of this name."""


@dataclass(frozen=True)
class Compared:
    """A method and what was measured of it, by shopper, in the mean, and over all lists.

    ``lists`` are rows of the shop, best first; ``milliseconds`` is the median time for one list with the taste cached;
    ``gain`` is the headline's difference to ours for the same people.
    """

    name: str
    lists: Sequence[Rows]
    each: Sequence[Mapping[str, float]]
    scores: Mapping[str, Estimate]
    overall: Mapping[str, float]
    gain: Estimate
    milliseconds: float


@dataclass(frozen=True)
class Comparison:
    """The methods, in the order of a table, and what they were compared on."""

    shop: Shop
    shoppers: Sequence[Shopper]
    judge: Judge
    methods: Sequence[Compared]

    @property
    def headline(self) -> str:
        return self.judge.metrics[0]

    def method(self, name: str) -> Compared:
        """Return the method of that name."""
        return next(one for one in self.methods if one.name == name)


def compare(shop: Shop, shoppers: Sequence[Shopper], judge: Judge, *, ablate: bool, steps: Steps) -> Comparison:
    """Measure every method; with ``ablate`` also ours with a step taken out or a dial turned."""
    methods = [*contenders(shop), *(ablations(shop) if ablate else [])]
    with steps("recommending") as progress:
        picked = {}
        for method in methods:
            picked[method.name] = _picked(method, shoppers)
            progress(len(picked), len(methods))
    each = {name: _measured(judge, shoppers, lists) for name, (lists, _) in picked.items()}
    ours = _headlines(judge, each[OURS])
    compared = [
        Compared(
            name=name,
            lists=lists,
            each=each[name],
            scores=estimates(each[name], judge.mean),
            overall=judge.overall(lists),
            gain=judge.mean(_headlines(judge, each[name]) - ours),
            milliseconds=milliseconds,
        )
        for name, (lists, milliseconds) in picked.items()
    ]
    return Comparison(shop, shoppers, judge, compared)


def as_numbers(comparison: Comparison) -> dict[str, Any]:
    """Return everything measured as plain values."""
    return {
        "products": len(comparison.shop.products),
        **comparison.judge.counts,
        "methods": [
            {
                "name": one.name,
                **{metric: rounded(estimate) for metric, estimate in one.scores.items()},
                **{metric: round(value, 4) for metric, value in one.overall.items()},
                f"{comparison.headline}_gain": rounded(one.gain),
                "milliseconds": round(one.milliseconds, 3),
            }
            for one in comparison.methods
        ],
    }


def header(comparison: Comparison) -> tuple[str, ...]:
    """Return the names of a table's columns."""
    return ("method", *comparison.judge.metrics, *comparison.methods[0].overall, "ms")


def lines(comparison: Comparison) -> list[tuple[str, ...]]:
    """Return a table's rows of text: name, headline with its interval, other metrics, milliseconds."""
    headline, *others = comparison.judge.metrics
    return [
        (
            one.name,
            f"{one.scores[headline].value:.3f} ({one.scores[headline].low:.3f} to {one.scores[headline].high:.3f})",
            *(f"{one.scores[metric].value:.3f}" for metric in others),
            *(f"{value:.3f}" for value in one.overall.values()),
            f"{one.milliseconds:.1f}",
        )
        for one in comparison.methods
    ]


def rounded(estimate: Estimate) -> dict[str, float]:
    """Return an estimate as plain values of four digits."""
    return {name: round(value, 4) for name, value in asdict(estimate).items()}


def _picked(method: Contender, shoppers: Sequence[Shopper]) -> tuple[list[Rows], float]:
    """Return the method's lists and the median of its milliseconds, which other work on the machine hardly moves."""
    lists, seconds = [], []
    for shopper in shoppers:
        started = time.perf_counter()
        lists.append(method.pick(shopper))
        seconds.append(time.perf_counter() - started)
    return lists, 1000 * statistics.median(seconds)


def _measured(judge: Judge, shoppers: Sequence[Shopper], lists: Sequence[Rows]) -> list[Mapping[str, float]]:
    return [judge.measure(shopper, rows) for shopper, rows in zip(shoppers, lists, strict=True)]


def _headlines(judge: Judge, each: Sequence[Mapping[str, float]]) -> Numbers:
    return np.array([one[judge.metrics[0]] for one in each])
