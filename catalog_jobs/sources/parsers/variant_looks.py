"""The looks of a product whose answer names each of its variants with a price, its stock and its images."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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


def looks_of_variants(product: ScrapedProduct, variants: Sequence[Variant]) -> Iterator[ScrapedProduct]:
    """Yield the product once for each of its looks; if all of them have the same image, once.

    A look has the lowest price that can be paid for one of its sizes. ``product`` has what is common to all variants.
    """
    by_look: dict[str, list[Variant]] = {}
    for variant in variants:
        by_look.setdefault(_value_of(variant, LOOK_OPTIONS), []).append(variant)
    images = {look: tuple(dict.fromkeys(_images(same_look))) for look, same_look in by_look.items()}
    if len(by_look) > 1 and len({urls[:1] for urls in images.values()}) < 2:
        by_look = {"": list(variants)}
    for look, same_look in by_look.items():
        own_images = images[look] if len(by_look) > 1 else ()
        yield _with_variants(product, look, same_look, own_images or product.image_urls or tuple(_images(same_look)))


def _with_variants(
    product: ScrapedProduct, look: str, variants: Sequence[Variant], image_urls: tuple[str, ...]
) -> ScrapedProduct:
    offer = best_of([_offer(variant) for variant in variants])
    return replace(
        product,
        id=variant_id(product.id, look),
        group=product.id,
        variant=look,
        colours=split_colours(look) or product.colours,
        price=offer.price.amount,
        list_price=offer.list_price,
        currency=offer.price.currency or product.currency,
        in_stock=offer.in_stock,
        sizes=offer.sizes,
        image_urls=image_urls,
        remarks=offer.price.remarks,
    )


def _offer(variant: Variant) -> Offer:
    size = _value_of(variant, SIZE_OPTIONS)
    return Offer(variant.price, variant.list_price, variant.in_stock, (size,) if size else ())


def _value_of(variant: Variant, names: frozenset[str]) -> str:
    return next((value for name, value in variant.options.items() if name.casefold() in names), "")


def _images(variants: Sequence[Variant]) -> Iterator[str]:
    for variant in variants:
        yield from variant.image_urls
