"""The in-memory twins and the directory store against the contract of their ports."""

from collections.abc import Callable
from pathlib import Path

import pytest

from closetspace.adapters.memory import (
    MemoryAccounts,
    MemoryDatabase,
    MemoryExports,
    MemoryObjects,
    MemoryPersonalDocuments,
    MemoryUsers,
)
from closetspace.adapters.storage.directory import DirectoryObjects
from closetspace.errors import InvalidInput
from closetspace.ports import Accounts, StreamedObjectStore
from tests.support.ports_contract import (
    AccountsContract,
    Database,
    DatabaseContract,
    Leaving,
    LeavingContract,
    StreamedObjectStoreContract,
    UsersContract,
)


class TestMemoryDatabase(DatabaseContract):
    @pytest.fixture
    def database(self) -> Database:
        return memory_database(MemoryDatabase())


class TestMemoryAccounts(AccountsContract):
    @pytest.fixture
    def accounts(self) -> Accounts:
        return MemoryAccounts()


class TestMemoryUsers(UsersContract):
    @pytest.fixture
    def users(self) -> MemoryUsers:
        return MemoryUsers()

    @pytest.fixture
    def sign_up(self, users: MemoryUsers) -> Callable[[], str]:
        def sign_up() -> str:
            uid = f"person-{len(users.uids)}"
            users.uids.add(uid)
            return uid

        return sign_up


class TestMemoryLeaving(LeavingContract):
    @pytest.fixture
    def leaving(self) -> Leaving:
        memory, exports = MemoryDatabase(), MemoryExports()
        return Leaving(memory_database(memory), MemoryPersonalDocuments(memory, exports), exports)


class TestMemoryObjects(StreamedObjectStoreContract):
    @pytest.fixture
    def store(self) -> StreamedObjectStore:
        return MemoryObjects()


class TestDirectoryObjects(StreamedObjectStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> StreamedObjectStore:
        return DirectoryObjects(tmp_path / "store")


def memory_database(memory: MemoryDatabase) -> Database:
    items, preferences = memory.documents, memory.preferences
    clients = (items.__setitem__, items.__delitem__, preferences.__setitem__)
    return Database(memory, memory, memory, memory, memory, memory.accounts, *clients, memory.opinions.__setitem__)


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
