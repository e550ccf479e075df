"""The list of personal data: complete, and the same in the documentation."""

import re
from pathlib import Path

import pytest

from closetspace.domain.person.data_export import SUFFIX
from closetspace.domain.person.personal_data import (
    COLLECTIONS,
    EXPORT_FILES,
    MARKS,
    OBJECTS,
    PHOTOS,
    Access,
    PersonalObjects,
    export_folder,
    object_folder,
    render_table,
    wardrobe_folder,
)
from closetspace.domain.wardrobe.photo import photo_folder
from closetspace.settings import Settings
from tests.support.paths import REPOSITORY

ADAPTERS = REPOSITORY / "shared" / "closetspace" / "adapters" / "firestore"

NOT_PERSONAL = {"bookmarks"}
"""Collections of the adapters that hold nothing of any person."""

RULE = re.compile(r"match /(?!databases|b/)(\S+) \{")
CONSTANT = re.compile(r"^([A-Z_]+(?:, [A-Z_]+)*) = (\"[a-z_]+\"(?:, \"[a-z_]+\")*)$", re.MULTILINE)


def constants(path: Path) -> set[str]:
    """Return the texts of a module's constants."""
    return {text.strip('"') for _, texts in CONSTANT.findall(path.read_text()) for text in texts.split(", ")}


def shape(path: str) -> str:
    return re.sub(r"\{\w+\}", "{}", path)


def test_every_collection_of_the_adapters_is_in_the_list() -> None:
    named = set.union(*(constants(path) for path in ADAPTERS.glob("*.py")))
    listed = {name for c in COLLECTIONS for name in c.path.split("/")[::2]}
    # The name of the items' collection is a setting, that of shards is not a constant.
    assert named - NOT_PERSONAL == listed - {Settings().wardrobe_collection, "shards"}


def test_every_rule_of_people_is_in_the_list() -> None:
    rules = [*(REPOSITORY / "infra").glob("*.rules")]
    matches = [path for file in rules for path in RULE.findall(file.read_text())]
    matched = {shape(path) for path in matches if "{uid}" in path or "{itemId}" in path}
    listed = {shape(e.path) for e in (*COLLECTIONS, *OBJECTS) if e.access is not Access.NONE}
    assert matched == listed


def test_item_documents_are_in_the_collection_of_the_settings() -> None:
    assert COLLECTIONS[0].parent == Settings().wardrobe_collection


def test_guide_restores_every_collection_but_the_marks() -> None:
    """Bookmarks, too: by them the sweeper knows that the database was restored."""
    guide = (REPOSITORY / "docs" / "operating.md").read_text()
    (restored,) = re.findall(r"--collection-ids=(\S+)", guide)
    personal = {c.path.split("/")[-2] for c in COLLECTIONS if c is not MARKS}
    assert set(restored.split(",")) == personal | NOT_PERSONAL


def test_deletion_begins_with_items_and_states_and_keeps_the_mark_to_the_end() -> None:
    assert [c.parent for c in COLLECTIONS][:4] == ["wardrobe", "item_state", "closets/{uid}/shards", "closets"]
    assert COLLECTIONS[-1] is MARKS


@pytest.mark.parametrize("entry", OBJECTS, ids=lambda entry: entry.path)
def test_every_object_is_in_the_folder_that_a_deletion_empties(entry: PersonalObjects) -> None:
    assert entry.path.startswith(object_folder("{uid}"))


def test_folders_are_those_of_the_list() -> None:
    assert photo_folder("{uid}", "{itemId}") + "{file}" == PHOTOS.path
    assert export_folder("{uid}") + "{file}" == EXPORT_FILES.path
    assert photo_folder("ann", "shirt").startswith(wardrobe_folder("ann"))


def test_documentation_has_the_list_as_it_is() -> None:
    text = (REPOSITORY / "docs" / "privacy.md").read_text()
    assert render_table([*COLLECTIONS, *OBJECTS]) in text


def test_lifecycle_of_the_bucket_deletes_exports_as_the_settings_say() -> None:
    terraform = (REPOSITORY / "infra" / "terraform" / "buckets.tf").read_text()
    conditions = rf'matches_prefix = \["users/"\]\n +matches_suffix = \["{re.escape(SUFFIX)}"\]'
    rule = re.search(rf"age += (\d+)\n +{conditions}", terraform)
    assert rule
    assert int(rule[1]) == Settings().export_days
