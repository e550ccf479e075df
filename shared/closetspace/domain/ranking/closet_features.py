"""A closet as ranking needs it: arrays, a taste, and the outfits of its items."""

from dataclasses import dataclass
from functools import cached_property

from closetspace.domain.encoder.priors import EncoderPriors
from closetspace.domain.index.index import Index
from closetspace.domain.person.person import Person
from closetspace.domain.ranking.outfits import Compatibility, OutfitCounter, compatibility
from closetspace.domain.ranking.traits import OwnedTraits
from closetspace.domain.taste.taste import Taste, derive_taste
from closetspace.domain.wardrobe.closet import ClosetArrays


@dataclass(frozen=True)
class ClosetFeatures:
    """The items of a closet that an encoder has embedded, the taste derived from them, and the encoder's priors."""

    closet: ClosetArrays
    taste: Taste
    priors: EncoderPriors

    @cached_property
    def compatibility(self) -> Compatibility:
        """The compatibility of garments by the encoder's labels."""
        return compatibility(tuple((head, tuple(labels)) for head, labels in self.priors.heads.items()))

    @cached_property
    def outfits(self) -> OutfitCounter:
        """The outfits of the owned items."""
        owned = self.compatibility.garments(self.closet.categories, self.closet.attributes)
        return OutfitCounter(owned, self.compatibility)

    @cached_property
    def traits(self) -> OwnedTraits:
        """The colours and usages of the owned items."""
        return OwnedTraits(self.closet, self.priors.heads)


def closet_features(person: Person, index: Index, priors: EncoderPriors | None) -> ClosetFeatures:
    """Derive the features of a person's closet for the index's encoder, from the cached taste if it is current."""
    closet, taste, encoder_id = person.closet, person.taste, index.encoder_id
    if taste is None or (taste.closet_version, taste.encoder) != (closet.version, encoder_id):
        taste = derive_taste(closet, encoder_id, priors)
    return ClosetFeatures(closet.arrays(encoder_id), taste, priors or EncoderPriors(index.heads))
