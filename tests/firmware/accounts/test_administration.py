"""Adding, changing and removing users: rules, sessions that end, and a disk that does not take it."""

from collections.abc import Awaitable, Callable

import pytest

from drivers.stores.storage import StoreError
from firmware.accounts import errors
from firmware.accounts.accounts import Accounts
from firmware.accounts.keeping import Author
from firmware.accounts.login import Authenticated, Denied
from firmware.console.declaration import Role
from tests.firmware.accounts.plant import (
    ADMIN_PASSWORD,
    BOB_PASSWORD,
    BY_ADMIN,
    NETWORK,
    SERIAL,
    WRONG,
    BoxSessions,
    Plant,
    pass_s,
    run,
)


def test_every_change_is_a_revision_that_says_who_when_where_and_why() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        accounts.modify("BOB", Role.GUEST, BY_ADMIN)
        await accounts.set_password("bob", "new password", BY_ADMIN)
        await accounts.change_own_password("bob", "new password", "newer password", NETWORK)
        accounts.remove("bob", Author("carol", "tcp 192.0.2.1:7"))
        at = "2026-11-25T00:00:00.000Z"
        assert plant.store.reasons == [
            f"{at} admin on serial /dev/ttyS0: first password",
            f"{at} admin on serial /dev/ttyS0: add user bob",
            f"{at} admin on serial /dev/ttyS0: role of bob",
            f"{at} admin on serial /dev/ttyS0: password of bob",
            f"{at} bob on tcp 192.0.2.7:40001: own password",
            f"{at} carol on tcp 192.0.2.1:7: remove bob",
        ]

    run(scenario())


def test_changes_are_there_after_a_restart() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        accounts.modify("bob", Role.ADMINISTRATOR, BY_ADMIN)
        accounts.remove("admin", BY_ADMIN)
        again = plant.start()
        assert [(user.name, user.rank) for user in again.users()] == [("bob", Role.ADMINISTRATOR)]
        assert isinstance(await again.authenticate("bob", BOB_PASSWORD, NETWORK), Authenticated)
        assert isinstance(await again.authenticate("admin", ADMIN_PASSWORD, SERIAL), Denied)

    run(scenario())


def test_the_last_administrator_stays() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        before = list(plant.store.revisions)
        with pytest.raises(errors.LastAdministratorError):
            accounts.remove("admin", BY_ADMIN)
        for role in (Role.GUEST, Role.OPERATOR):
            with pytest.raises(errors.LastAdministratorError):
                accounts.modify("admin", role, BY_ADMIN)
        assert plant.store.revisions == before
        assert accounts.find("admin").rank is Role.ADMINISTRATOR

    run(scenario())


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("BOB", errors.UserExistsError),
        ("", errors.NameRefusedError),
        ("a b", errors.NameRefusedError),
        ("x" * 33, errors.NameRefusedError),
        ("ada\n", errors.NameRefusedError),
        ("\x1b[2J", errors.NameRefusedError),
        ("Zoë", errors.NameRefusedError),
        ("../ada", errors.NameRefusedError),
    ],
)
def test_names_that_are_refused(name: str, refused: type[Exception]) -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        with pytest.raises(refused):
            await accounts.add(name, Role.GUEST, "good enough", BY_ADMIN)
        assert len(plant.store.revisions) == 2

    run(scenario())


def test_sixty_four_users_and_no_more() -> None:
    async def scenario() -> None:
        accounts = await Plant().commissioned()
        for number in range(62):
            await accounts.add(f"user{number}", Role.GUEST, "good enough", BY_ADMIN)
        with pytest.raises(errors.TooManyUsersError):
            await accounts.add("onemore", Role.GUEST, "good enough", BY_ADMIN)
        assert len(accounts.users()) == 64

    run(scenario())


async def _modify(accounts: Accounts) -> None:
    accounts.modify("bob", Role.GUEST, BY_ADMIN)


async def _remove(accounts: Accounts) -> None:
    accounts.remove("bob", BY_ADMIN)


async def _set_password(accounts: Accounts) -> None:
    await accounts.set_password("bob", "new password", BY_ADMIN)


Change = Callable[[Accounts], Awaitable[None]]


@pytest.mark.parametrize("change", [_modify, _remove, _set_password])
def test_a_users_sessions_end_on_every_box_with_what_he_logged_in_with(change: Change) -> None:
    async def scenario() -> None:
        accounts = await Plant().commissioned()
        first, second, another = BoxSessions("bob"), BoxSessions("bob"), BoxSessions("admin")
        for sessions in (first, second, another):
            accounts.attach(sessions)
        assert accounts.sessions_of(accounts.find("bob")) == ["session 1 of bob"] * 2
        await change(accounts)
        for ended in (first.ended, second.ended):
            assert len(ended) == 1
            assert ended[0].startswith("admin ")
        assert another.ended == []

    run(scenario())


@pytest.mark.parametrize("change", [_modify, _remove, _set_password])
def test_a_disk_that_does_not_take_a_change_leaves_everything(change: Change) -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        sessions = BoxSessions("bob")
        accounts.attach(sessions)
        bob = accounts.find("bob")
        plant.store.full = True
        with pytest.raises(StoreError):
            await change(accounts)
        assert accounts.find("bob") is bob
        assert sessions.ended == []

    run(scenario())


def test_the_same_role_again_ends_no_session() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        sessions = BoxSessions("bob")
        accounts.attach(sessions)
        accounts.modify("bob", Role.OPERATOR, BY_ADMIN)
        assert sessions.ended == []
        assert len(plant.store.revisions) == 2

    run(scenario())


def test_an_administrators_new_password_lifts_the_lock() -> None:
    async def scenario() -> None:
        plant = Plant()
        accounts = await plant.commissioned()
        for _ in range(3):
            await accounts.authenticate("bob", WRONG, NETWORK)
        await pass_s(1)
        await accounts.set_password("bob", "new password", BY_ADMIN)
        assert accounts.locked(accounts.find("bob")) == {}
        accounts.close()
        again = plant.start()
        assert again.locked(again.find("bob")) == {}
        bob = Authenticated("bob", Role.OPERATOR, must_change=True)
        assert await again.authenticate("bob", "new password", NETWORK) == bob

    run(scenario())


def test_who_is_not_there_cannot_be_changed() -> None:
    async def scenario() -> None:
        accounts = await Plant().commissioned()
        with pytest.raises(errors.UnknownUserError):
            accounts.modify("nobody", Role.GUEST, BY_ADMIN)
        with pytest.raises(errors.UnknownUserError):
            accounts.remove("nobody", BY_ADMIN)
        with pytest.raises(errors.UnknownUserError):
            accounts.unlock("nobody", BY_ADMIN)
        with pytest.raises(errors.UnknownUserError):
            await accounts.set_password("nobody", "new password", BY_ADMIN)

    run(scenario())
