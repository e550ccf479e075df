"""The calculated costs of a month, and the operator's guide that quotes them."""

import pytest

from closetspace_infra.costs import ITEMS, READS_A_NEW_ITEM, READS_A_RECOMMEND, Cost, costs, joining, table
from tests.support.paths import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "operating.md").read_text()


def test_guide_has_the_calculated_table() -> None:
    assert table() in GUIDE


def test_guide_has_the_assumptions_of_the_calculation() -> None:
    words = " ".join(GUIDE.split())
    assert f"{READS_A_RECOMMEND} reads and a write per recommendation, {READS_A_NEW_ITEM} reads" in words
    assert f"A new person with {ITEMS} photos costs {100 * joining():.1f} cents" in words


def test_free_quota_is_not_charged() -> None:
    reads = Cost("reads", "10 per person", price=0.5, each=10, fixed=3, free=100)
    assert reads.dollars(5) == 0
    assert reads.dollars(10) == pytest.approx(1.5)


def test_more_people_and_more_items_never_cost_less() -> None:
    for few, many in zip(costs(20_000), costs(100_000), strict=True):
        assert few.what == many.what
        assert few.dollars(1_000) <= few.dollars(1_000_000) <= many.dollars(1_000_000)
