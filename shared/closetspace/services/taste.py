"""Keep a person's taste vector at hand, derived from their closet."""

from dataclasses import dataclass

from closetspace.domain.closet import derive_taste, most_covering
from closetspace.ports import Closets


@dataclass(frozen=True)
class TasteKeeper:
    """Derives tastes from closets; the closet is the truth, the taste a cache stamped with its version.

    While the encoder is being changed, a taste is of the vectors that most of the closet's items have.
    """

    closets: Closets
    encoder_id: str

    def refresh(self, uid: str) -> None:
        """Derive the taste of the closet as it is now. Late and repeated calls change nothing."""
        closet = self.closets.closet(uid)
        self.closets.save_taste(uid, derive_taste(closet, most_covering(closet, self.encoder_id)))
