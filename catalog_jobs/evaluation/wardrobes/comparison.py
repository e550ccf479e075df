"""Compare methods of recommending for the same users."""

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.embedded_products import EmbeddedProducts, Steps
from catalog_jobs.evaluation.metrics.estimates import Estimate, Numbers
from catalog_jobs.evaluation.metrics.personas import estimates
from catalog_jobs.evaluation.wardrobes.evaluators import (
    ClosetEvaluator,
    Evaluator,
    LabelledClosets,
    PersonaEvaluator,
)
from catalog_jobs.evaluation.wardrobes.labelled_index import (
    EvaluationUser,
    LabelledIndex,
    evaluation_users,
    label_index,
)
from catalog_jobs.evaluation.wardrobes.methods import OURS, Method, ablations, compared_methods
from catalog_jobs.evaluation.wardrobes.recommending import EvaluationCase, persona_case
from closetspace.domain.index.index import Index, Rows
from closetspace.settings import Settings


@dataclass(frozen=True)
class MethodResult:
    """The lists of a method and its metrics: per user, in the mean, and over all lists.

    ``lists`` are rows of the index, best first. ``milliseconds`` is the median time per list, with the taste given.
    ``gain`` is the difference of the headline metric to our method.
    """

    name: str
    lists: Sequence[Rows]
    per_user: Sequence[Mapping[str, float]]
    scores: Mapping[str, Estimate]
    overall: Mapping[str, float]
    gain: Estimate
    milliseconds: float


@dataclass(frozen=True)
class Comparison:
    """The results of all methods, in the order of a table, and what they were measured on."""

    labelled: LabelledIndex
    users: Sequence[EvaluationUser]
    evaluator: Evaluator
    results: Sequence[MethodResult]

    @property
    def headline(self) -> str:
        return self.evaluator.metrics[0]

    def result(self, name: str) -> MethodResult:
        """Return the result of the method with this name."""
        return next(result for result in self.results if result.name == name)

    def as_json(self) -> dict[str, Any]:
        """Return all metrics as plain values."""
        return {
            "products": len(self.labelled.products),
            **self.evaluator.counts,
            "methods": [
                {
                    "name": result.name,
                    **{metric: estimate.as_json() for metric, estimate in result.scores.items()},
                    **{metric: round(value, 4) for metric, value in result.overall.items()},
                    f"{self.headline}_gain": result.gain.as_json(),
                    "milliseconds": round(result.milliseconds, 3),
                }
                for result in self.results
            ],
        }

    def table_header(self) -> tuple[str, ...]:
        return ("method", *self.evaluator.metrics, *self.results[0].overall, "ms")

    def table_rows(self) -> list[tuple[str, ...]]:
        """Return a row of text per method: name, headline with its interval, other metrics, milliseconds."""
        headline, *others = self.evaluator.metrics
        return [
            (
                result.name,
                str(result.scores[headline]),
                *(f"{result.scores[metric].value:.3f}" for metric in others),
                *(f"{value:.3f}" for value in result.overall.values()),
                f"{result.milliseconds:.1f}",
            )
            for result in self.results
        ]


def compare_on_personas(
    personas: Sequence[Persona],
    embedded: EmbeddedProducts,
    index: Index,
    settings: Settings,
    *,
    ablate: bool,
    steps: Steps,
) -> Comparison:
    """Measure every method on personas. Raises `InvalidInput` if the products lack labels."""
    labelled = label_index(embedded, index, settings)
    wardrobes = {
        persona.id: [embedded.products[item_id] for item_id in persona.wardrobe if item_id in embedded.products]
        for persona in personas
    }
    evaluator = PersonaEvaluator(labelled, {persona.id: persona for persona in personas}, wardrobes)
    cases = [persona_case(persona, embedded) for persona in personas]
    with steps("deriving tastes") as progress:
        users = evaluation_users(cases, embedded.encoder, labelled, settings, progress)
    return _compare(labelled, users, evaluator, ablate=ablate, steps=steps)


def compare_on_closets(
    cases: Sequence[EvaluationCase],
    known: LabelledClosets,
    embedded: EmbeddedProducts,
    index: Index,
    settings: Settings,
    *,
    ablate: bool,
    steps: Steps,
) -> Comparison:
    """Measure every method on the closets of the cases. The products need `evaluators.CLOSET_COLUMNS`."""
    labelled = label_index(embedded, index, settings)
    with steps("deriving tastes") as progress:
        users = evaluation_users(cases, embedded.encoder, labelled, settings, progress)
    return _compare(labelled, users, ClosetEvaluator(labelled, known), ablate=ablate, steps=steps)


def _compare(
    labelled: LabelledIndex, users: Sequence[EvaluationUser], evaluator: Evaluator, *, ablate: bool, steps: Steps
) -> Comparison:
    methods = [*compared_methods(labelled), *(ablations(labelled) if ablate else [])]
    lists, milliseconds = {}, {}
    with steps("recommending") as progress:
        for done, method in enumerate(methods, start=1):
            lists[method.name], milliseconds[method.name] = _recommend(method, users)
            progress(done, len(methods))
    per_user = {
        name: [evaluator.measure(user, rows) for user, rows in zip(users, of_method, strict=True)]
        for name, of_method in lists.items()
    }
    headline = evaluator.metrics[0]
    headlines: dict[str, Numbers] = {
        name: np.array([metrics[headline] for metrics in of_method]) for name, of_method in per_user.items()
    }
    results = [
        MethodResult(
            name=name,
            lists=lists[name],
            per_user=per_user[name],
            scores=estimates(per_user[name], evaluator.mean),
            overall=evaluator.overall(lists[name]),
            gain=evaluator.mean(headlines[name] - headlines[OURS]),
            milliseconds=milliseconds[name],
        )
        for name in lists
    ]
    return Comparison(labelled, users, evaluator, results)


def _recommend(method: Method, users: Sequence[EvaluationUser]) -> tuple[list[Rows], float]:
    """Return a method's lists, and the median of the milliseconds per list, which is robust to other load."""
    lists, seconds = [], []
    for user in users:
        started = time.perf_counter()
        lists.append(method.recommend(user))
        seconds.append(time.perf_counter() - started)
    return lists, 1000 * statistics.median(seconds)
