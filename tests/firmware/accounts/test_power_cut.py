"""The power is cut at every storage operation of what the accounts do: always the users before or those after."""

from collections.abc import Awaitable, Callable

import pytest

from drivers.stores.revision_store import RevisionStore
from drivers.stores.storage import Storage
from firmware.accounts.accounts import Accounts
from firmware.accounts.hashing import Hasher, run_at_once
from firmware.console.declaration import Role
from firmware.runtime import WallClock
from tests.drivers.power_cut_cases import THIS_START, Case
from tests.drivers.power_cuts import PowerCuts
from tests.drivers.test_power_cut import POINTS
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

Act = Callable[[Accounts], Awaitable[object]]
Found = tuple[tuple[str, str, bool, int], ...]  # name, role, must_change, failures of the lock


def accounts_on(storage: Storage) -> Accounts:
    told = Told()
    store = RevisionStore.open(storage, THIS_START)
    accounts = Accounts(store, Hasher(run_at_once, CHEAP), WallClock(EPOCH), told, told, owner_uid=0)
    assert "ACCOUNTS_DAMAGED" not in told.standing  # a power cut is no damage
    return accounts


def doing(*acts: Act) -> Callable[[Storage], object]:
    async def scenario(storage: Storage) -> None:
        accounts = accounts_on(storage)
        for act in acts:
            await act(accounts)
        accounts.close()

    return lambda storage: run(scenario(storage))


def view(storage: Storage) -> Found:
    async def scenario() -> Found:
        users = accounts_on(storage).users()
        return tuple(
            (
                user.name,
                user.role,
                user.must_change,
                max((lock.failures for lock in user.locks.values()), default=0),
            )
            for user in users
        )

    return run(scenario())


async def first(accounts: Accounts) -> None:
    await accounts.set_first_password(ADMIN_PASSWORD, SERIAL)


async def add_bob(accounts: Accounts) -> None:
    await accounts.add("bob", Role.OPERATOR, BOB_PASSWORD, BY_ADMIN)


async def demote_bob(accounts: Accounts) -> None:
    accounts.modify("bob", Role.GUEST, BY_ADMIN)


async def remove_bob(accounts: Accounts) -> None:
    accounts.remove("bob", BY_ADMIN)


async def lock_bob(accounts: Accounts) -> None:
    for _ in range(3):
        await accounts.authenticate("bob", WRONG, NETWORK)


async def bob_changes(accounts: Accounts) -> None:
    await accounts.change_own_password("bob", BOB_PASSWORD, "quite another one", NETWORK)


def extend(storage: Storage) -> Found:
    """Whatever was found, there is an administrator afterwards, and dora."""

    async def add_dora(accounts: Accounts) -> None:
        if accounts.factory:
            await first(accounts)
        await accounts.add("dora", Role.GUEST, "good enough", BY_ADMIN)

    doing(add_dora)(storage)
    return view(storage)


ADMIN = ("admin", "administrator", False, 0)
BOB = ("bob", "operator", True, 0)

CASES = [
    Case("first password", doing(), doing(first), view, (), (ADMIN,), extend),
    Case("add a user", doing(first), doing(add_bob), view, (ADMIN,), (ADMIN, BOB), extend),
    Case(
        "another role",
        doing(first, add_bob),
        doing(demote_bob),
        view,
        (ADMIN, BOB),
        (ADMIN, ("bob", "guest", True, 0)),
        extend,
    ),
    Case("remove a user", doing(first, add_bob), doing(remove_bob), view, (ADMIN, BOB), (ADMIN,), extend),
    Case(
        "own password",
        doing(first, add_bob),
        doing(bob_changes),
        view,
        (ADMIN, BOB),
        (ADMIN, ("bob", "operator", False, 0)),
        extend,
    ),
    Case(
        "a lock begins",
        doing(first, add_bob),
        doing(lock_bob),
        view,
        (ADMIN, BOB),
        (ADMIN, ("bob", "operator", True, 3)),
        extend,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_users_before_or_those_after(case: Case, record_property: Callable[[str, object], None]) -> None:
    cuts = PowerCuts(case)
    cuts.explore()
    record_property(POINTS, len(cuts.points))
