"""Accounts on the real store: they come back, and a flipped bit or a read-only disk opens nothing."""

from pathlib import Path

import pytest

from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import FolderStorage, StoreError
from firmware.accounts.accounts import Accounts
from firmware.accounts.hashing import Hasher, run_at_once
from firmware.accounts.login import Authenticated, Denied
from firmware.console.declaration import Role
from firmware.runtime import WallClock
from tests.firmware.accounts.plant import (
    ADMIN_PASSWORD,
    BOB_PASSWORD,
    BY_ADMIN,
    CHEAP,
    EPOCH,
    NETWORK,
    SERIAL,
    WRONG,
    Told,
    run,
)


def start(folder: Path, told: Told) -> Accounts:
    store = RevisionStore.open(FolderStorage(folder), Boot(bytes(16), 0))
    return Accounts(store, Hasher(run_at_once, CHEAP), WallClock(EPOCH), told, told, owner_uid=1000)


async def commission(folder: Path) -> None:
    accounts = start(folder, Told())
    await accounts.set_first_password(ADMIN_PASSWORD, SERIAL)
    await accounts.add("bob", Role.OPERATOR, BOB_PASSWORD, BY_ADMIN)
    for _ in range(3):
        await accounts.authenticate("bob", WRONG, NETWORK)
    accounts.close()


def test_users_and_their_locks_outlive_a_restart(tmp_path: Path) -> None:
    async def scenario() -> None:
        await commission(tmp_path)
        told = Told()
        accounts = start(tmp_path, told)
        assert told.standing == {}
        answer = await accounts.authenticate("bob", BOB_PASSWORD, NETWORK)
        assert isinstance(answer, Denied)
        assert 4.9 < answer.wait_s <= 5.0
        assert isinstance(await accounts.authenticate("bob", BOB_PASSWORD, SERIAL), Authenticated)

    run(scenario())


def test_a_bit_flipped_anywhere_opens_the_box_to_nobody_over_a_network(tmp_path: Path) -> None:
    async def scenario() -> None:
        await commission(tmp_path)
        for path in sorted(tmp_path.iterdir()):
            whole = path.read_bytes()
            for position in range(0, len(whole), max(1, len(whole) // 40)):
                path.write_bytes(
                    whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :]
                )
                told = Told()
                accounts = start(tmp_path, told)
                assert not accounts.admits_first_password(NETWORK)
                if accounts.factory:
                    assert "ACCOUNTS_DAMAGED" in told.standing
                    assert accounts.admits_first_password(SERIAL)
                else:
                    assert isinstance(await accounts.authenticate("admin", ADMIN_PASSWORD, SERIAL), Authenticated)
            path.write_bytes(whole)

    run(scenario())


@pytest.mark.parametrize("octets", [b"", b"\x00" * 200, b"no = 'revision'"])
def test_a_store_of_which_nothing_is_left_to_read_is_damaged_and_is_mended_at_the_machine(
    tmp_path: Path, octets: bytes
) -> None:
    async def scenario() -> None:
        await commission(tmp_path)
        for path in tmp_path.iterdir():
            path.write_bytes(octets)
        told = Told()
        accounts = start(tmp_path, told)
        assert accounts.factory
        assert "ACCOUNTS_DAMAGED" in told.standing
        await accounts.set_first_password(ADMIN_PASSWORD, SERIAL)
        again = start(tmp_path, Told())
        assert isinstance(await again.authenticate("admin", ADMIN_PASSWORD, NETWORK), Authenticated)

    run(scenario())


def test_a_store_that_takes_nothing_takes_no_first_password(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "accounts").write_bytes(b"a file where the folder should be")
        accounts = start(tmp_path / "accounts", Told())
        with pytest.raises(StoreError):
            await accounts.set_first_password(ADMIN_PASSWORD, SERIAL)
        assert accounts.factory

    run(scenario())
