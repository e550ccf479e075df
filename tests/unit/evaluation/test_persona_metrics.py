"""Metrics of lists for personas: computed by hand, and compared with the independent scorer."""

from collections.abc import Sequence
from dataclasses import asdict
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.metrics.personas import (
    PAGE,
    PERSONA_METRICS,
    ProductLabels,
    coverage,
    divergence,
    estimates,
    persona_fits,
    persona_metrics,
    relevance,
    twins,
    variety,
)
from tests.support.scorers import load_scorer

ANN = Persona("ann", (), "Women", "Casual", frozenset({"Red", "Blue"}), frozenset({"Topwear", "Shoes"}))
TEE = {"gender": "Women", "usage": "Casual", "colour": "Red", "sub_category": "Topwear", "article": "Tshirts"}
TEE |= {"brand": "acme", "name": "acme tee"}


def labels(*products: dict[str, str]) -> ProductLabels:
    """Return red tees for women, with the given differences."""
    whole = [TEE | product for product in products]
    return ProductLabels(**{column: np.array([one[column] for one in whole], object) for column in TEE})


def named(*names: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array(names, object)


def test_products_fit_by_gender_usage_and_palette_and_unisex_fits_every_gender() -> None:
    listed = labels({}, {"gender": "Unisex", "usage": "Formal"}, {"gender": "Men", "colour": "Pink"})
    assert {trait: flags.tolist() for trait, flags in persona_fits(ANN, listed).items()} == {
        "gender": [True, True, False],
        "usage": [True, False, True],
        "palette": [True, True, False],
    }


def test_headline_is_the_share_of_the_page_that_fits_in_every_trait() -> None:
    listed = labels(*[{}] * 10, *[{"gender": "Men"}] * 4, *[{"usage": "Formal"}] * 3, *[{"colour": "Pink"}] * 3)
    measured = persona_metrics(ANN, labels({}), listed)
    assert (measured["gender"], measured["usage"], measured["palette"]) == (0.8, 0.85, 0.85)
    assert measured["all20"] == 0.5
    assert tuple(measured) == PERSONA_METRICS


def test_missing_places_of_a_short_list_count_as_misses() -> None:
    assert persona_metrics(ANN, labels({}), labels({}, {}))["all20"] == 2 / PAGE
    empty = persona_metrics(ANN, labels({}), labels())
    assert (empty["all20"], empty["coverage"], empty["twins"], empty["variety"]) == (0, 0, 0, 1)
    assert empty["kl"] == pytest.approx(np.log(100))


def test_metrics_are_of_the_first_twenty_and_relevance_of_the_first_fifty() -> None:
    later = [{"gender": "Men"}] * 20 + [{}] * 30 + [{"usage": "Formal"}] * 9
    measured = persona_metrics(ANN, labels({}), labels(*later))
    assert (measured["all20"], measured["rel50"]) == (0, 0.6)


def test_relevance_requires_a_sub_category_that_the_persona_wears() -> None:
    assert relevance(ANN, labels(*[{}] * 20, *[{"sub_category": "Ties"}] * 30)) == 0.4


def test_coverage_is_the_share_of_owned_sub_categories() -> None:
    assert coverage(named("Shoes", "Shoes", "Topwear", "Ties"), named("Ties", "Belts", "Shoes")) == pytest.approx(2 / 3)


def test_divergence_is_zero_for_the_same_mix_and_grows_with_missing_kinds() -> None:
    half = named(*["Shoes"] * 10, *["Topwear"] * 10)
    assert divergence(named("Shoes", "Topwear"), half) == pytest.approx(0)
    shoes = named(*["Shoes"] * 20)
    expected = 0.5 * np.log(0.5 / (0.99 + 0.005)) + 0.5 * np.log(100)
    assert divergence(named("Shoes", "Topwear"), shoes) == pytest.approx(expected)


def test_variety_is_the_disagreement_of_pairs_in_type_colour_and_brand() -> None:
    assert variety(labels({}, {})) == 0
    assert variety(labels({}, {"colour": "Blue"})) == pytest.approx(1 / 3)
    assert variety(labels({}, {"colour": "Blue", "article": "Shirts", "brand": "other"})) == 1
    assert variety(labels({}, {}, {"brand": "other"})) == pytest.approx(1 - (1 + 2 / 3 + 2 / 3) / 3)
    assert variety(labels({})) == 1


def test_twins_are_owned_or_repeated_names() -> None:
    assert twins(named("a"), named("a", "b", "b", "c")) == 3 / PAGE
    assert twins(named("z"), named("a", "b")) == 0


def test_estimates_are_means_with_intervals() -> None:
    each = [dict.fromkeys(PERSONA_METRICS, float(value)) for value in (0, 1) * 50]
    found = estimates(each)
    assert tuple(found) == PERSONA_METRICS
    assert (found["kl"].value, found["kl"].n) == (0.5, 100)
    assert found["kl"].low < 0.5 < found["kl"].high
    assert found["kl"].high - found["kl"].low == pytest.approx(0.2, rel=0.1)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["Shoes", "Ties", "Topwear"]), min_size=1), st.integers(0, 60))
def test_metrics_of_any_list_are_within_their_bounds(owned: list[str], length: int) -> None:
    wardrobe = labels(*({"sub_category": kind} for kind in owned))
    kinds = ["Shoes", "Ties", "Belts"]
    listed = labels(*({"sub_category": kinds[n % 3], "colour": "Red" if n % 2 else "Pink"} for n in range(length)))
    measured = persona_metrics(ANN, wardrobe, listed)
    assert 0 <= measured.pop("kl") <= np.log(100) + 1e-9
    assert all(0 <= value <= 1 for value in measured.values())


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    return load_scorer("wardrobe_bench")


def test_metrics_equal_the_scorers_to_the_last_digit(scorer: ModuleType) -> None:
    random = np.random.default_rng(3)
    kinds = {
        "gender": ["Men", "Women", "Unisex", "Boys"],
        "usage": ["Casual", "Formal", "Sports"],
        "baseColour": ["Red", "Blue", "Pink", "Black", "White"],
        "subCategory": ["Topwear", "Shoes", "Ties", "Bottomwear", "Belts", "Socks", "Bags", "Watches", "Sandal"],
        "articleType": ["Tshirts", "Shirts", "Jeans"],
        "productDisplayName": [f"Brand{n % 7} Thing {n}" for n in range(150)],
    }
    rows = [
        {"id": str(n)} | {column: str(random.choice(values)) for column, values in kinds.items()} for n in range(400)
    ]
    people: list[Persona] = []
    recommended: dict[str, list[str]] = {}
    for number in range(60):
        drawn = [str(n) for n in random.permutation(400)]
        wardrobe = tuple(drawn[: random.integers(8, 16)])
        worn = frozenset({"Topwear", "Shoes"})
        people.append(Persona(f"p{number}", wardrobe, "Men", "Casual", frozenset({"Red", "Black"}), worn))
        recommended[f"p{number}"] = drawn[20:70]
    expected = scorer.score(rows, [asdict(persona) for persona in people], recommended)

    columns = {"gender": "gender", "usage": "usage", "colour": "baseColour", "sub_category": "subCategory"}
    columns |= {"article": "articleType"}

    def labels_of(ids: Sequence[str]) -> ProductLabels:
        chosen = [rows[int(i)] for i in ids]
        names = [row["productDisplayName"].lower() for row in chosen]
        values = {name: [row[column] for row in chosen] for name, column in columns.items()}
        values |= {"name": names, "brand": [name.split(" ")[0] for name in names]}
        return ProductLabels(**{name: np.array(texts, object) for name, texts in values.items()})

    lists = [persona_metrics(one, labels_of(one.wardrobe), labels_of(recommended[one.id])) for one in people]
    found = estimates(lists)
    assert {metric: found[metric].value for metric in PERSONA_METRICS} == {
        metric: expected[metric] for metric in PERSONA_METRICS
    }
    assert [found["all20"].low, found["all20"].high] == expected["all20_ci95"]
