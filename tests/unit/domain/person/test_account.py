"""Uids: those that an account can have."""

import pytest

from closetspace.domain.person.account import check_uid, is_uid
from closetspace.errors import InvalidInput


@pytest.mark.parametrize("uid", ["ann", "x" * 128, "a.b", "__ann", "ü 👕", "..."])
def test_uid_of_an_account_is_accepted(uid: str) -> None:
    assert check_uid(uid) == uid


@pytest.mark.parametrize("uid", ["", "x" * 129, "a/b", "/", ".", "..", "__ann__", "__\n__"])
def test_uid_that_no_account_can_have_is_refused(uid: str) -> None:
    assert not is_uid(uid)
    with pytest.raises(InvalidInput, match="is not a uid"):
        check_uid(uid)
