"""Metrics of search: computed by hand, and compared with the independent scorer."""

import numpy as np
import pytest

from catalog_jobs.evaluation.search import search_metrics
from closetspace.errors import InvalidInput
from tests.support.scorers import load_scorer

SHIRT = {"gender": "Men", "baseColour": "Blue", "articleType": "Shirts", "productDisplayName": "Acme Shirt"}


def shirts(*rows: dict[str, str]) -> list[dict[str, str]]:
    """Return blue shirts for men, with the given differences and their positions as ids."""
    return [SHIRT | {"id": str(number)} | row for number, row in enumerate(rows)]


def test_precision_is_the_share_with_every_requested_attribute() -> None:
    rows = shirts(*[{}] * 12, *[{"baseColour": "Red"}] * 4, *[{"gender": "Women", "baseColour": "Red"}] * 4)
    listed = [str(number) for number in (*range(5), *range(12, 17))]
    scores = search_metrics({"type:Blue/Shirts": listed, "all:Men/Blue/Shirts": listed}, rows)
    assert {metric: estimate.value for metric, estimate in scores.items()} == {
        "p10": 0.5,
        "baseColour": 0.5,
        "articleType": 1.0,
        "gender": 0.9,
    }
    assert (scores["p10"].n, scores["gender"].n) == (2, 1)


def test_precision_is_relative_to_the_existing_products() -> None:
    rows = shirts({}, {}, {"baseColour": "Red"})
    assert search_metrics({"type:Blue/Shirts": ["0", "2", "1"]}, rows)["p10"].value == 1
    assert search_metrics({"type:Red/Shirts": ["0", "1"]}, rows)["p10"].value == 0


def test_recall_accepts_any_product_with_the_same_name() -> None:
    rows = shirts({}, {"productDisplayName": "Other"}, {})
    scores = search_metrics({"name:0": ["2", "1"], "name:1": ["0", "1"], "name:2": ["1"]}, rows)
    assert [scores["r1"].value, scores["r10"].value] == pytest.approx([1 / 3, 2 / 3])


def test_queries_without_requested_labels_are_rejected() -> None:
    with pytest.raises(InvalidInput, match="whose ids say what they request"):
        search_metrics({"q": ["0"], "name:unknown": ["0"], "type:Green/Shirts": ["0"]}, shirts({}))


def test_metrics_equal_the_scorers() -> None:
    scorer = load_scorer("wardrobe_bench")
    random = np.random.default_rng(7)
    choices = {
        "gender": ["Men", "Women"],
        "masterCategory": ["Apparel", "Footwear"],
        "baseColour": ["Red", "Blue", "Black"],
        "articleType": ["Shirts", "Jeans", "Casual Shoes"],
        "productDisplayName": [f"Brand Thing {n}" for n in range(150)],
    }
    rows = [
        {"id": str(n)} | {column: str(random.choice(values)) for column, values in choices.items()} for n in range(200)
    ]
    lists = {query: [str(n) for n in random.permutation(200)[:10]] for query in scorer.queries(rows)}
    expected = scorer.search(rows, lists)
    scores = search_metrics(lists, rows)
    assert {metric: estimate.value for metric, estimate in scores.items()} == pytest.approx(
        {metric: expected[metric] for metric in scores}
    )
    assert (scores["p10"].n, scores["r1"].n) == (expected["queries"], expected["names"])
