"""Names that the heads suggest for items without one."""

from collections.abc import Mapping

import pytest

from closetspace.domain.encoder.descriptor import COLOUR, PATTERN
from closetspace.domain.encoder.encoding import Shares
from closetspace.domain.wardrobe.suggested_name import suggest_name


@pytest.mark.parametrize(
    ("category", "attributes", "name"),
    [
        ("Topwear", {COLOUR: {"Navy Blue": 0.9}, PATTERN: {"Checked": 0.8}}, "Navy blue checked top"),
        ("Topwear", {COLOUR: {"Navy Blue": 0.9}, PATTERN: {"Solid": 0.8}}, "Navy blue top"),
        ("Bottomwear", {COLOUR: {"Red": 0.4, "Blue": 0.45}, PATTERN: {"Striped": 0.49}}, "Bottoms"),
        ("Flip Flops", {COLOUR: {"Red": 0.2, "Blue": 0.8}}, "Blue flip flops"),
        ("Kimono", {}, "Kimono"),
    ],
)
def test_name_has_the_words_that_are_clear(category: str, attributes: Mapping[str, Shares], name: str) -> None:
    assert suggest_name(category, attributes) == name
