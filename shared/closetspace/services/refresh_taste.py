"""Derive and store a person's taste when their closet changes."""

from collections.abc import Callable
from dataclasses import dataclass

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.taste.taste import derive_taste
from closetspace.ports import Closets


@dataclass(frozen=True)
class TasteKeeper:
    """Derives tastes from closets. A taste is a cache, stamped with the version of the closet that it derives from.

    During a migration, a taste is derived from the vectors of the encoder that covers most of the closet's items.
    ``priors`` returns the priors of an encoder by its id.
    """

    closets: Closets
    encoder_id: str
    priors: Callable[[str], EncoderPriors | None]

    def refresh(self, uid: str) -> None:
        """Derive the taste of the current closet. Late and repeated calls change nothing."""
        closet = self.closets.closet(uid)
        encoder_id = closet.main_encoder(self.encoder_id)
        self.closets.save_taste(uid, derive_taste(closet, encoder_id, self.priors(encoder_id)))
