"""Returns the looks of a product with schema.org data, each with its variants: colours are looks, sizes are not."""

from collections.abc import Sequence
from dataclasses import dataclass

from catalog_jobs.sources.parsers.linked_nodes import Node
from catalog_jobs.sources.parsers.options import LOOK_OPTIONS
from catalog_jobs.sources.parsers.product_families import Family
from catalog_jobs.sources.parsers.values import as_list, image_urls_of, text_of
from catalog_jobs.sources.parsers.variant_names import look_names

_OTHER_PROPERTIES = ("pattern", "material")
"""What is a look beside the colour, where variants differ in it."""


@dataclass(frozen=True)
class Look:
    """The variants of one look. ``is_stated`` says that the look is a property, not a part of their names."""

    name: str
    variants: Sequence[Node]
    is_stated: bool = True


def looks_of(family: Family) -> list[Look]:
    """Return the looks of a product in the order of the page.

    Looks that only the variants' names tell apart are one if they share their image, as those of a size are.
    """
    variants = family.variants
    stated = _stated_looks(variants)
    if len(set(stated)) > 1 or len(variants) == 1:
        return _grouped(stated, variants, is_stated=True)
    names, sizes = [[text_of(node.get(field)) for node in variants] for field in ("name", "size")]
    looks = _grouped(look_names(names, text_of(family.group.get("name")), sizes), variants, is_stated=False)
    images = {image_urls_of("https://page.example", look.variants[0].get("image"))[:1] for look in looks}
    return looks if len(looks) > 1 and len(images) > 1 else [Look(stated[0], variants)]


def colour_of(node: Node) -> str:
    """Return the colours of a product, joined by ``/`` if it names several."""
    names = (text_of(entry.get("name") if isinstance(entry, dict) else entry) for entry in as_list(node.get("color")))
    if colours := "/".join(dict.fromkeys(name for name in names if name)):
        return colours
    properties = (entry for entry in as_list(node.get("additionalProperty")) if isinstance(entry, dict))
    return next((text_of(p.get("value")) for p in properties if text_of(p.get("name")).casefold() in LOOK_OPTIONS), "")


def _stated_looks(variants: Sequence[Node]) -> list[str]:
    columns = [[colour_of(node) for node in variants]]
    for name in _OTHER_PROPERTIES:
        column = [text_of(node.get(name)) for node in variants]
        if len(set(column)) > 1:
            columns.append(column)
    return [" ".join(filter(None, parts)) for parts in zip(*columns, strict=True)]


def _grouped(names: Sequence[str], variants: Sequence[Node], *, is_stated: bool) -> list[Look]:
    by_name: dict[str, list[Node]] = {}
    for name, variant in zip(names, variants, strict=True):
        by_name.setdefault(name, []).append(variant)
    return [Look(name, same, is_stated) for name, same in by_name.items()]
