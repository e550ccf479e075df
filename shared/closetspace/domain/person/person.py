"""A person as recommendations see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from closetspace.domain.person.opinions import Opinion
from closetspace.domain.person.preferences import Preferences
from closetspace.domain.person.shown import Shown
from closetspace.domain.taste.taste import Taste
from closetspace.domain.wardrobe.closet import Closet


@dataclass(frozen=True)
class Person:
    """All that is known of a person, as of one read. ``taste`` is the last that was kept; opinions are by item id."""

    closet: Closet
    taste: Taste | None = None
    opinions: Mapping[str, Opinion] = field(default_factory=dict)
    shown: Shown = field(default_factory=Shown)
    preferences: Preferences = field(default_factory=Preferences)
