"""Methods measured one after the other on the same people, and what is told of it in numbers."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from catalog_jobs.encoder_metrics import Estimate, mean_estimate
from catalog_jobs.evaluation import EmbeddedInventory, open_index
from catalog_jobs.personas import Persona
from catalog_jobs.wardrobe_evaluation.methods import OURS, Contender, ablations, contenders
from catalog_jobs.wardrobe_evaluation.shop import Shop, Shopper, labels_of, products_of, shopper_of
from catalog_jobs.wardrobe_metrics import METRICS, estimates, measure
from closetspace.bootstrap import backgrounds
from closetspace.domain.background import Background
from closetspace.domain.catalog import Index, Rows
from closetspace.services.embed_catalog import Progress
from closetspace.settings import Settings

HEADLINE = METRICS[0]

Steps = Callable[[str], AbstractContextManager[Progress]]
"""Opens the progress of a step of this name."""


@dataclass(frozen=True)
class Compared:
    """A method and what was measured of it, by shopper and in the mean.

    ``lists`` are rows of the shop, best first; ``milliseconds`` is what one took, the taste cached; ``gain`` is
    what the headline has over ours, of the same people.
    """

    name: str
    lists: Sequence[Rows]
    each: Sequence[Mapping[str, float]]
    scores: Mapping[str, Estimate]
    gain: Estimate
    milliseconds: float


@dataclass(frozen=True)
class Comparison:
    """The methods, in the order of a table, and on what they were compared."""

    shop: Shop
    shoppers: Sequence[Shopper]
    methods: Sequence[Compared]

    def method(self, name: str) -> Compared:
        """The one of that name."""
        return next(one for one in self.methods if one.name == name)


def compare(
    people: Sequence[Persona], found: EmbeddedInventory, index: Index, settings: Settings, *, ablate: bool, steps: Steps
) -> Comparison:
    """Measure every method; with ``ablate`` ours with a step less, or a dial turned, as well.

    Raises `InvalidInput` for products without labels.
    """
    shop = _open_shop(found, index, settings)
    background = backgrounds(settings).get(found.encoder.id) or Background(found.encoder.heads)
    with steps("deriving tastes") as progress:
        shoppers = []
        for persona in people:
            shoppers.append(shopper_of(persona, found, shop, background))
            progress(len(shoppers), len(people))
    methods = [*contenders(shop), *(ablations(shop) if ablate else [])]
    with steps("recommending") as progress:
        picked = []
        for method in methods:
            picked.append((method, *_picked(method, shoppers)))
            progress(len(picked), len(methods))
    wardrobes = [labels_of(shopper.wardrobe) for shopper in shoppers]
    each = {
        method.name: [
            measure(shopper.persona, owned, shop.labels.only(rows))
            for shopper, owned, rows in zip(shoppers, wardrobes, lists, strict=True)
        ]
        for method, lists, _ in picked
    }
    return Comparison(
        shop,
        shoppers,
        [
            Compared(
                name=method.name,
                lists=lists,
                each=each[method.name],
                scores=estimates(each[method.name]),
                gain=mean_estimate(_headlines(each[method.name]) - _headlines(each[OURS])),
                milliseconds=milliseconds,
            )
            for method, lists, milliseconds in picked
        ],
    )


def as_numbers(comparison: Comparison) -> dict[str, Any]:
    """Everything measured as plain values."""
    return {
        "products": len(comparison.shop.products),
        "personas": len(comparison.shoppers),
        "methods": [
            {
                "name": one.name,
                **{metric: _rounded(estimate) for metric, estimate in one.scores.items()},
                f"{HEADLINE}_gain": _rounded(one.gain),
                "milliseconds": round(one.milliseconds, 3),
            }
            for one in comparison.methods
        ],
    }


def lines(comparison: Comparison) -> list[tuple[str, ...]]:
    """The comparison as a table's rows of text: name, headline with its interval, other metrics, milliseconds."""
    return [
        (
            one.name,
            f"{one.scores[HEADLINE].value:.3f} ({one.scores[HEADLINE].low:.3f} to {one.scores[HEADLINE].high:.3f})",
            *(f"{one.scores[metric].value:.3f}" for metric in METRICS[1:]),
            f"{one.milliseconds:.1f}",
        )
        for one in comparison.methods
    ]


HEADER = ("method", *METRICS, "ms")


def _open_shop(found: EmbeddedInventory, index: Index, settings: Settings) -> Shop:
    contents = found.contents
    apart = replace(contents, items=[replace(item, group=item.id) for item in contents.items])
    return Shop(index, open_index(apart, settings), products_of(index, found))


def _picked(method: Contender, shoppers: Sequence[Shopper]) -> tuple[list[Rows], float]:
    """The method's lists, and how many milliseconds one took: the median, which other work hardly moves."""
    lists, seconds = [], []
    for shopper in shoppers:
        started = time.perf_counter()
        lists.append(method.pick(shopper))
        seconds.append(time.perf_counter() - started)
    return lists, 1000 * statistics.median(seconds)


def _headlines(each: Sequence[Mapping[str, float]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([one[HEADLINE] for one in each])


def _rounded(estimate: Estimate) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(estimate).items()}
