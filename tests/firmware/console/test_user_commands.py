"""Users on the console: what each role may do, whose sessions end, and that every declared example works."""

from pathlib import Path
from typing import Any

import pytest

from firmware.accounts import commands as account_commands
from firmware.accounts.login import Authenticated
from firmware.console import audit_commands, return_codes, session_commands
from firmware.console.declaration import Command, Role
from tests.firmware.accounts.plant import ADMIN_PASSWORD, BOB_PASSWORD, BY_ADMIN, NETWORK, SERIAL, WRONG, run
from tests.firmware.console.plant import console

COMMANDS: list[Command[Any]] = [
    *account_commands.COMMANDS,
    *session_commands.COMMANDS,
    *audit_commands.COMMANDS,
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_examples_succeed_and_the_others_are_refused_as_declared(tmp_path: Path, command: Command[Any]) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        box.log_in("bob", Role.OPERATOR, NETWORK)
        if command.name == "ADD USER":
            box.accounts.remove("bob", BY_ADMIN)
        assert (await box.type(admin, command.refused)).code == command.refused_code
        assert (await box.type(admin, command.example)).code == return_codes.OK

    run(scenario())


def test_users_are_listed_with_their_locks_and_sessions(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        for _ in range(3):
            await box.accounts.authenticate("bob", WRONG, NETWORK)
        shown = await box.shown(admin, "LST USER;")
        assert "admin  administrator  set            no           1" in shown
        assert "bob    operator       to be changed  network 5 s  0" in shown
        assert "(Number of results = 2)" in shown
        assert "argon2" not in shown
        await box.type(admin, "UBL USER:USER=bob;")
        assert "network" not in await box.shown(admin, "LST USER:USER=BOB;")

    run(scenario())


@pytest.mark.parametrize("role", [Role.GUEST, Role.OPERATOR])
def test_only_administrators_administer(tmp_path: Path, role: Role) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        bob = box.log_in("bob", role, NETWORK)
        for command in account_commands.COMMANDS:
            if command.name != "SET PWD":
                assert (await box.type(bob, command.example)).code == return_codes.NOT_PERMITTED
        line = f'SET PWD:USER=admin,OWN="{BOB_PASSWORD}",NEW="stolen crown",AGAIN="stolen crown";'
        assert (await box.type(bob, line)).code == return_codes.NOT_PERMITTED
        assert isinstance(await box.accounts.authenticate("admin", ADMIN_PASSWORD, SERIAL), Authenticated)

    run(scenario())


def test_a_guest_sets_his_own_password(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        bob = box.log_in("bob", Role.GUEST, NETWORK)
        line = 'SET PWD:OWN="{}",NEW="a new one",AGAIN="a new one";'
        assert (await box.type(bob, line.format(WRONG))).code == return_codes.NOT_PERMITTED
        assert (await box.type(bob, line.format(BOB_PASSWORD))).code == return_codes.OK
        answer = await box.accounts.authenticate("bob", "a new one", NETWORK)
        assert answer == Authenticated("bob", Role.OPERATOR, must_change=False)
        twice = 'SET PWD:OWN="a new one",NEW="another one",AGAIN="anothr one";'
        assert (await box.type(bob, twice)).code == return_codes.BAD_VALUE
        assert box.ended == {}

    run(scenario())


def test_an_administrator_sets_anothers_password_with_his_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        box.log_in("bob", Role.OPERATOR, NETWORK)
        line = 'SET PWD:USER=Bob,OWN="{}",NEW="a new one",AGAIN="a new one",FORCE=YES;'
        assert (await box.type(admin, line.format(WRONG))).code == return_codes.NOT_PERMITTED
        assert (await box.type(admin, line.format(ADMIN_PASSWORD))).code == return_codes.OK
        assert box.ended == {2: "admin set the password of bob"}
        answer = await box.accounts.authenticate("bob", "a new one", NETWORK)
        assert answer == Authenticated("bob", Role.OPERATOR, must_change=True)

    run(scenario())


@pytest.mark.parametrize("line", ["RMV USER:USER=bob{};", "MOD USER:USER=Bob,ROLE=GUEST{};"])
def test_a_users_sessions_end_when_that_was_confirmed(tmp_path: Path, line: str) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        box.log_in("bob", Role.OPERATOR, NETWORK)
        shown = await box.shown(admin, line.format(""))
        assert f"session 2 of bob on {NETWORK}" in shown
        assert box.ended == {}
        assert (await box.type(admin, line.format(",FORCE=YES"))).code == return_codes.OK
        assert list(box.ended) == [2]
        assert len(box.sessions.all()) == 1

    run(scenario())


def test_the_last_administrator_stays(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        for line in ("RMV USER:USER=admin,FORCE=YES;", "MOD USER:USER=admin,ROLE=GUEST,FORCE=YES;"):
            assert (await box.type(admin, line)).code == return_codes.WRONG_STATE
        assert box.ended == {}

    run(scenario())


def test_a_full_disk_is_said_and_nothing_changes(tmp_path: Path) -> None:
    async def scenario() -> None:
        box = await console(tmp_path)
        admin = box.log_in("admin", Role.ADMINISTRATOR, SERIAL)
        box.store.full = True
        answer = await box.type(admin, "RMV USER:USER=bob;")
        assert (answer.code, answer.text) == (
            return_codes.STORE_FAILED,
            "the users were not kept: the disk is full",
        )
        assert box.accounts.find("bob")

    run(scenario())
