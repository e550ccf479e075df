"""The in-memory twins and the directory store against the contract of their ports."""

import fcntl
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from closetspace.adapters.memory import (
    MemoryAccounts,
    MemoryDatabase,
    MemoryExports,
    MemoryItemDocuments,
    MemoryObjects,
    MemoryPersonalDocuments,
    MemoryUsers,
)
from closetspace.adapters.storage.directory import LOCK, DirectoryObjects
from closetspace.errors import Conflict, InvalidInput
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
        return Leaving(
            memory_database(memory), MemoryPersonalDocuments(memory, exports), MemoryItemDocuments(memory), exports
        )


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


def test_directory_lets_others_write_while_an_object_is_filled(tmp_path: Path) -> None:
    class Source(type(tmp_path)):  # type: ignore[misc]
        def open(self, *args: Any, **kwargs: Any) -> Any:
            with (tmp_path / "store" / LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails if the store holds the lock
            return super().open(*args, **kwargs)

    (tmp_path / "source").write_bytes(b"data")
    store = DirectoryObjects(tmp_path / "store")
    store.write("folder/object", Source(tmp_path / "source"))
    assert store.read("folder/object") == b"data"


def test_directory_gives_a_later_generation_after_the_clock_went_back(tmp_path: Path) -> None:
    store = DirectoryObjects(tmp_path / "store")
    future = store.write("object", b"data").generation + 10**12
    os.utime(tmp_path / "store" / "object", ns=(future, future))
    generation = store.write("object", b"data").generation
    assert generation > future
    assert store.read("object", if_generation=generation) == b"data"


def test_directory_accepts_one_of_several_writers_at_once(tmp_path: Path) -> None:
    store = DirectoryObjects(tmp_path / "store")
    generation = store.write("object", b"data").generation

    def is_accepted(number: int) -> bool:
        try:
            store.write("object", b"%d" % number, if_generation=generation)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(is_accepted, range(8))) == 1
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == [LOCK, "object"]


def test_directory_lists_neither_partial_nor_deleted_files(tmp_path: Path) -> None:
    store = DirectoryObjects(tmp_path / "store")
    for number in range(3):
        store.write(f"folder/{number}", b"data")
    (tmp_path / "store" / "folder" / ".half-written").write_bytes(b"da")
    stats = store.list("folder/")
    assert next(stats).name == "folder/0"
    store.delete("folder/1")
    assert [stat.name for stat in stats] == ["folder/2"]
