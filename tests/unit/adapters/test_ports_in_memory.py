"""The in-memory twins and the directory store against the contract of their ports."""

from pathlib import Path

import pytest

from closetspace.adapters.memory import MemoryAccounts, MemoryDatabase, MemoryObjects
from closetspace.adapters.storage.directory import DirectoryObjects
from closetspace.errors import InvalidInput
from closetspace.ports import Accounts, ObjectStore
from tests.support.ports_contract import AccountsContract, Database, DatabaseContract, ObjectStoreContract


class TestMemoryDatabase(DatabaseContract):
    @pytest.fixture
    def database(self) -> Database:
        memory = MemoryDatabase()
        items, preferences = memory.documents, memory.preferences
        clients = (items.__setitem__, items.__delitem__, preferences.__setitem__)
        return Database(memory, memory, memory, *clients, memory.opinions.__setitem__)


class TestMemoryAccounts(AccountsContract):
    @pytest.fixture
    def accounts(self) -> Accounts:
        return MemoryAccounts()


class TestMemoryObjects(ObjectStoreContract):
    @pytest.fixture
    def store(self) -> ObjectStore:
        return MemoryObjects()


class TestDirectoryObjects(ObjectStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return DirectoryObjects(tmp_path / "store")


def test_directory_refuses_names_outside_of_it(tmp_path: Path) -> None:
    store = DirectoryObjects(tmp_path / "store")
    with pytest.raises(InvalidInput):
        store.write("../outside", b"x")
    assert not (tmp_path / "outside").exists()


def test_directory_lists_neither_partial_nor_deleted_files(tmp_path: Path) -> None:
    store = DirectoryObjects(tmp_path / "store")
    for number in range(3):
        store.write(f"folder/{number}", b"data")
    (tmp_path / "store" / "folder" / ".half-written").write_bytes(b"da")
    stats = store.list("folder/")
    assert next(stats).name == "folder/0"
    store.delete("folder/1")
    assert [stat.name for stat in stats] == ["folder/2"]
