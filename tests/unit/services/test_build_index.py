"""The contents of an index, from items and encodings."""

import numpy as np

from closetspace.domain.encoder.attributes import head_slices
from closetspace.domain.encoder.encoding import Encoding
from closetspace.domain.encoder.encoding_batch import EncodingBatch
from closetspace.domain.index.indexed_item import IndexedItem
from closetspace.services.build_index import bundle_contents
from tests.support.indexes import DIM, ENCODER


def test_gender_of_a_shop_overrides_the_predicted_one() -> None:
    predicted = [({"Women": 0.9}, "Men"), ({"Women": 0.9}, ""), ({"Women": 0.4}, ""), ({"Women": 0.9}, "Grandparents")]
    items = [IndexedItem(str(number), "Shirt", gender=gender) for number, (_, gender) in enumerate(predicted)]
    vector = np.eye(DIM, dtype=np.float32)[0]
    encodings = [Encoding(vector, "Topwear", {"gender": shares}) for shares, _ in predicted]
    built = bundle_contents(items, EncodingBatch.from_encodings(encodings, ENCODER), ENCODER, "one")
    assert [item.gender for item in built.items] == ["Men", "Women", "", "Grandparents"]
    genders = built.encodings.attributes[:, head_slices(ENCODER.heads)["gender"]].tolist()
    columns = {label: column for column, label in enumerate(ENCODER.heads["gender"])}
    assert [(row[columns["Men"]], row[columns["Women"]]) for row in genders] == [(255, 0), (0, 230), (0, 102), (0, 230)]


def test_vectors_that_are_in_order_are_not_copied() -> None:
    vectors = np.eye(DIM, dtype=np.float32)[:3]
    encodings = EncodingBatch.from_encodings([Encoding(vector, "Topwear", {}) for vector in vectors], ENCODER)
    assert encodings.select([0, 1, 2]) is encodings
    assert np.array_equal(encodings.select([2, 0]).vectors, vectors[[2, 0]])
    assert len(encodings.select([0, 1])) == 2
