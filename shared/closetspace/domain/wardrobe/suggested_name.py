"""A name for an item whose owner gave it none, such as "Navy blue checked top"."""

from collections.abc import Mapping

from closetspace.domain.encoder.descriptor import COLOUR, PATTERN
from closetspace.domain.encoder.encoding import Shares, clear_label

PLAIN = "Solid"
"""The pattern that goes without saying."""

NOUNS = {
    "Topwear": "top",
    "Bottomwear": "bottoms",
    "Bags": "bag",
    "Watches": "watch",
    "Eyewear": "glasses",
    "Innerwear": "underwear",
    "Sandal": "sandals",
    "Wallets": "wallet",
    "Belts": "belt",
    "Headwear": "hat",
    "Ties": "tie",
    "Accessories": "accessory",
    "Mufflers": "muffler",
    "Scarves": "scarf",
}
"""What people call an item of a category; others are named by their category, which is a word of its own."""


def suggest_name(category: str, attributes: Mapping[str, Shares]) -> str:
    """Return colour, pattern and kind of garment, as far as the probabilities of the heads are clear."""
    colour, pattern = (clear_label(attributes.get(head, {})) for head in (COLOUR, PATTERN))
    words = [colour, pattern if pattern != PLAIN else "", NOUNS.get(category, category)]
    return " ".join(word.lower() for word in words if word).capitalize()
