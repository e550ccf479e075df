"""A person, as one read of the database returns them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from closetspace.domain.person.opinions import Opinion
from closetspace.domain.person.preferences import Preferences
from closetspace.domain.person.shown import ShownLists
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet


@dataclass(frozen=True)
class Person:
    """Everything stored about a person. ``taste`` is the last saved one, ``opinions`` are by catalog item id.

    ``is_leaving`` says whether their account is being deleted.
    """

    closet: Closet
    taste: Taste | None = None
    opinions: Mapping[str, Opinion] = field(default_factory=dict)
    shown: ShownLists = field(default_factory=ShownLists)
    preferences: Preferences = field(default_factory=Preferences)
    is_leaving: bool = False
