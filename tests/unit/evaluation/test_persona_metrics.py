"""What is measured of lists for personas: by hand, and against a scorer that knows no model."""

from collections.abc import Sequence
from dataclasses import asdict
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_jobs.evaluation.datasets.personas import Persona
from catalog_jobs.evaluation.metrics.personas import (
    METRICS,
    PAGE,
    Labels,
    coverage,
    divergence,
    estimates,
    fits,
    measure,
    relevance,
    twins,
    variety,
)
from tests.support.scorers import load_scorer

ANN = Persona("ann", (), "Women", "Casual", frozenset({"Red", "Blue"}), frozenset({"Topwear", "Shoes"}))
TEE = {"gender": "Women", "usage": "Casual", "colour": "Red", "sub_category": "Topwear", "article": "Tshirts"}
TEE |= {"brand": "acme", "name": "acme tee"}


def labels(*products: dict[str, str]) -> Labels:
    """Tees but for what is said."""
    whole = [TEE | product for product in products]
    return Labels(**{column: np.array([one[column] for one in whole], object) for column in TEE})


def named(*names: str) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array(names, object)


def test_a_product_fits_by_gender_usage_and_palette_and_unisex_fits_everybody() -> None:
    listed = labels({}, {"gender": "Unisex", "usage": "Formal"}, {"gender": "Men", "colour": "Pink"})
    assert {trait: flags.tolist() for trait, flags in fits(ANN, listed).items()} == {
        "gender": [True, True, False],
        "usage": [True, False, True],
        "palette": [True, True, False],
    }


def test_shares_are_of_a_whole_page_and_headline_counts_what_fits_in_all() -> None:
    listed = labels(*[{}] * 10, *[{"gender": "Men"}] * 4, *[{"usage": "Formal"}] * 3, *[{"colour": "Pink"}] * 3)
    measured = measure(ANN, labels({}), listed)
    assert (measured["gender"], measured["usage"], measured["palette"]) == (0.8, 0.85, 0.85)
    assert measured["all20"] == 0.5
    assert tuple(measured) == METRICS


def test_places_that_a_short_list_lacks_fit_nobody() -> None:
    assert measure(ANN, labels({}), labels({}, {}))["all20"] == 2 / PAGE
    nothing = measure(ANN, labels({}), labels())
    assert (nothing["all20"], nothing["coverage"], nothing["twins"], nothing["variety"]) == (0, 0, 0, 1)
    assert nothing["kl"] == pytest.approx(np.log(100))


def test_only_the_first_twenty_count_and_of_relevance_the_first_fifty() -> None:
    far = [{"gender": "Men"}] * 20 + [{}] * 30 + [{"usage": "Formal"}] * 9
    measured = measure(ANN, labels({}), labels(*far))
    assert (measured["all20"], measured["rel50"]) == (0, 0.6)


def test_relevance_wants_a_kind_that_the_persona_wears() -> None:
    assert relevance(ANN, labels(*[{}] * 20, *[{"sub_category": "Ties"}] * 30)) == 0.4


def test_coverage_is_the_share_of_the_wardrobes_kinds() -> None:
    assert coverage(named("Shoes", "Shoes", "Topwear", "Ties"), named("Ties", "Belts", "Shoes")) == pytest.approx(2 / 3)


def test_divergence_is_nothing_for_the_same_mix_and_grows_with_what_is_missing() -> None:
    half = named(*["Shoes"] * 10, *["Topwear"] * 10)
    assert divergence(named("Shoes", "Topwear"), half) == pytest.approx(0)
    shoes = named(*["Shoes"] * 20)
    expected = 0.5 * np.log(0.5 / (0.99 + 0.005)) + 0.5 * np.log(100)
    assert divergence(named("Shoes", "Topwear"), shoes) == pytest.approx(expected)


def test_variety_is_what_pairs_do_not_share_of_type_colour_and_brand() -> None:
    assert variety(labels({}, {})) == 0
    assert variety(labels({}, {"colour": "Blue"})) == pytest.approx(1 / 3)
    assert variety(labels({}, {"colour": "Blue", "article": "Shirts", "brand": "other"})) == 1
    assert variety(labels({}, {}, {"brand": "other"})) == pytest.approx(1 - (1 + 2 / 3 + 2 / 3) / 3)
    assert variety(labels({})) == 1


def test_twins_are_what_is_owned_or_comes_twice() -> None:
    assert twins(named("a"), named("a", "b", "b", "c")) == 3 / PAGE
    assert twins(named("z"), named("a", "b")) == 0


def test_estimates_are_means_with_intervals_around_them() -> None:
    each = [dict.fromkeys(METRICS, float(value)) for value in (0, 1) * 50]
    found = estimates(each)
    assert tuple(found) == METRICS
    assert (found["kl"].value, found["kl"].n) == (0.5, 100)
    assert found["kl"].low < 0.5 < found["kl"].high
    assert found["kl"].high - found["kl"].low == pytest.approx(0.2, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["Shoes", "Ties", "Topwear"]), min_size=1), st.integers(0, 60))
def test_every_metric_is_in_its_bounds_whatever_the_list(owned: list[str], length: int) -> None:
    wardrobe = labels(*({"sub_category": kind} for kind in owned))
    kinds = ["Shoes", "Ties", "Belts"]
    listed = labels(*({"sub_category": kinds[n % 3], "colour": "Red" if n % 2 else "Pink"} for n in range(length)))
    measured = measure(ANN, wardrobe, listed)
    assert 0 <= measured.pop("kl") <= np.log(100) + 1e-9
    assert all(0 <= value <= 1 for value in measured.values())


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    return load_scorer("wardrobe_bench")


def test_the_scorers_numbers_come_out_to_the_last_digit(scorer: ModuleType) -> None:
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

    def labels_of(ids: Sequence[str]) -> Labels:
        chosen = [rows[int(i)] for i in ids]
        names = [row["productDisplayName"].lower() for row in chosen]
        found = {name: [row[column] for row in chosen] for name, column in columns.items()}
        found |= {"name": names, "brand": [name.split(" ")[0] for name in names]}
        return Labels(**{name: np.array(values, object) for name, values in found.items()})

    each = [measure(one, labels_of(one.wardrobe), labels_of(recommended[one.id])) for one in people]
    found = estimates(each)
    assert {metric: found[metric].value for metric in METRICS} == {metric: expected[metric] for metric in METRICS}
    assert [found["all20"].low, found["all20"].high] == expected["all20_ci95"]
