"""What an index is built of: a catalog's items, and what the encoder made of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from closetspace.domain.encoder.attributes import FULL_SHARE, PackedAttributes, head_slices
from closetspace.domain.encoder.descriptor import GENDER, EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.indexed_item import IndexedItem

LIKELY = 0.5


def bundle_contents(
    items: Sequence[IndexedItem], encodings: EncodingBatch, encoder: EncoderDescriptor, catalog: str
) -> BundleContents:
    """Place items in categories, and settle whom they are for.

    Where a shop tells an item's gender, that counts and not what the head sees in it. Of items whose gender nobody
    tells, the head's answer is what requests filter by, where it is more likely than not.
    """
    items = placed(items, encodings, encoder)
    if GENDER not in encoder.heads:
        return BundleContents(items, encodings, encoder, catalog)
    told, attributes = _with_gender(items, encodings.attributes.copy(), encoder)
    return BundleContents(told, replace(encodings, attributes=attributes), encoder, catalog)


def placed(items: Sequence[IndexedItem], encodings: EncodingBatch, encoder: EncoderDescriptor) -> list[IndexedItem]:
    """The items in the categories that closets have: a shop's own where it is one of them, else the predicted one."""
    known = frozenset(encoder.categories)
    return [
        item if item.category in known else replace(item, category=predicted)
        for item, predicted in zip(items, encodings.categories, strict=True)
    ]


def _with_gender(
    items: Sequence[IndexedItem], attributes: PackedAttributes, encoder: EncoderDescriptor
) -> tuple[list[IndexedItem], PackedAttributes]:
    """The items with a gender where one is known, and their attributes, changed where a shop knows better."""
    genders = encoder.heads[GENDER]
    seen = attributes[:, head_slices(encoder.heads)[GENDER]]
    places = {label.casefold(): place for place, label in enumerate(genders)}
    likeliest, likely = np.argmax(seen, axis=1), np.max(seen, axis=1, initial=0) > LIKELY * FULL_SHARE
    told = []
    for row, item in enumerate(items):
        place = places.get(item.gender.casefold())
        if place is not None:
            seen[row] = 0
            seen[row, place] = FULL_SHARE
        elif not item.gender and likely[row]:
            item = replace(item, gender=genders[likeliest[row]])
        told.append(item)
    return told, attributes
