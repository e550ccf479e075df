"""The commands ``closetspace account``: what they refuse before they reach anything."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from catalog_jobs.cli.account_repair import confirm, make_repairer
from catalog_jobs.cli.account_services import check_project
from catalog_jobs.cli.app import app
from closetspace.adapters.cloud_logging import hash_uid
from closetspace.adapters.memory import MemoryItemDocuments
from closetspace.bootstrap import Services
from closetspace.domain.person.repair import ItemAction, ItemRepair, RepairPlan
from closetspace.errors import FailedPrecondition
from closetspace.settings import Settings
from tests.support.fakes import decode_anything, shrink_anything
from tests.support.leaving import LeavingWorld


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["account", *arguments])


@pytest.mark.parametrize("uid", ["", "a/b", "..", "x" * 129])
def test_uid_that_no_account_can_have_is_refused(tmp_path: Path, uid: str) -> None:
    for command in (["delete", uid, "--yes"], ["export", uid, "--output", str(tmp_path / "data.zip")]):
        result = run(*command)
        assert result.exit_code == 1
        assert "is not a uid" in result.stderr
    assert not list(tmp_path.iterdir())


def test_missing_bucket_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PHOTO_BUCKET", "FIREBASE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    result = run("delete", "ann", "--yes")
    assert result.exit_code == 1
    assert "PHOTO_BUCKET" in result.stderr


def test_export_into_a_missing_folder_is_refused(tmp_path: Path) -> None:
    result = run("export", "ann", "--output", str(tmp_path / "none" / "data.zip"))
    assert result.exit_code == 1
    assert "existing folder" in result.stderr


def test_logs_of_a_person_are_found_by_their_hash() -> None:
    result = CliRunner().invoke(app, ["account", "logs", "Xy3personKq", "--project", "demo-project"])
    assert result.exit_code == 0
    assert hash_uid("demo-project", "Xy3personKq") in result.output
    assert "Xy3personKq" not in result.output


def test_repair_refuses_a_time_to_come_before_it_reads_anything() -> None:
    result = CliRunner().invoke(app, ["account", "repair", "--restored-to", "2999-01-01T00:00:00Z"])
    assert result.exit_code == 1
    assert "still to come" in result.output


def test_repair_refuses_what_is_no_time() -> None:
    assert CliRunner().invoke(app, ["account", "repair", "--restored-to", "yesterday"]).exit_code == 2


def test_data_of_a_project_is_not_mixed_with_local_data() -> None:
    with pytest.raises(FailedPrecondition, match="STORAGE_EMULATOR_HOST, FIREBASE_AUTH_EMULATOR_HOST"):
        check_project({"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1", "GOOGLE_CLOUD_PROJECT": "demo-project"})


def test_project_has_to_be_named() -> None:
    with pytest.raises(FailedPrecondition, match="GOOGLE_CLOUD_PROJECT"):
        check_project({})


@pytest.mark.parametrize(
    ("gone", "lost", "deletes_items", "answer", "goes_on"),
    [
        (1, 0, False, "n", False),
        (0, 1, True, "n", False),
        (0, 1, True, "y", True),
        (0, 1, False, "", True),
        (0, 0, True, "", True),
    ],
)
def test_repair_asks_before_it_deletes_people_or_items(
    monkeypatch: pytest.MonkeyPatch, gone: int, lost: int, deletes_items: bool, answer: str, goes_on: bool
) -> None:
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "demo-project")
    repairs = [ItemRepair("ann", "a", ItemAction.DELETE)] * lost
    plan = RepairPlan(frozenset({"ann", "bob"}), frozenset(["bob"][:gone]), 9, 0, 0, repairs)
    with CliRunner().isolation(input=answer), nullcontext() if goes_on else pytest.raises(typer.Exit):
        confirm(plan, "demo-photos", deletes_items=deletes_items, yes=False)


def test_repair_embeds_whatever_its_people_have_used_of_their_quota() -> None:
    world = LeavingWorld(settings=replace(Settings(), max_embeddings_per_day=1))
    services = Services(
        world.settings,
        wardrobe=world.database,
        usage=world.database,
        bookmarks=world.database,
        closets=world.database,
        accounts=world.accounts,
        users=world.users,
        personal_documents=world.documents,
        item_documents=MemoryItemDocuments(world.database),
        photos=world.photos,
        fetcher=world.web,
        decode=decode_anything,
        make_thumbnails=shrink_anything,
        encoder=world.encoder,
    )
    repairer = make_repairer(services, rate=50)
    for item_id in ("first", "second", "third"):
        world.upload(item_id)
        world.write_item(item_id)
        repairer.reconcile(item_id)
    assert [world.status(item_id) for item_id in ("first", "second", "third")] == ["ready"] * 3
    assert not world.database.embeddings
