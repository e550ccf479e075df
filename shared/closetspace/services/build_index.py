"""The contents of an index: a catalog's items, and their encodings."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from closetspace.domain.encoder.attributes import FULL_SHARE, PackedAttributes, head_slices
from closetspace.domain.encoder.descriptor import GENDER, EncoderDescriptor
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.index.bundle import BundleContents
from closetspace.domain.index.indexed_item import IndexedItem

LIKELY = 0.5
"""The probability above which a predicted gender is used."""


def bundle_contents(
    items: Sequence[IndexedItem], encodings: EncodingBatch, encoder: EncoderDescriptor, catalog: str
) -> BundleContents:
    """Assign categories and genders to items.

    A shop's gender replaces the probabilities that the head predicts. An item without one gets the likeliest predicted
    gender, if it is more likely than not.
    """
    items = with_categories(items, encodings, encoder)
    if GENDER not in encoder.heads:
        return BundleContents(items, encodings, encoder, catalog)
    items, attributes = _with_genders(items, encodings.attributes.copy(), encoder)
    return BundleContents(items, replace(encodings, attributes=attributes), encoder, catalog)


def with_categories(
    items: Sequence[IndexedItem], encodings: EncodingBatch, encoder: EncoderDescriptor
) -> list[IndexedItem]:
    """Return the items with categories of the encoder: the shop's if it is one of them, else the predicted one."""
    known = frozenset(encoder.categories)
    return [
        item if item.category in known else replace(item, category=predicted)
        for item, predicted in zip(items, encodings.categories, strict=True)
    ]


def _with_genders(
    items: Sequence[IndexedItem], attributes: PackedAttributes, encoder: EncoderDescriptor
) -> tuple[list[IndexedItem], PackedAttributes]:
    genders = encoder.heads[GENDER]
    predicted = attributes[:, head_slices(encoder.heads)[GENDER]]
    columns = {label.casefold(): column for column, label in enumerate(genders)}
    likeliest, likely = np.argmax(predicted, axis=1), np.max(predicted, axis=1, initial=0) > LIKELY * FULL_SHARE
    with_genders = []
    for row, item in enumerate(items):
        column = columns.get(item.gender.casefold())
        if column is not None:
            predicted[row] = 0
            predicted[row, column] = FULL_SHARE
        elif not item.gender and likely[row]:
            item = replace(item, gender=genders[likeliest[row]])
        with_genders.append(item)
    return with_genders, attributes
