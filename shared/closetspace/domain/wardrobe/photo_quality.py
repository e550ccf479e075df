"""The quality of a photo: whether it is good enough for the closet, by its encoding and by the picture itself."""

from closetspace.domain.encoder.descriptor import CATEGORY
from closetspace.domain.encoder.encoding import Encoding, Picture
from closetspace.domain.wardrobe.item import Fault
from closetspace.domain.wardrobe.state import Hint

SMALL_SIDE = 64
"""Pixels of a decoded picture's shorter side below which details are lost, about a quarter of what the encoders see."""

DARK = 40.0
"""Mean brightness, 0 to 255, below which a picture is too dark. The darkest of 400 photos that people took has 58."""

SURE_CATEGORY = 0.8
"""Probability that the category needs in a small or dark picture, in which the encoder sees less."""

NO_GARMENT = Fault(
    "no_garment",
    "We can't find a garment in this photo. Please upload a photo that shows one garment, shoe or accessory clearly.",
)

Verdict = Fault | Hint | None
"""A refusal, a hint for the owner of an accepted photo, or None for a good photo."""


def judge_photo(
    encoding: Encoding,
    picture: Picture,
    *,
    no_garment_below: float,
    unsure_garment_below: float,
    unclear_category_below: float,
) -> Verdict:
    """Return the verdict on a photo; the thresholds are probabilities from 0 to 1.

    Probabilities that the encoder does not report are not judged.
    """
    garment, share = encoding.garment_probability, category_share(encoding)
    if garment is not None and garment < no_garment_below:
        return NO_GARMENT
    if garment is not None and garment < unsure_garment_below:
        return Hint.UNSURE_GARMENT
    needed = max(unclear_category_below, SURE_CATEGORY) if _is_poor(picture) else unclear_category_below
    return Hint.UNCLEAR_PHOTO if share is not None and share < needed else None


def category_share(encoding: Encoding) -> float | None:
    """Return the probability of the encoding's category; None if the encoder reports none."""
    shares = encoding.attributes.get(CATEGORY)
    return None if shares is None else shares.get(encoding.category, 0.0)


def _is_poor(picture: Picture) -> bool:
    return min(picture.shape[:2]) < SMALL_SIDE or float(picture.mean()) < DARK
