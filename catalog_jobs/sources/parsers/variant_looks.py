"""Returns the looks of a product whose shop names each variant with its price, its stock and its images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog_jobs.catalog.item import ScrapedProduct
from catalog_jobs.sources.parsers.offers import Offer, best_of
from catalog_jobs.sources.parsers.options import LOOK_OPTIONS, SIZE_OPTIONS
from catalog_jobs.sources.parsers.prices import Price
from catalog_jobs.sources.parsers.values import split_colours, variant_id


@dataclass(frozen=True)
class Variant:
    """One combination of a product's options. ``options`` has the values by the options' names, as the shop writes
    both; ``list_price`` is the higher price that ``price`` is reduced from."""

    options: Mapping[str, str]
    price: Price
    list_price: float | None
    in_stock: bool
    image_urls: tuple[str, ...]

    @property
    def look(self) -> str:
        """The value of the first option that changes the product's look."""
        return self._value_of(LOOK_OPTIONS)

    @property
    def offer(self) -> Offer:
        """The variant as one of the offers of its look."""
        size = self._value_of(SIZE_OPTIONS)
        return Offer(self.price, self.list_price, self.in_stock, (size,) if size else ())

    def _value_of(self, names: frozenset[str]) -> str:
        return next((value for name, value in self.options.items() if name.casefold() in names), "")


def looks_of_variants(
    product: ScrapedProduct, variants: Sequence[Variant], currency: str = ""
) -> Iterator[ScrapedProduct]:
    """Yield the product once for each of its looks; if all of them have the same image, once.

    ``product`` has what is common to all variants; prices in ``currency``, the shop's, are preferred.
    """
    by_look: dict[str, list[Variant]] = {}
    for variant in variants:
        by_look.setdefault(variant.look, []).append(variant)
    images = {look: _images(same_look) for look, same_look in by_look.items()}
    if len(by_look) > 1 and len({urls[:1] for urls in images.values()}) < 2:
        by_look = {"": list(variants)}
    for look, same_look in by_look.items():
        own_images = images[look] if len(by_look) > 1 else ()
        best = best_of([variant.offer for variant in same_look], currency)
        yield product._replace(
            id=variant_id(product.id, look),
            group=product.id,
            variant=look,
            colours=split_colours(look) or product.colours,
            price=best.price.amount,
            list_price=best.list_price,
            currency=best.price.currency or product.currency,
            in_stock=best.in_stock,
            sizes=best.sizes,
            image_urls=own_images or product.image_urls or _images(same_look),
            remarks=best.price.remarks,
        )


def _images(variants: Sequence[Variant]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(url for variant in variants for url in variant.image_urls))
