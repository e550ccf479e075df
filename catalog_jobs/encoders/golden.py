"""Fixed garments, whose encodings show whether an encoder's answers have changed."""

from typing import Any

import numpy as np

from closetspace.domain.encoder.encoding import Encoder, Garment, Picture

GOLDEN = "golden.json"


def golden_garments() -> dict[str, Garment]:
    """Return a red square with a white stripe on grey and its name, together and separately, and an empty garment."""
    picture: Picture = np.full((300, 240, 3), 235, np.uint8)
    picture[60:240, 50:190] = (190, 20, 40)
    picture[60:240, 50:190, 1] += np.arange(180, dtype=np.uint8)[:, None] // 6
    picture[140:160, 50:190] = 255
    name, brand = "Striped Red T-shirt", "Roadster"
    return {
        "photo and text": Garment(picture, name, brand),
        "photo": Garment(picture),
        "text": Garment(None, name, brand),
        "nothing": Garment(None),
    }


def golden_encodings(encoder: Encoder) -> dict[str, Any]:
    """Return the encodings of the golden garments, as ``golden.json`` stores them."""
    garments = golden_garments()
    return {
        case: {
            "category": encoding.category,
            "attributes": encoding.attributes,
            "vector": [round(float(x), 5) for x in encoding.vector],
        }
        for case, encoding in zip(garments, encoder.encode(list(garments.values())), strict=True)
    }
