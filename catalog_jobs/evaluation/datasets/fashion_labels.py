"""The labels of the fashion encoder, and their names in product tables and in photo labels."""

from __future__ import annotations

import re
from collections.abc import Mapping

from closetspace.domain.encoder.descriptor import UNISEX

SHOES = frozenset({"Casual Shoes", "Sports Shoes", "Heels", "Sandals", "Formal Shoes", "Flats", "Flip Flops"})

TYPES_OF_CLASS: Mapping[str, frozenset[str]] = {
    "blazer": frozenset({"Blazers", "Jackets"}),
    "blouse": frozenset({"Tops", "Shirts", "Tunics"}),
    "body": frozenset(),
    "dress": frozenset({"Dresses"}),
    "hat": frozenset({"Caps", "Hat"}),
    "hoodie": frozenset({"Sweatshirts", "Jackets", "Sweaters"}),
    "longsleeve": frozenset({"Tshirts", "Sweatshirts", "Sweaters", "Tops"}),
    "outwear": frozenset({"Jackets", "Sweaters", "Sweatshirts", "Blazers", "Rain Jacket", "Waistcoat"}),
    "pants": frozenset({"Jeans", "Trousers", "Track Pants", "Capris", "Leggings", "Jeggings", "Tights"}),
    "polo": frozenset({"Tshirts"}),
    "shirt": frozenset({"Shirts"}),
    "shoes": SHOES,
    "shorts": frozenset({"Shorts"}),
    "skirt": frozenset({"Skirts"}),
    "t-shirt": frozenset({"Tshirts", "Tops"}),
    "top": frozenset({"Tops", "Tshirts"}),
    "undershirt": frozenset({"Innerwear Vests", "Tshirts"}),
}
"""The article types of products that photos of a class may show. No product is a baby's body."""

CATEGORY_OF_CLASS: Mapping[str, str] = {
    "blazer": "Topwear",
    "blouse": "Topwear",
    "dress": "Dress",
    "hat": "Headwear",
    "hoodie": "Topwear",
    "longsleeve": "Topwear",
    "outwear": "Topwear",
    "pants": "Bottomwear",
    "polo": "Topwear",
    "shirt": "Topwear",
    "shoes": "Shoes",
    "shorts": "Bottomwear",
    "skirt": "Bottomwear",
    "t-shirt": "Topwear",
    "top": "Topwear",
}
"""The category of a photo class, as products name it. An undershirt may be one of two."""

CLASSES = tuple(sorted(TYPES_OF_CLASS))

MEN, WOMEN = "Men", "Women"
GENDERS = (MEN, WOMEN, UNISEX)
"""The gender of a garment, without its age group."""

GENDER_OF_PRODUCT = {"Men": MEN, "Women": WOMEN, "Unisex": UNISEX, "Boys": MEN, "Girls": WOMEN}

GENDER_OF_PHOTO: Mapping[str, Mapping[str, float]] = {
    "W": {WOMEN: 1.0},
    "M": {MEN: 1.0},
    # Shops label a garment for either gender as unisex half the time, else as men's or women's.
    "U": {UNISEX: 0.5, MEN: 0.25, WOMEN: 0.25},
}

AGES = ("adult", "child")

CHILD_IN_NAME = re.compile(r"\b(kids?|boys?'?s?|girls?'?s?|infants?|bab(y|ies)|toddlers?)\b", re.IGNORECASE)

COLOUR_OF_PHOTO = {
    "black": "Black",
    "white": "White",
    "navy": "Navy Blue",
    "blue": "Blue",
    "lightblue": "Blue",
    "grey": "Grey",
    "charcoal": "Charcoal",
    "red": "Red",
    "pink": "Pink",
    "beige": "Beige",
    "brown": "Brown",
    "green": "Green",
    "cream": "Cream",
    "maroon": "Maroon",
    "purple": "Purple",
    "magenta": "Magenta",
    "olive": "Olive",
    "turquoise": "Turquoise Blue",
    "teal": "Turquoise Blue",
    "yellow": "Yellow",
    "orange": "Orange",
    "khaki": "Khaki",
    "tan": "Tan",
    "lavender": "Lavender",
    "mustard": "Mustard",
    "rust": "Rust",
    "peach": "Peach",
    "multi": "Multi",
    "silver": "Silver",
    "gold": "Gold",
}

SECOND_COLOUR = 0.3
"""The share of the second colour in a garment's colour label."""

USAGE_OF_PHOTO = {"casual": "Casual", "formal": "Formal", "sports": "Sports", "party": "Party", "home": "Home"}

PATTERN_OF_PHOTO = {
    "solid": "Solid",
    "graphic": "Graphic",
    "stripes": "Striped",
    "checks": "Checked",
    "floral": "Floral",
    "dots": "Dotted",
    "abstract": "Abstract",
    "colourblock": "Colour block",
    "denim": "Denim",
    "knit": "Knitted",
    "lace": "Lace",
    "camo": "Camouflage",
    "animal": "Animal",
}
PATTERNS = tuple(PATTERN_OF_PHOTO.values())

_PRINTED = frozenset({"Graphic", "Floral", "Abstract", "Dotted", "Animal", "Camouflage"})
_PATTERN_IN_NAME: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = tuple(
    (re.compile(rf"\b{word}", re.IGNORECASE), patterns)
    for word, patterns in (
        ("floral", frozenset({"Floral"})),
        ("polka", frozenset({"Dotted"})),
        ("strip", frozenset({"Striped"})),
        ("check", frozenset({"Checked"})),
        ("graphic", frozenset({"Graphic"})),
        ("print", _PRINTED),
        ("washed", frozenset({"Denim"})),
        ("denim", frozenset({"Denim"})),
        ("knit", frozenset({"Knitted", "Solid"})),
        ("solid", frozenset({"Solid"})),
        ("plain", frozenset({"Solid"})),
    )
)


def patterns_in_name(name: str) -> frozenset[str]:
    """Return the possible patterns of a product by its name, empty if the name has no pattern.

    The first match wins: "solid" in the name of a striped shirt is the name of a product line.
    """
    return next((patterns for word, patterns in _PATTERN_IN_NAME if word.search(name)), frozenset())
