"""Derive and store a person's taste when their closet changes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.taste.taste import derive_taste, is_taste_due
from closetspace.ports import Closets
from closetspace.services.turns import Turns

DERIVATIONS_AT_ONCE = 2
"""Derivations that an instance works on at once; it has one processor. One of 30,000 items takes 0.1 GB."""


@dataclass(frozen=True)
class TasteKeeper:
    """Derives tastes from closets. A taste is a cache, stamped with the version of the closet that it derives from.

    During a migration, a taste is derived from the vectors of the encoder that covers most of the closet's items.
    ``priors`` returns the priors of an encoder by its id.
    """

    closets: Closets
    encoder_id: str
    priors: Callable[[str], EncoderPriors | None]
    _turns: Turns = field(default_factory=lambda: Turns(DERIVATIONS_AT_ONCE), init=False, repr=False, compare=False)

    def refresh(self, uid: str, changed_to: int | None = None) -> None:
        """Derive the taste of the current closet, or delete it if there is no closet.

        ``changed_to`` is the version that the closet changed to. If the closet has changed again since, nothing is
        done, because another call follows (`is_taste_due`). Late and repeated calls change nothing.
        """
        if self._is_due(uid, changed_to):
            with self._turns.of(uid):
                # Another thread may have derived it meanwhile.
                if self._is_due(uid, changed_to):
                    self._derive(uid)

    def _is_due(self, uid: str, changed_to: int | None) -> bool:
        return is_taste_due(*self.closets.versions_of(uid), changed_to)

    def _derive(self, uid: str) -> None:
        closet = self.closets.closet(uid)
        if closet.version:
            encoder_id = closet.main_encoder(self.encoder_id)
            self.closets.save_taste(uid, derive_taste(closet, encoder_id, self.priors(encoder_id)))
        # Read again, because the account may have been deleted while the taste was derived.
        if not self.closets.versions_of(uid)[0]:
            self.closets.delete_taste(uid)
