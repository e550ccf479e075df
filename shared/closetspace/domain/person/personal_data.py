"""Where a person's data is: every collection of documents and every path of objects.

This is the only list. The deletion of an account, the export of its data, the tests of the Security Rules and
docs/privacy.md are driven by it. Tests fail if code, rules or a used database have anything of a person elsewhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Access(StrEnum):
    """What a person may do with their own data directly. Nobody else may do anything."""

    WRITE = "read, write"
    READ = "read"
    NONE = "nothing"


@dataclass(frozen=True)
class PersonalCollection:
    """Documents of a person. ``{uid}`` in ``path`` is the person's; without it, they have the uid in a field ``uid``.

    ``holds`` says what is in them, ``exported_as`` which file of an export tells it; empty if none does.
    """

    path: str
    holds: str
    access: Access
    exported_as: str = ""

    @property
    def parent(self) -> str:
        """The path of the collection."""
        return self.path.rpartition("/")[0]

    @property
    def is_one_document(self) -> bool:
        """Whether a person has at most one document, which has their uid as its id."""
        return self.path.endswith("/{uid}")

    @property
    def is_owned_by_field(self) -> bool:
        """Whether the documents are found by their field ``uid``."""
        return "{uid}" not in self.path


@dataclass(frozen=True)
class PersonalObjects:
    """Objects of a person in Cloud Storage, as `PersonalCollection`."""

    path: str
    holds: str
    access: Access
    exported_as: str = ""


WARDROBE = PersonalCollection(
    "wardrobe/{itemId}", "The items, as the person and the frontend wrote them.", Access.WRITE, "items.json"
)
STATES = PersonalCollection(
    "item_state/{itemId}", "What became of each item: its status, category and colours.", Access.READ, "states.json"
)
CLOSET_SHARDS = PersonalCollection(
    "closets/{uid}/shards/{number}", "More of a closet that is larger than a document.", Access.NONE, "inferred.json"
)
CLOSETS = PersonalCollection(
    "closets/{uid}", "What an encoder sees in each photo: vector, category, attributes.", Access.NONE, "inferred.json"
)
TASTE = PersonalCollection(
    "taste/{uid}", "The summary of the closet: mix, colours, usage, gender.", Access.NONE, "inferred.json"
)
FEEDBACK = PersonalCollection(
    "feedback/{uid}", "The person's opinions of recommended items.", Access.NONE, "feedback.json"
)
SHOWN = PersonalCollection("shown/{uid}", "Short keys of the items shown lately.", Access.NONE, "shown.json")
PREFERENCES = PersonalCollection(
    "preferences/{uid}", "What the person has set for all lists.", Access.WRITE, "preferences.json"
)
USAGE = PersonalCollection("usage/{uid}", "How much was embedded for the person today.", Access.NONE, "usage.json")
EXPORTS = PersonalCollection("exports/{uid}", "The last export: its status, path and time of expiry.", Access.READ)
MARKS = PersonalCollection(
    "account_deletions/{uid}", "The mark of an account that is being deleted, until 48 hours after.", Access.NONE
)

PHOTOS = PersonalObjects(
    "users/{uid}/wardrobe/{itemId}/{file}", "The photos of the items.", Access.WRITE, "photos/{itemId}/{file}"
)
THUMBNAILS = PersonalObjects(
    "users/{uid}/wardrobe/{itemId}/thumbs/{file}", "Small pictures of the photos.", Access.READ
)
EXPORT_FILES = PersonalObjects("users/{uid}/exports/{file}", "The files of the last export.", Access.READ)

COLLECTIONS = (
    WARDROBE,
    STATES,
    CLOSET_SHARDS,
    CLOSETS,
    TASTE,
    FEEDBACK,
    SHOWN,
    PREFERENCES,
    USAGE,
    EXPORTS,
    MARKS,
)
"""In the order of deletion: a state can't come back without its item, and a closet not without a state."""

OBJECTS = (PHOTOS, THUMBNAILS, EXPORT_FILES)


def object_folder(uid: str) -> str:
    """Return the folder in Cloud Storage that has all objects of a person, and nothing else."""
    return f"users/{uid}/"


def wardrobe_folder(uid: str) -> str:
    """Return the folder of a person's photos."""
    return f"{object_folder(uid)}wardrobe/"


def export_folder(uid: str) -> str:
    """Return the folder of a person's exports."""
    return f"{object_folder(uid)}exports/"


def render_table(entries: Iterable[PersonalCollection | PersonalObjects]) -> str:
    """Return the list as a table in Markdown."""
    rows = [f"| `{e.path}` | {e.holds} | {e.access} | {_code(e.exported_as)} |" for e in entries]
    return "\n".join(["| where | what | the person may | in an export |", "|---|---|---|---|", *rows])


def _code(text: str) -> str:
    return f"`{text}`" if text else "no"
