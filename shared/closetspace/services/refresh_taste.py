"""Keep a person's taste at hand, derived from their closet."""

from collections.abc import Callable
from dataclasses import dataclass

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.taste.taste import derive_taste
from closetspace.domain.wardrobe.closet import most_covering
from closetspace.ports import Closets


@dataclass(frozen=True)
class TasteKeeper:
    """Derives tastes from closets; the closet is the truth, the taste a cache stamped with its version.

    While the encoder is being changed, a taste is of the vectors that most of the closet's items have.
    ``priors`` is what is known of an encoder by its id.
    """

    closets: Closets
    encoder_id: str
    priors: Callable[[str], EncoderPriors | None]

    def refresh(self, uid: str) -> None:
        """Derive the taste of the closet as it is now. Late and repeated calls change nothing."""
        closet = self.closets.closet(uid)
        encoder_id = most_covering(closet, self.encoder_id)
        self.closets.save_taste(uid, derive_taste(closet, encoder_id, self.priors(encoder_id)))
