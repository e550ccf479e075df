"""The kinds of garments that can be drawn, with the catalog's labels."""

from collections.abc import Callable
from dataclasses import dataclass

from catalog_jobs.demo.drawing import accessories, footwear, garments
from catalog_jobs.demo.drawing.cloth import Pattern
from catalog_jobs.demo.drawing.sheet import Sheet

_WOVEN: tuple[Pattern, ...] = ("plain", "plain", "stripes", "checks", "dots", "print")
_JERSEY: tuple[Pattern, ...] = ("plain", "plain", "stripes", "block", "print", "dots")
_PLAIN: tuple[Pattern, ...] = ("plain",)

_BRIGHT = ("White", "Black", "Grey", "Navy Blue", "Blue", "Red", "Green", "Pink", "Yellow", "Purple", "Orange")
_QUIET = ("Black", "Grey", "Navy Blue", "Beige", "Olive", "Brown", "Blue")
_WARM = (*_QUIET, "Maroon", "Green", "White", "Red", "Purple")
_LEATHER = ("Black", "Brown", "Navy Blue", "Maroon", "Beige", "Grey")
_DENIM = ("Navy Blue", "Blue", "Black", "Grey")
_ANY = (*_BRIGHT, "Maroon", "Olive", "Beige", "Brown")

_ALL = ("Men", "Women", "Unisex")
_BOTH = ("Men", "Women")
_WOMEN = ("Women",)


@dataclass(frozen=True)
class Article:
    """One kind of garment: its categories, its colours and patterns, and the function that draws it.

    ``share`` is its frequency in the catalog relative to the other kinds; ``prices`` are in EUR.
    """

    type: str
    noun: str
    sub_category: str
    draw: Callable[[Sheet], None]
    colours: tuple[str, ...]
    patterns: tuple[Pattern, ...] = _PLAIN
    genders: tuple[str, ...] = _BOTH
    usages: tuple[str, ...] = ("Casual",)
    prices: tuple[int, int] = (19, 59)
    share: float = 1.0

    @property
    def master_category(self) -> str:
        return _MASTER_CATEGORIES[self.sub_category]


_MASTER_CATEGORIES = {
    "Topwear": "Apparel",
    "Bottomwear": "Apparel",
    "Dress": "Apparel",
    "Shoes": "Footwear",
    "Sandal": "Footwear",
    "Flip Flops": "Footwear",
    "Bags": "Accessories",
    "Belts": "Accessories",
    "Headwear": "Accessories",
    "Watches": "Accessories",
    "Eyewear": "Accessories",
}

_DAILY = ("Casual", "Casual", "Sports")
_OFFICE = ("Formal", "Casual")

ARTICLES = (
    Article("Tshirts", "T-shirt", "Topwear", garments.t_shirt, _ANY, _JERSEY, _ALL, _DAILY, (15, 39), 3),
    Article("Shirts", "Shirt", "Topwear", garments.shirt, _ANY, _WOVEN, _BOTH, _OFFICE, (35, 89), 2.4),
    Article("Tops", "Top", "Topwear", garments.top, _ANY, _WOVEN, _WOMEN, prices=(19, 49), share=1.2),
    Article(
        "Sweaters", "Sweater", "Topwear", garments.sweater, _WARM, ("knit", "stripes", "block"), prices=(45, 129)
    ),
    Article(
        "Sweatshirts", "Hoodie", "Topwear", garments.sweatshirt, _WARM, _JERSEY[:4], _ALL, _DAILY, (39, 89)
    ),
    Article("Jackets", "Jacket", "Topwear", garments.jacket, _QUIET, _PLAIN, _BOTH, _DAILY, (79, 229)),
    Article("Jeans", "Jeans", "Bottomwear", garments.jeans, _DENIM, ("denim",), prices=(49, 119), share=1.4),
    Article(
        "Trousers", "Trousers", "Bottomwear", garments.trousers, _QUIET,
        usages=_OFFICE, prices=(45, 119), share=1.3,
    ),
    Article(
        "Shorts", "Shorts", "Bottomwear", garments.shorts, _ANY, (*_PLAIN, "checks"), _BOTH, _DAILY, (25, 55)
    ),
    Article("Skirts", "Skirt", "Bottomwear", garments.skirt, _ANY, _WOVEN, _WOMEN, prices=(29, 79)),
    Article("Dresses", "Dress", "Dress", garments.dress, _ANY, _WOVEN, _WOMEN, prices=(49, 149), share=1.4),
    Article(
        "Sports Shoes", "Running Shoes", "Shoes", footwear.sports_shoe, _BRIGHT,
        usages=("Sports",), prices=(69, 159), share=1.4,
    ),
    Article(
        "Casual Shoes", "Sneakers", "Shoes", footwear.casual_shoe, _ANY,
        genders=_ALL, prices=(49, 119), share=1.4,
    ),
    Article(
        "Formal Shoes", "Oxford Shoes", "Shoes", footwear.formal_shoe, _LEATHER,
        usages=("Formal",), prices=(89, 219),
    ),
    Article("Heels", "Heels", "Shoes", footwear.heels, _ANY, genders=_WOMEN, usages=_OFFICE, prices=(59, 149)),
    Article("Sandals", "Sandals", "Sandal", footwear.sandal, _LEATHER, prices=(35, 89)),
    Article("Flip Flops", "Flip Flops", "Flip Flops", footwear.flip_flops, _BRIGHT, prices=(9, 29), share=0.7),
    Article(
        "Handbags", "Handbag", "Bags", accessories.handbag, (*_LEATHER, "Red", "Pink"),
        genders=_WOMEN, prices=(59, 249),
    ),
    Article(
        "Backpacks", "Backpack", "Bags", accessories.backpack, _QUIET,
        genders=_ALL, usages=_DAILY, prices=(49, 129), share=0.8,
    ),
    Article("Belts", "Belt", "Belts", accessories.belt, _LEATHER[:5], usages=_OFFICE, prices=(25, 69)),
    Article("Caps", "Cap", "Headwear", accessories.cap, _ANY, genders=_ALL, usages=_DAILY, prices=(15, 35)),
    Article("Watches", "Watch", "Watches", accessories.watch, _LEATHER, usages=_OFFICE, prices=(79, 349)),
    Article(
        "Sunglasses", "Sunglasses", "Eyewear", accessories.sunglasses, _LEATHER,
        genders=_ALL, prices=(29, 139), share=0.8,
    ),
)  # fmt: skip
